#pragma once
// What Stripe remembers, small enough for millions: payment intents, refunds, and the answers under idempotency keys.
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/money.hpp"
#include "integrations/sandbox/stripe/cards.hpp"
#include "integrations/sandbox/text_arena.hpp"

namespace coreldove::integrations::world {

enum class intent_status : std::uint8_t { requires_payment_method, requires_confirmation, requires_action, requires_capture, succeeded, canceled };
std::string_view to_string(intent_status s);
intent_status intent_status_from(std::string_view name);  // requires_payment_method for an unknown one

/// The part of an intent that changes, and that an answer given earlier must show again as it was.
struct intent_face {
  domain::minor_units capturable = 0, received = 0;
  kept_text metadata;  // a JSON object; empty stands for {}
  kept_text token;     // the test token behind its payment method; empty: none yet
  std::uint32_t canceled_at = 0;
  intent_status status = intent_status::requires_payment_method;
  card_answer last = card_approves;  // above 1: the failure of the last attempt
  std::uint8_t cancellation = 0;     // index into cancellation_reasons
  bool charged = false;              // there is a charge
};

struct payment_intent {
  intent_face face;
  domain::minor_units amount = 0, refunded = 0;
  kept_text order_id, description, receipt_email, customer, extra;  // extra: rarely used members as JSON, each with its comma in front
  kept_text redirect;                                               // JSON {"return_url", "url"}: where the customer proves who he is; empty: nowhere
  std::uint32_t created = 0;                                        // unix seconds
  domain::currency currency;
  std::uint8_t digits = 2;    // of its amounts, see currencies.hpp
  bool automatic = false;     // captured at once
  bool multicapture = false;  // may be captured in several steps
};

struct payment_refund {
  domain::minor_units amount = 0;
  kept_text metadata;
  std::uint32_t intent = 0, created = 0;
  std::uint8_t reason = 0;  // index into refund_reasons
};

/// An answer kept under an idempotency key.
struct kept_answer {
  enum class shows : std::uint8_t { intent, refund, text };
  kept_text key;
  std::uint64_t fingerprint = 0;  // of the endpoint and the parameters
  intent_face face;
  kept_text text;  // errors, word by word
  std::uint32_t object = 0;
  std::uint16_t status = 200;
  shows what = shows::text;
};

inline constexpr std::string_view cancellation_reasons[] = {"", "duplicate", "fraudulent", "requested_by_customer", "abandoned"};
inline constexpr std::string_view refund_reasons[] = {"", "duplicate", "fraudulent", "requested_by_customer"};

/// Ids are "<prefix>3<epoch><number in 8 digits of base 62>": found again without a table, and never another world's.
class stripe_ids {
public:
  explicit stripe_ids(const std::string& epoch) : epoch_(epoch) {}
  void append(std::string& out, std::string_view prefix, std::uint64_t number) const;
  std::string make(std::string_view prefix, std::uint64_t number) const;
  /// The number in an id of that prefix; UINT64_MAX where it is not one of ours.
  std::uint64_t number_in(std::string_view id, std::string_view prefix) const;

private:
  const std::string& epoch_;
};

/// Members, in the order of Stripe's API reference.
void append_intent(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_intent& p, const intent_face& face);
void append_refund(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_refund& r, const payment_intent& p);
void append_charge(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_intent& p);

struct stripe_error {
  int status = 400;
  std::string_view type = "invalid_request_error";
  std::string_view code = {}, message = {}, param = {}, decline_code = {}, advice = {};
};
/// {"error": {…}}; with the intent that it is about where `p` is given.
void append_error(std::string& out, const stripe_error& e, const stripe_ids* ids = nullptr, std::uint32_t number = 0, const payment_intent* p = nullptr,
                  const intent_face* face = nullptr);
/// The 402 for a failed card.
void append_decline(std::string& out, const stripe_ids& ids, std::uint32_t number, const payment_intent& p, const intent_face& face);

}  // namespace coreldove::integrations::world
