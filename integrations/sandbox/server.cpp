#include "integrations/sandbox/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>
#include <optional>

#include "integrations/sandbox/listener.hpp"

namespace coreldove::integrations::world {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t input_bytes = 16 * 1024;  // a header (8 KiB at most) always fits; bodies are taken out as they come
constexpr std::size_t body_bytes_max = 4 << 20;

/// Copies a request's parts into one reused text; they are handed out as views once the request is whole.
class request_reader final : public http::basic_parser<true> {
public:
  explicit request_reader(std::string& text, std::string& body) : text_(text), body_(body) {
    text_.clear();
    body_.clear();
    eager(true);
    body_limit(body_bytes_max);
  }
  void hand_out(request& rq) const {
    const std::string_view all = text_;
    rq.method = all.substr(0, method_size_);
    const auto target = all.substr(method_size_, target_size_);
    const auto mark = target.find('?');
    rq.path = target.substr(0, mark);
    rq.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
    rq.body = body_;
    rq.headers.clear();
    for (std::size_t i = 0; i < fields_; ++i) {
      const auto& f = places_[i];
      rq.headers.emplace_back(all.substr(f.at, f.name), all.substr(f.at + f.name, f.value));
    }
  }
  bool expects_continue() const { return expects_continue_; }
  bool chunks_understood() const { return chunks_understood_; }

private:
  using text_view = boost::beast::string_view;
  void on_request_impl(http::verb, text_view method, text_view target, int version, error_code&) override {
    chunks_understood_ = version >= 11;
    text_.append(method.data(), method.size()).append(target.data(), target.size());
    method_size_ = method.size();
    target_size_ = target.size();
  }
  void on_response_impl(int, text_view, int, error_code&) override {}
  void on_field_impl(http::field name, text_view key, text_view value, error_code& ec) override {
    if (fields_ == places_.size()) {
      ec = http::error::header_limit;
      return;
    }
    if (name == http::field::expect) expects_continue_ = true;
    places_[fields_++] = {text_.size(), key.size(), value.size()};
    text_.append(key.data(), key.size()).append(value.data(), value.size());
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(text_view piece, error_code&) override {
    body_.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, text_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text_view piece, error_code& ec) override {
    if (body_.size() + piece.size() > body_bytes_max) {
      ec = http::error::body_limit;
      return 0;
    }
    body_.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  struct place {
    std::size_t at = 0, name = 0, value = 0;
  };
  std::string& text_;
  std::string& body_;
  std::size_t method_size_ = 0, target_size_ = 0, fields_ = 0;
  std::array<place, 64> places_{};
  bool expects_continue_ = false, chunks_understood_ = false;
};

class connection : public std::enable_shared_from_this<connection> {
public:
  connection(tcp::socket s, http_handler& handler) : socket_(std::move(s)), timer_(socket_.get_executor()), handler_(handler) {}

  void read() {
    socket_.async_read_some(asio::buffer(input_.data() + filled_, input_.size() - filled_), [self = shared_from_this()](error_code ec, std::size_t n) {
      if (ec) return;
      self->filled_ += n;
      self->work();
    });
  }

private:
  enum class then { read, close, reset, hold, late, more };

  /// Takes every whole request out of the input, as far as nothing makes it wait.
  void work() {
    std::size_t used = 0;
    next_ = then::read;
    while (used < filled_ && next_ == then::read) {
      if (!reader_) reader_.emplace(text_, body_);
      error_code ec;
      used += reader_->put(asio::buffer(input_.data() + used, filled_ - used), ec);
      if (ec == http::error::need_more) break;
      if (ec)
        malformed(ec);
      else if (reader_->is_done())
        serve();
    }
    if (reader_ && reader_->is_header_done() && reader_->expects_continue() && !std::exchange(continued_, true)) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(used), input_.begin() + static_cast<std::ptrdiff_t>(filled_), input_.begin());
    filled_ -= used;
    if (std::exchange(served_, false)) handler_.settle();
    flush();
  }

  void malformed(const error_code& ec) {
    reply_.clear();
    problem(reply_, ec == http::error::body_limit ? 413 : 400, "Not a readable HTTP request", ec.message());
    keep_alive_ = false;
    reader_.reset();
    answer();
  }

  void serve() {
    reply_.clear();
    reader_->hand_out(request_);
    keep_alive_ = reader_->keep_alive();
    const bool chunks_understood = reader_->chunks_understood();
    handler_.answer(request_, reply_);
    served_ = true;
    reader_.reset();
    continued_ = false;
    if (!chunks_understood && reply_.more) {
      while (reply_.more(reply_.body)) {
      }
      reply_.more = nullptr;
    }
    switch (reply_.end) {
      case ending::close:
        next_ = then::close;
        return;
      case ending::reset:
        next_ = then::reset;
        return;
      case ending::hold:
        next_ = then::hold;
        return;
      case ending::answer:
        break;
    }
    if (reply_.delay.count() > 0)
      next_ = then::late;
    else
      answer();
  }

  /// Appends the answer to the output and says how it goes on from there.
  void answer() {
    auto out = std::back_inserter(output_);
    fmt::format_to(out, "HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", reply_.status, reason(reply_.status), reply_.content_type);
    if (reply_.more)
      output_ += "Transfer-Encoding: chunked\r\n";
    else if (reply_.status != 204)
      fmt::format_to(out, "Content-Length: {}\r\n", reply_.body.size());
    output_ += reply_.headers;
    output_ += keep_alive_ ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
    next_ = reply_.more ? then::more : keep_alive_ ? then::read : then::close;
    if (reply_.more && !reply_.body.empty()) {
      append_chunk(reply_.body);
    } else {
      output_ += reply_.body;
    }
  }

  void append_chunk(std::string_view piece) {
    if (piece.empty()) return;  // an empty chunk would end the body
    fmt::format_to(std::back_inserter(output_), "{:x}\r\n", piece.size());
    output_.append(piece).append("\r\n");
  }

  void flush() {
    if (output_.empty()) return go_on();
    asio::async_write(socket_, asio::buffer(output_), [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return;
      self->output_.clear();
      if (self->output_.capacity() > output_bytes_kept) self->output_.shrink_to_fit();
      self->go_on();
    });
  }

  void go_on() {
    switch (next_) {
      case then::read:
        return filled_ > 0 && !reader_ ? work() : read();
      case then::close:
        return close();
      case then::reset:
        return reset();
      case then::hold:
        return hold();
      case then::late:
        return wait();
      case then::more:
        return stream();
    }
  }

  void close() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
  }

