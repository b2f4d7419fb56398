#pragma once
// The mail system of the sandbox: an SMTP receiver that keeps what it gets for people to look at. A repeated Message-ID is accepted again
// and changes nothing. Thread-safe.
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations::world {

struct received_mail {
  std::int64_t at_ms = 0;
  std::string from;
  std::vector<std::string> to;
  std::string message_id, order_id, subject;
  std::string raw;  // header and body with CRLFs, dots unstuffed
};

/// The value of a header of `raw`, unfolded; empty where there is none.
std::string mail_header(std::string_view raw, std::string_view name);
/// The subject with its encoded words (RFC 2047) read as UTF-8.
std::string mail_subject(std::string_view raw);
/// The body as text: quoted-printable and base64 are decoded; multipart bodies stay as they are.
std::string mail_text(std::string_view raw);

class mail_receiver final : public vendor {
public:
  explicit mail_receiver(world& w) : world_(w) {}
  std::string_view name() const override { return "smtp"; }
  std::span<const operation> operations() const override;
  void restore(const simdjson::dom::element& line) override;

  /// Keeps the message; the first of its Message-ID goes into the ledger. message_id, order_id and subject are read from `raw` here.
  void take(received_mail m);
  /// JSON {"items": […]}, oldest first: the last thousand at most; of one order where order_id is given.
  void list(std::string_view order_id, std::string& out) const;

private:
  bool first_of(std::string_view message_id);  // under the lock

  world& world_;
  mutable std::mutex mutex_;
  boost::unordered_flat_set<std::uint64_t> seen_;  // digests of the Message-IDs
  std::deque<received_mail> kept_;
};

}  // namespace coreldove::integrations::world
