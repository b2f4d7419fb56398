#pragma once
// E-mail over SMTP (RFC 5321), by libcurl on a few threads of its own.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "integrations/mailer.hpp"

namespace coreldove::integrations::smtp {

struct options {
  std::string url = {};                       // "smtp://host:port", or smtps:// for TLS from the first byte
  std::string from = {};                      // "orders@example.com" or "Shop <orders@example.com>"
  std::string user = {}, password = {};       // empty: no AUTH. Never logged; outside of loopback sent over TLS only
  std::string ca_file = {};                   // PEM; trusted instead of the system's authorities
  std::size_t connections = 8;                // mails on their way at once, each on a thread
  std::size_t waiting_max = 10'000;           // more are refused at once: not_done, "overloaded"
  std::chrono::milliseconds timeout{30'000};  // of one mail, from the first try to connect to the last answer
};

/// STARTTLS is used where it is offered, and the certificate is checked then. `done` runs on one of the mailer's threads, a refusal of
/// the mail itself or because of `waiting_max` on the caller's. The end of the mailer fails what has not been sent: not_done; unknown where it may have been.
std::unique_ptr<mailer> make_mailer(options o);

}  // namespace coreldove::integrations::smtp
