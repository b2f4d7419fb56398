#pragma once
// The wire side of the mail receiver: SMTP as RFC 5321 has it, with PIPELINING, 8BITMIME, SIZE and AUTH (any credentials). No TLS.
//
// Faults of "email" are drawn at MAIL: refuse resets the connection there, rate_limit_429 answers 451 there, decline 550 at RCPT; error_500
// (451), slow, no_answer and lost_answer show themselves after the final dot.
#include <cstdint>
#include <memory>
#include <string>

#include "integrations/sandbox/world.hpp"

namespace boost::asio {
class io_context;
}

namespace coreldove::integrations::world {

class mail_receiver;

class smtp_server {
public:
  /// Listens at once; throws std::runtime_error where the address cannot be had.
  smtp_server(boost::asio::io_context& io, world& w, mail_receiver& mails, const std::string& host, std::uint16_t port);
  ~smtp_server();
  smtp_server(const smtp_server&) = delete;
  smtp_server& operator=(const smtp_server&) = delete;
  std::uint16_t port() const;

private:
  struct listener;
  std::shared_ptr<listener> listener_;
};

}  // namespace coreldove::integrations::world