  void reset() {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
  }

  /// Swallows whatever comes until the other side has had enough.
  void hold() {
    socket_.async_read_some(asio::buffer(input_), [self = shared_from_this()](error_code ec, std::size_t) {
      if (!ec) self->hold();
    });
  }

  void wait() {
    timer_.expires_after(reply_.delay);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (ec) return;
      self->answer();
      self->flush();
    });
  }

  void stream() {
    std::string piece;
    const bool again = reply_.more(piece);
    append_chunk(piece);
    if (!again) {
      output_ += "0\r\n\r\n";
      next_ = keep_alive_ ? then::read : then::close;
    }
    flush();
  }

  static std::string_view reason(int status) {
    const auto words = http::obsolete_reason(static_cast<http::status>(status));
    return {words.data(), words.size()};
  }

  static constexpr std::size_t output_bytes_kept = 64 * 1024;

  tcp::socket socket_;
  asio::steady_timer timer_;
  http_handler& handler_;
  std::array<char, input_bytes> input_;
  std::size_t filled_ = 0;
  std::string text_, body_, output_;
  std::optional<request_reader> reader_;
  request request_;
  reply reply_;
  then next_ = then::read;
  bool keep_alive_ = true, continued_ = false, served_ = false;
};

}  // namespace

struct http_server::listener : tcp_listener {
  using tcp_listener::tcp_listener;
};

http_server::http_server(asio::io_context& io, http_handler& handler, const std::string& host, std::uint16_t port)
    : listener_(std::make_shared<listener>(io, host, port, [&handler](tcp::socket s) {
        error_code ignored;
        s.set_option(tcp::no_delay(true), ignored);
        std::make_shared<connection>(std::move(s), handler)->read();
      })) {
  listener_->start();
}

http_server::~http_server() = default;

std::uint16_t http_server::port() const { return listener_->port(); }

}  // namespace coreldove::integrations::world
