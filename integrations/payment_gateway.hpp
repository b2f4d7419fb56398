#pragma once
// The port to anything that takes money. Calls return at once; `done` runs exactly once, on a thread of the HTTP client, by the deadline at the latest.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  // For vendors without idempotency: how long this process is still the one to ask, see http::request. Empty: no bound.
  std::function<std::chrono::milliseconds()> time_left = {};
};

struct outcome {
  domain::operation_outcome kind = domain::operation_outcome::unknown;
  std::string reference;        // done: the vendor's id; awaiting_buyer: the vendor's id of the pending payment
  std::string code, message;    // else: the vendor's code and words
  std::string tracking_number;  // labels
  std::string redirect_url{};   // awaiting_buyer: the vendor's page where the buyer acts
  bool soft = false;            // declined: another gateway, or another try later, may succeed
};
using on_outcome = std::function<void(outcome)>;

struct charge {
  domain::minor_units amount = 0;
  domain::currency currency;
  std::string token;  // from the gateway's own front end; never a card number
  std::string customer_email;
  std::string method{};      // the order's payment_method
  std::string pending{};     // the reference that an earlier awaiting_buyer answer of this same operation gave; empty the first time
  std::string return_url{};  // where the vendor's page sends the buyer back to
  std::string customer_name{}, customer_phone{};
};

/// What a gateway can do beyond taking money and giving it back.
struct capabilities {
  bool voids = true;                      // false: an authorization that is not captured ends by itself; nothing needs to be called
  bool partial_capture = true;            // false: only the whole authorized amount is captured
  bool several_captures = true;           // false: one capture, which lets the rest of the authorization go
  std::vector<std::string> currencies{};  // ISO codes; empty: all
  bool needs_buyer = false;               // true: takes nothing before the buyer has been on its page, whatever token there is
};

class payment_gateway {
public:
  virtual ~payment_gateway() = default;
  virtual std::string_view name() const = 0;
  virtual capabilities can() const { return {}; }
  /// Repeating a call with the same idempotency key is how an unknown outcome is asked about: it happens once at most.
  /// awaiting_buyer: called again later under the same key, with `charge.pending` set, to look whether the buyer has acted and to finish if so.
  virtual void authorize(const charge& c, const call_context& ctx, on_outcome done) = 0;
  /// `authorization`: the reference of authorize. `last`: nothing more will be captured on it.
  virtual void capture(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, bool last, const call_context& ctx,
                       on_outcome done) = 0;
  virtual void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) = 0;
  virtual void refund(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, const std::string& reason,
                      const call_context& ctx, on_outcome done) = 0;
  /// Which order a payment was made for, where a webhook cannot say: done, with the order's id as the reference; declined where the vendor cannot say either.
  virtual void owner(const std::string& /*payment*/, const call_context& /*ctx*/, on_outcome done) {
    done({domain::operation_outcome::declined, {}, "not_supported", {}, {}});
  }
  /// What `coreldove check` calls: harmless, proves address and credentials.
  virtual void check(on_outcome done) = 0;
};

/// A buyer's complaint to his bank or to the vendor, as the vendor reports it.
struct dispute_notice {
  enum class step : std::uint8_t { opened, won, lost } what{};
  std::string reference;  // the vendor's id of the dispute
  std::string payment;    // the vendor's id of the payment: authorize's reference, or a capture's
  domain::minor_units amount = 0;
  std::string reason;                           // the vendor's word for it
  std::optional<domain::time_point> answer_by;  // evidence is taken until then
};

/// What a webhook said about one operation, once its signature has been checked on the raw bytes.
struct payment_notice {
  std::string event_id;                     // the vendor's, for dropping repeats
  std::string order_id;                     // from the metadata that we sent along; empty where it is not ours
  domain::operation_kind operation{};       // what it is about
  std::string idempotency_key;              // of the operation, from the metadata; empty where the vendor cannot carry one (Stripe's cancel):
                                            // then it is the order's latest operation of that kind on what.reference
  outcome what;                             // awaiting_buyer: something has changed at the vendor, look now
  bool relevant = false;                    // false: a kind of event that changes nothing here
  std::string type{};                       // the vendor's name for the event
  std::optional<dispute_notice> dispute{};  // then nothing above but event_id, type, relevant and, where the vendor can carry it, order_id counts
};

/// Header lookup by lower-case name, empty where missing.
using header_lookup = std::function<std::string(std::string_view)>;

/// Checks and reads a gateway's webhook. Errors: forbidden (signature, too old), malformed.
class payment_webhook {
public:
  virtual ~payment_webhook() = default;
  virtual domain::result<payment_notice> read(const header_lookup& headers, std::string_view raw_body, domain::time_point now) const = 0;
};

}  // namespace coreldove::integrations
