#pragma once
// The connections to one origin, and the exchanges that wait for one of them. Internal to the client.
#include <boost/intrusive/list.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "integrations/http/client.hpp"
#include "integrations/http/connection.hpp"

namespace coreldove::integrations::http {

class host_pool final : public connection_owner {
public:
  struct limits {
    std::size_t connections = 64, waiting = 10'000, body_bytes = 1 << 20;
  };
  host_pool(boost::asio::io_context& io, boost::asio::ssl::context& tls, limits l);
  ~host_pool() override;

  void submit(std::unique_ptr<exchange> x);
  /// Its deadline has come.
  void expire(exchange& x);
  void close_idle(steady_time idle_since_before);
  /// Fails everything and closes every connection.
  void stop();
  bool has_connections() const { return !connections_.empty(); }

  void became_idle(connection& c) override;
  void closed(connection& c) override;
  void resend(std::unique_ptr<exchange> x) override;

private:
  void open(std::unique_ptr<exchange> x);
  std::unique_ptr<exchange> take_waiting();

  boost::asio::io_context& io_;
  boost::asio::ssl::context& tls_;
  limits limits_;
  std::vector<std::shared_ptr<connection>> connections_;
  std::vector<connection*> idle_;  // the last one used is the first one used again, so that the others can go
  boost::intrusive::list<exchange, boost::intrusive::base_hook<waiting_hook>, boost::intrusive::constant_time_size<false>> waiting_;  // owned
  std::size_t waiting_count_ = 0;
  bool stopped_ = false;
};

}  // namespace coreldove::integrations::http
