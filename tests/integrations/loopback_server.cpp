#include "tests/integrations/loopback_server.hpp"

#include <fmt/format.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <charconv>
#include <future>
#include <optional>
#include <set>
#include <thread>

namespace coreldove::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string seen_request::header(std::string_view name) const {
  const auto line = "\r\n" + std::string{name} + ": ";
  const auto at = head.find(line);
  if (at == std::string::npos) return {};
  const auto from = at + line.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

scripted_reply answer(int status, std::string_view body, std::string_view extra_headers) {
  return {fmt::format("HTTP/1.1 {} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), extra_headers, body)};
}

struct loopback_server::impl {
  class session;

  impl(script s, std::string_view certificate, std::string_view key) : plan{std::move(s)} {
    if (!certificate.empty()) {
      tls.emplace(asio::ssl::context::tls_server);
      tls->use_certificate_chain(asio::buffer(certificate));
      tls->use_private_key(asio::buffer(key), asio::ssl::context::pem);
    }
    accept();
    thread = std::thread{[this] { io.run(); }};
  }
  ~impl() {
    io.stop();
    thread.join();
  }
  void accept();

  asio::io_context io;
  std::optional<asio::ssl::context> tls;
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  script plan;
  mutable std::mutex mutex;
  std::vector<seen_request> requests;
  std::atomic<std::size_t> accepted{0};
  std::set<std::shared_ptr<session>> open;
  std::thread thread;
};

class loopback_server::impl::session : public std::enable_shared_from_this<session> {
public:
  session(impl& all, tcp::socket s, std::size_t number) : all_{all}, socket_{std::move(s)}, number_{number} {}
  void start() {
    if (!all_.tls) return read();
    secure_.emplace(std::move(socket_), *all_.tls);
    secure_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code ec) { ec ? self->close() : self->read(); });
  }
  void close() {
    error_code ignored;
    (secure_ ? secure_->next_layer() : socket_).close(ignored);
    all_.open.erase(shared_from_this());
  }

private:
  void read() {
    auto got = [self = shared_from_this()](error_code ec, std::size_t n) {
      if (ec) return self->close();
      self->in_.append(self->chunk_.data(), n);
      if (!self->take_requests()) return;
      self->read();
    };
    if (secure_)
      secure_->async_read_some(asio::buffer(chunk_), got);
    else
      socket_.async_read_some(asio::buffer(chunk_), got);
  }
  bool take_requests() {
    for (;;) {
      const auto end = in_.find("\r\n\r\n");
      if (end == std::string::npos) return true;
      seen_request r;
      r.head = in_.substr(0, end + 2);
      std::size_t length = 0;
      const auto declared = r.header("Content-Length");
      std::from_chars(declared.data(), declared.data() + declared.size(), length);
      if (in_.size() < end + 4 + length) return true;
      r.body = in_.substr(end + 4, length);
      in_.erase(0, end + 4 + length);
      r.method = r.head.substr(0, r.head.find(' '));
      r.target = r.head.substr(r.method.size() + 1, r.head.find(' ', r.method.size() + 1) - r.method.size() - 1);
      r.connection = number_;
      r.on_connection = ++count_;
      {
        const std::lock_guard lock{all_.mutex};
        all_.requests.push_back(r);
      }
      const auto reply = all_.plan(r);
      if (reply.hold) continue;
      error_code ec;
      if (secure_)
        asio::write(*secure_, asio::buffer(reply.bytes), ec);
      else
        asio::write(socket_, asio::buffer(reply.bytes), ec);
      if (ec || reply.close) return close(), false;
    }
  }
  impl& all_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket>> secure_;
  std::size_t number_, count_ = 0;
  std::array<char, 16384> chunk_{};
  std::string in_;
};

void loopback_server::impl::accept() {
  acceptor.async_accept([this](error_code ec, tcp::socket s) {
    if (ec) return;
    auto made = std::make_shared<session>(*this, std::move(s), ++accepted);
    open.insert(made);
    made->start();
    accept();
  });
}

loopback_server::loopback_server(script s, std::string_view certificate, std::string_view key)
    : impl_{std::make_unique<impl>(std::move(s), certificate, key)} {}
loopback_server::~loopback_server() = default;
std::uint16_t loopback_server::port() const { return impl_->acceptor.local_endpoint().port(); }
std::string loopback_server::base() const { return fmt::format("http://127.0.0.1:{}", port()); }
std::size_t loopback_server::connections() const { return impl_->accepted; }

std::vector<seen_request> loopback_server::seen() const {
  const std::lock_guard lock{impl_->mutex};
  return impl_->requests;
}

void loopback_server::close_all_connections() {
  std::promise<void> closed;
  asio::post(impl_->io, [&] {
    while (!impl_->open.empty()) {
      const auto one = *impl_->open.begin();
      one->close();
    }
    closed.set_value();
  });
  closed.get_future().wait();
}

std::uint16_t closed_port() {
  asio::io_context io;
  tcp::acceptor taken{io, {asio::ip::address_v4::loopback(), 0}};
  return taken.local_endpoint().port();
}

}  // namespace coreldove::testing
