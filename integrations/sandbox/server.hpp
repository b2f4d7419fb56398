#pragma once
// A small HTTP/1.1 server: keep-alive, pipelining, several answers in one write, everything about one connection on the thread that read it.
#include <cstdint>
#include <memory>
#include <string>

#include "integrations/sandbox/exchange.hpp"

namespace boost::asio {
class io_context;
}

namespace coreldove::integrations::world {

class http_handler {
public:
  virtual ~http_handler() = default;
  /// Called from any of the server's threads; must not block. `out` is empty before; `rq` may be cut to size on its way to whom it is for.
  virtual void answer(request& rq, reply& out) = 0;
  /// Called before answers leave: makes durable what they promise.
  virtual void settle() = 0;
};

class http_server {
public:
  /// Listens at once; throws std::runtime_error where the address cannot be had. `handler` outlives the server's last connection.
  http_server(boost::asio::io_context& io, http_handler& handler, const std::string& host, std::uint16_t port);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  std::uint16_t port() const;

private:
  struct listener;
  std::shared_ptr<listener> listener_;
};

}  // namespace coreldove::integrations::world
