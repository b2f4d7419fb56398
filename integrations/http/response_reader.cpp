#include "integrations/http/response_reader.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdint>
#include <utility>

namespace coreldove::integrations::http {

namespace beast = boost::beast;

namespace {
constexpr std::size_t parser_padding = 64;            // simdjson reads up to 64 bytes behind the end
constexpr std::size_t reserve_bytes_max = 64 * 1024;  // a declared length is a claim: larger bodies grow as they come
}  // namespace

/// Beast's grammar with our own storage: the fields go into one text instead of a list node each.
class response_reader::parser final : public beast::http::basic_parser<false> {
public:
  parser(std::size_t body_bytes_max, bool to_head) {
    header_limit(static_cast<std::uint32_t>(header_bytes_max));
    body_limit(body_bytes_max);
    eager(true);
    skip(to_head);
  }
  response answer;

private:
  using error_code = beast::error_code;
  using text = beast::string_view;

  void on_request_impl(beast::http::verb, text, text, int, error_code&) override {}
  void on_response_impl(int code, text, int, error_code&) override { answer.status = code; }
  void on_field_impl(beast::http::field, text name, text value, error_code&) override {
    if (!header_seen_) answer.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(error_code&) override { header_seen_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    answer.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length.value_or(4096), reserve_bytes_max)) + parser_padding);
  }
  std::size_t on_body_impl(text body, error_code&) override {
    answer.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text body, error_code&) override {
    answer.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  bool header_seen_ = false;
};

response_reader::response_reader(std::size_t body_bytes_max) : body_bytes_max_{body_bytes_max} { start(false); }
response_reader::~response_reader() = default;

void response_reader::start(bool to_head) {
  to_head_ = to_head;
  parser_ = std::make_unique<parser>(body_bytes_max_, to_head);
}

response_reader::progress response_reader::feed(std::string_view bytes) {
  progress out;
  while (out.used < bytes.size()) {
    beast::error_code ec;
    out.used += parser_->put(boost::asio::buffer(bytes.data() + out.used, bytes.size() - out.used), ec);
    if (ec == beast::http::error::need_more) return out;
    if (ec == beast::http::error::body_limit || ec == beast::http::error::header_limit) return {out.used, state::too_large};
    if (ec || parser_->answer.status == 101) return {out.used, state::malformed};
    if (!parser_->is_done()) continue;
    if (parser_->answer.status >= 200) return {out.used, state::complete};
    start(to_head_);  // an interim answer: the real one follows
  }
  return out;
}

response_reader::state response_reader::end_of_stream() {
  if (!parser_->got_some()) return state::malformed;
  beast::error_code ec;
  parser_->put_eof(ec);
  return !ec && parser_->is_done() && parser_->answer.status >= 200 ? state::complete : state::malformed;
}

response response_reader::take() {
  parser_->answer.kind = reach::answered;
  return std::move(parser_->answer);
}

bool response_reader::keep_alive() const { return parser_->keep_alive(); }

}  // namespace coreldove::integrations::http
