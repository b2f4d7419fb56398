#pragma once
// One TCP or TLS connection that carries one exchange at a time. Everything runs on its loop's thread. Internal to the client.
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "integrations/http/exchange.hpp"
#include "integrations/http/response_reader.hpp"

namespace coreldove::integrations::http {

class connection;

/// What a connection tells the pool it belongs to.
class connection_owner {
public:
  virtual ~connection_owner() = default;
  /// It can carry the next exchange.
  virtual void became_idle(connection& c) = 0;
  /// It is gone; may be called from within any call to the connection, once.
  virtual void closed(connection& c) = 0;
  /// A kept connection turned out to be dead before the first byte of an answer; this exchange wants a fresh one.
  virtual void resend(std::unique_ptr<exchange> x) = 0;
};

class connection : public std::enable_shared_from_this<connection> {
public:
  connection(connection_owner& owner, boost::asio::io_context& io, boost::asio::ssl::context& tls, std::size_t body_bytes_max);

  /// Connects, and then carries `x`.
  void open(std::unique_ptr<exchange> x);
  /// Only while idle.
  void carry(std::unique_ptr<exchange> x);
  /// Ends the connection; the exchange on it, where there is one, fails with `error`.
  void close(std::string_view error);

  steady_time idle_since{};

private:
  using executor = boost::asio::io_context::executor_type;
  using socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, executor>;
  using resolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, executor>;
  using error_code = boost::system::error_code;

  socket& raw() { return tls_ ? tls_->next_layer() : socket_; }
  template <class Endpoints>
  void connect(const Endpoints& endpoints);
  void connected(error_code ec);
  void shake_hands();
  void ready();
  bool may_write();
  void write();
  void read();
  void received(error_code ec, std::size_t n);
  void ended();
  void answered();
  void lost(std::string_view error);

  connection_owner& owner_;
  boost::asio::ssl::context& tls_context_;
  socket socket_;
  resolver resolver_;
  std::optional<boost::asio::ssl::stream<socket>> tls_;
  std::unique_ptr<exchange> carried_;
  std::string out_;  // the bytes being written; theirs until the write has ended
  std::vector<char> in_;
  std::size_t in_bytes_ = 0;
  response_reader reader_;
  bool writing_ = false;
  bool bounded_ = false;    // the kernel gives up what is not received in time
  bool got_bytes_ = false;  // of the present answer
  bool used_before_ = false;
  bool closed_ = false;
};

}  // namespace coreldove::integrations::http
