#pragma once
// The port to anything that takes money. Calls return at once; `done` runs exactly once, on a thread of the HTTP client, by the deadline at the latest.
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "domain/events.hpp"
#include "domain/money.hpp"

namespace coreldove::integrations {

/// Who is asking, for logs and traces on the other side.
struct call_context {
  std::string order_id;
  std::string idempotency_key;  // durable before the call; the same one at each repeat
  std::string trace_id;         // 32 hex digits; sent on as `traceparent`
  std::chrono::milliseconds timeout{10'000};
  bool repeat = false;  // may have been asked before; vendors without idempotency look first
};

struct outcome {
  domain::operation_outcome kind = domain::operation_outcome::unknown;
  std::string reference;        // done: the vendor's id
  std::string code, message;    // else: the vendor's code and words
  std::string tracking_number;  // labels
};
using on_outcome = std::function<void(outcome)>;

struct charge {
  domain::minor_units amount = 0;
  domain::currency currency;
  std::string token;  // from the gateway's own front end; never a card number
  std::string customer_email;
};

class payment_gateway {
public:
  virtual ~payment_gateway() = default;
  virtual std::string_view name() const = 0;
  /// Repeating a call with the same idempotency key is how an unknown outcome is asked about: it happens once at most.
  virtual void authorize(const charge& c, const call_context& ctx, on_outcome done) = 0;
  /// `authorization`: the reference of authorize. `last`: nothing more will be captured on it.
  virtual void capture(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, bool last, const call_context& ctx,
                       on_outcome done) = 0;
  virtual void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) = 0;
  virtual void refund(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, const std::string& reason,
                      const call_context& ctx, on_outcome done) = 0;
  /// What `coreldove check` calls: harmless, proves address and credentials.
  virtual void check(on_outcome done) = 0;
};

/// What a webhook said about one operation, once its signature has been checked on the raw bytes.
struct payment_notice {
  std::string event_id;                // the vendor's, for dropping repeats
  std::string order_id;                // from the metadata that we sent along; empty where it is not ours
  domain::operation_kind operation{};  // what it is about
  std::string idempotency_key;         // of the operation, from the metadata; empty where the vendor cannot carry one (Stripe's cancel):
                                       // then it is the order's latest operation of that kind on what.reference
  outcome what;
  bool relevant = false;  // false: a kind of event that changes nothing here
};

/// Checks and reads a gateway's webhook. Errors: forbidden (signature, too old), malformed.
class payment_webhook {
public:
  virtual ~payment_webhook() = default;
  virtual domain::result<payment_notice> read(std::string_view signature_header, std::string_view raw_body, domain::time_point now) const = 0;
};

}  // namespace coreldove::integrations
