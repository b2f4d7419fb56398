#include "bench/response_reader.hpp"

#include <algorithm>
#include <charconv>

namespace coreldove::bench {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool same(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
}

bool parse_whole(std::string_view text, std::uint64_t& out, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

void response_reader::begin() {
  state_ = state::head;
  head_.clear();
  line_.clear();
  body_.clear();
  keep_alive_ = true;
  chunked_ = has_length_ = false;
  left_ = 0;
}

response_reader::progress response_reader::take(std::string_view& input) {
  if (state_ == state::complete) begin();
  while (state_ != state::complete && state_ != state::broken) {
    const bool advanced = state_ == state::head ? take_head(input) : take_body(input);
    if (!advanced) break;
  }
  if (state_ == state::broken) return progress::bad;
  return state_ == state::complete ? progress::done : progress::more;
}

response_reader::progress response_reader::close() {
  if (state_ == state::until_close) {
    keep_alive_ = false;
    state_ = state::complete;
    return progress::done;
  }
  return between() ? progress::more : progress::bad;
}

bool response_reader::take_head(std::string_view& input) {
  if (input.empty()) return false;
  const auto before = head_.size();
  head_.append(input);
  const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    input = {};
    if (head_.size() > longest_head) state_ = state::broken;
    return false;
  }
  input.remove_prefix(end + 4 - before);
  head_.resize(end);
  if (!read_head()) state_ = state::broken;
  return true;
}

bool response_reader::read_head() {
  std::string_view rest = head_;
  const auto line = rest.substr(0, rest.find("\r\n"));
  std::uint64_t status = 0;
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ' || !parse_whole(line.substr(9, 3), status, 10) || status < 100) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  status_ = static_cast<int>(status);
  keep_alive_ = line[7] != '0';
  rest.remove_prefix(std::min(line.size() + 2, rest.size()));
  while (!rest.empty()) {
    const auto field = rest.substr(0, rest.find("\r\n"));
    if (!read_field(field)) return false;
    rest.remove_prefix(std::min(field.size() + 2, rest.size()));
  }
  if (status_ < 200) {
    if (status_ == 101) return false;
    begin();
    return true;
  }
  if (status_ == 204 || status_ == 304)
    state_ = state::complete;
  else if (chunked_)
    state_ = state::chunk_size;
  else if (!has_length_)
    state_ = state::until_close;
  else if (left_ == 0)
    state_ = state::complete;
  else if (left_ > longest_body)
    return false;
  else
    state_ = state::sized;
  return true;
}

bool response_reader::read_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (same(name, "content-length")) {
    has_length_ = true;
    return parse_whole(value, left_, 10);
  }
  if (same(name, "transfer-encoding")) {
    chunked_ = same(value, "chunked");
    return chunked_;
  }
  if (same(name, "connection")) {
    if (same(value, "close")) keep_alive_ = false;
    if (same(value, "keep-alive")) keep_alive_ = true;
  }
  return true;
}

bool response_reader::take_body(std::string_view& input) {
  switch (state_) {
    case state::until_close:
      body_.append(input);
      input = {};
      if (body_.size() > longest_body) state_ = state::broken;
      return false;
    case state::sized:
    case state::chunk: {
      const auto part = std::min<std::uint64_t>(left_, input.size());
      body_.append(input.substr(0, part));
      input.remove_prefix(part);
      left_ -= part;
      if (left_ > 0) return false;
      state_ = state_ == state::sized ? state::complete : state::chunk_end;
      return true;
    }
    case state::chunk_end:
      if (!take_line(input)) return false;
      if (line_ != "\r")
        state_ = state::broken;
      else
        state_ = state::chunk_size;
      line_.clear();
      return true;
    case state::chunk_size:
      return take_chunk_size(input);
    case state::trailers:
      return take_trailers(input);
    case state::head:
    case state::complete:
    case state::broken:
      return false;
  }
  return false;
}

bool response_reader::take_chunk_size(std::string_view& input) {
  if (!take_line(input)) return false;
  const auto size = trimmed(std::string_view{line_}.substr(0, line_.find(';')));
  if (!parse_whole(size, left_, 16) || left_ > longest_body - body_.size())
    state_ = state::broken;
  else
    state_ = left_ == 0 ? state::trailers : state::chunk;
  line_.clear();
  return true;
}

bool response_reader::take_trailers(std::string_view& input) {
  if (!take_line(input)) return false;
  if (line_ == "\r") state_ = state::complete;
  line_.clear();
  return true;
}

bool response_reader::take_line(std::string_view& input) {
  const auto end = input.find('\n');
  line_.append(input.substr(0, end));
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  if (line_.size() > longest_head) {
    state_ = state::broken;
    return false;
  }
  return end != std::string_view::npos;
}

}  // namespace coreldove::bench
