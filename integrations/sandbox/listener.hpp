#pragma once
// Accepting connections: shared by the HTTP server and the mail receiver.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace coreldove::integrations::world {

class tcp_listener : public std::enable_shared_from_this<tcp_listener> {
public:
  using on_connection = std::function<void(boost::asio::ip::tcp::socket)>;

  /// Throws std::runtime_error where the address cannot be had.
  tcp_listener(boost::asio::io_context& io, const std::string& host, std::uint16_t port, on_connection accepted)
      : acceptor_(io), pause_(io), accepted_(std::move(accepted)) {
    try {
      const boost::asio::ip::tcp::endpoint at{boost::asio::ip::make_address(host), port};
      acceptor_.open(at.protocol());
      acceptor_.set_option(boost::asio::socket_base::reuse_address(true));
      acceptor_.bind(at);
      acceptor_.listen(4096);
    } catch (const boost::system::system_error& e) {
      throw std::runtime_error(fmt::format("sandbox cannot listen on {}:{}: {}", host, port, e.code().message()));
    }
  }

  void start() {
    acceptor_.async_accept([self = shared_from_this()](boost::system::error_code ec, boost::asio::ip::tcp::socket s) {
      if (ec == boost::asio::error::operation_aborted) return;
      if (!ec) {
        self->accepted_(std::move(s));
        return self->start();
      }
      self->pause_.expires_after(std::chrono::milliseconds{100});  // out of descriptors, most likely: they come back
      self->pause_.async_wait([self](boost::system::error_code stopped) {
        if (!stopped) self->start();
      });
    });
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  on_connection accepted_;
};

}  // namespace coreldove::integrations::world
