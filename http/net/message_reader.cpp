#include "http/net/message_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace coreldove::http::net {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

constexpr std::size_t body_bytes_kept_max = 64 * 1024;
constexpr std::size_t reserved_up_front_max = 16 * 1024;  // a declared length is a promise, not a reason to take memory
constexpr std::size_t chunk_line_bytes_max = 1024;        // size, extension and the line end before

std::string_view plain(string_view s) { return {s.data(), s.size()}; }

/// What a callback of the parser found; the parser itself only carries an error code.
struct findings {
  std::optional<refusal> why;
  void refuse(const refusal& r, error_code& ec) {
    why = r;
    ec = beast_http::error::bad_field;
  }
};

}  // namespace

struct message_reader::parser {
  class one_request final : public beast_http::basic_parser<true> {
  public:
    explicit one_request(parser& owner) : owner_(owner) {
      eager(false);
      header_limit(1U << 20U);  // the connection has counted already
      body_limit(boost::none);  // counted here
    }

  private:
    void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(beast_http::field, string_view name, string_view value, error_code& ec) override {
      if (owner_.in_body)
        owner_.found.refuse({problems::malformed_request, "Trailers are not taken."}, ec);
      else
        owner_.fields->push_back({plain(name), plain(value)});
    }
    void on_header_impl(error_code&) override { owner_.in_body = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
      if (length && owner_.what == keep::body && !owner_.pass_on)
        owner_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, reserved_up_front_max)) + simdjson::SIMDJSON_PADDING);
    }
    std::size_t on_body_impl(string_view piece, error_code& ec) override { return owner_.take(plain(piece), ec); }
    void on_chunk_header_impl(std::uint64_t, string_view extension, error_code& ec) override {
      if (!chunk_extension_is_fine(plain(extension))) owner_.found.refuse({problems::malformed_request, "A chunk's extension is malformed or too long."}, ec);
    }
    std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code& ec) override { return owner_.take(plain(piece), ec); }
    void on_finish_impl(error_code&) override {}

    parser& owner_;
  };

  std::size_t take(std::string_view piece, error_code& ec) {
    received += piece.size();
    if (received > bytes_max) {
      found.refuse({problems::content_too_large, "The body is larger than this call takes."}, ec);
      return 0;
    }
    if (pass_on)
      pass_on(piece);
    else if (what == keep::body)
      body.append(piece);
    return piece.size();
  }

  std::optional<one_request> request;
  findings found;
  std::vector<header_field>* fields = nullptr;
  bool in_body = false;
  keep what = keep::body;
  std::uint64_t bytes_max = 0, received = 0;
  std::function<void(std::string_view)> pass_on;
  std::string body;
};

message_reader::message_reader() : parser_(std::make_unique<parser>()) {}
message_reader::~message_reader() = default;

std::optional<refusal> message_reader::start(std::string_view header, std::vector<header_field>& fields) {
  auto& p = *parser_;
  fields.clear();
  p.found.why.reset();
  p.fields = &fields;
  p.in_body = false;
  p.what = keep::body;
  p.bytes_max = p.received = 0;
  p.pass_on = nullptr;
  p.body.clear();
  p.request.emplace(p);
  error_code ec;
  const auto used = p.request->put(boost::asio::const_buffer(header.data(), header.size()), ec);
  if (p.found.why) return p.found.why;
  if (ec || used != header.size() || !p.request->is_header_done()) return refusal{problems::malformed_request, "The header is malformed."};
  return std::nullopt;
}

void message_reader::expect_body(keep what, std::uint64_t bytes_max, std::function<void(std::string_view)> pass_on) {
  parser_->what = what;
  parser_->bytes_max = bytes_max;
  parser_->pass_on = std::move(pass_on);
}

message_reader::progress message_reader::feed(std::string_view bytes) {
  auto& p = *parser_;
  progress out;
  while (!p.request->is_done() && out.consumed < bytes.size()) {
    error_code ec;
    out.consumed += p.request->put(boost::asio::const_buffer(bytes.data() + out.consumed, bytes.size() - out.consumed), ec);
    if (p.found.why) {
      out.state = state::refused;
      out.why = p.found.why;
      return out;
    }
    if (ec == beast_http::error::need_more) break;
    if (ec) {
      out.state = state::refused;
      out.why = refusal{problems::malformed_request, "The body's chunks are malformed."};
      return out;
    }
  }
  if (p.request->is_done())
    out.state = state::complete;
  else if (bytes.size() - out.consumed > chunk_line_bytes_max) {
    out.state = state::refused;
    out.why = refusal{problems::malformed_request, "A chunk's extension is malformed or too long."};
  }
  return out;
}

bool message_reader::complete() const { return parser_->request->is_done(); }
std::uint64_t message_reader::body_bytes() const { return parser_->received; }

std::string_view message_reader::body() {
  auto& b = parser_->body;
  if (b.capacity() < b.size() + simdjson::SIMDJSON_PADDING) b.reserve(b.size() + simdjson::SIMDJSON_PADDING);
  return b;
}

void message_reader::reset() {
  parser_->pass_on = nullptr;
  parser_->body.clear();
  if (parser_->body.capacity() > body_bytes_kept_max) parser_->body.shrink_to_fit();
}

}  // namespace coreldove::http::net
