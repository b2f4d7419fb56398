#pragma once
// What PayPal remembers: orders with their authorization, captures, refunds, and the answers under request ids.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/money.hpp"

namespace coreldove::integrations::world {

enum class order_state : std::uint8_t { created, payer_action_required, approved, completed, voided };
std::string_view to_string(order_state s);
order_state order_state_from(std::string_view name);  // created for an unknown one

/// An order has one authorization at most; it carries the order's number.
enum class hold_state : std::uint8_t { none, created, partially_captured, captured, voided, denied };
std::string_view to_string(hold_state s);
hold_state hold_state_from(std::string_view name);  // none for an unknown one

/// Amounts are in ISO's minor units.
struct paypal_order {
  domain::currency currency;
  domain::minor_units amount = 0, captured = 0;
  std::string invoice_id, custom_id, token, email, return_url, cancel_url;
  std::string response_code;  // of the card's processor; empty: it approved, or was not asked
  std::int64_t created_ms = 0, updated_ms = 0, held_ms = 0;
  order_state state = order_state::created;
  hold_state hold = hold_state::none;
};

struct paypal_capture {
  std::string invoice_id;
  domain::minor_units amount = 0, refunded = 0;
  std::int64_t at_ms = 0;
  std::uint32_t order = 0;
  bool last = false;
};

struct paypal_refund {
  std::string invoice_id, custom_id;
  domain::minor_units amount = 0;
  std::int64_t at_ms = 0;
  std::uint32_t capture = 0;
};

/// Ids are a letter for the kind, eight for the world and eight for the number: found again without a table, and never another world's.
class paypal_ids {
public:
  explicit paypal_ids(std::string_view epoch);
  std::string make(char kind, std::uint64_t number) const;
  /// The number in an id of that kind; UINT64_MAX where it is not one of ours.
  std::uint64_t number_in(std::string_view id, char kind) const;

private:
  std::string world_;
};
inline constexpr char id_order = 'O', id_authorization = 'A', id_capture = 'C', id_refund = 'R';

/// What a vaulted instrument does when it is charged.
struct instrument {
  enum class answer : std::uint8_t { approves, wants_buyer, declined, denied } says = answer::approves;
  std::string_view response_code = {};  // denied: the processor's reason
};
/// "tok_visa", "tok_redirect", PayPal's own rejection triggers ("CCREJECT-IF"); nothing for a token that is not known.
std::optional<instrument> find_instrument(std::string_view token);

/// An amount as PayPal takes it; the issue where it does not.
struct asked_amount {
  domain::minor_units minor = 0;
  domain::currency currency;
  std::string_view issue = {};
};
asked_amount read_amount(std::string_view value, std::string_view currency_code);
/// PayPal's words for the issue of an amount.
std::string_view words_for(std::string_view issue);
/// "59.98", "60" for the currencies without decimals.
std::string write_amount(domain::minor_units amount, const domain::currency& currency);

}  // namespace coreldove::integrations::world
