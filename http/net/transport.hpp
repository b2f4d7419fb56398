#pragma once
// A socket that may speak TLS. For the connection alone: it brings Asio along.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>

namespace coreldove::http::net {

class transport {
public:
  using tcp = boost::asio::ip::tcp;

  explicit transport(tcp::socket socket) : socket_(std::move(socket)) {}

  tcp::socket& socket() { return socket_; }
  bool tls() const { return tls_.has_value(); }

  template <class Handler>
  void handshake(boost::asio::ssl::context& context, Handler&& handler) {
    tls_.emplace(socket_, context);
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Handler>(handler));
  }
  template <class Handler>
  void read_some(boost::asio::mutable_buffer into, Handler&& handler) {
    if (tls_)
      tls_->async_read_some(into, std::forward<Handler>(handler));
    else
      socket_.async_read_some(into, std::forward<Handler>(handler));
  }
  /// All of it; `condition` as for asio::async_write, it sees each step forward.
  template <class Condition, class Handler>
  void write(boost::asio::const_buffer from, Condition condition, Handler&& handler) {
    if (tls_)
      boost::asio::async_write(*tls_, from, condition, std::forward<Handler>(handler));
    else
      boost::asio::async_write(socket_, from, condition, std::forward<Handler>(handler));
  }

private:
  tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<tcp::socket&>> tls_;
};

}  // namespace coreldove::http::net
