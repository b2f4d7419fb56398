#include "integrations/sandbox/paypal/model.hpp"

#include <algorithm>
#include <array>

#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::array<std::string_view, 5> order_names{"CREATED", "PAYER_ACTION_REQUIRED", "APPROVED", "COMPLETED", "VOIDED"};
constexpr std::array<std::string_view, 6> hold_names{"", "CREATED", "PARTIALLY_CAPTURED", "CAPTURED", "VOIDED", "DENIED"};
constexpr std::string_view digits36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::size_t part_letters = 8;

// developer.paypal.com, "Currency codes".
constexpr std::array<std::string_view, 24> currencies{"AUD", "BRL", "CAD", "CNY", "CZK", "DKK", "EUR", "HKD", "HUF", "ILS", "JPY", "MYR",
                                                      "MXN", "TWD", "NZD", "NOK", "PHP", "PLN", "GBP", "SGD", "SEK", "CHF", "THB", "USD"};
constexpr std::array<std::string_view, 3> without_decimals{"HUF", "JPY", "TWD"};

struct named_instrument {
  std::string_view token;
  instrument what;
};
using says = instrument::answer;
// The CCREJECT ones are PayPal's triggers for card refusals (developer.paypal.com, "Card testing"); the others are this world's.
constexpr std::array instruments{
    named_instrument{"tok_visa", {}},
    named_instrument{"tok_mastercard", {}},
    named_instrument{"tok_amex", {}},
    named_instrument{"tok_discover", {}},
    named_instrument{"tok_paypal", {}},
    named_instrument{"tok_createDispute", {}},
    named_instrument{"tok_redirect", {says::wants_buyer, {}}},
    named_instrument{"tok_threeDSecure2Required", {says::wants_buyer, {}}},
    named_instrument{"tok_chargeDeclined", {says::declined, {}}},
    named_instrument{"tok_chargeDeclinedInsufficientFunds", {says::denied, "5120"}},
    named_instrument{"tok_chargeDeclinedLostCard", {says::denied, "9520"}},
    named_instrument{"tok_chargeDeclinedFraudulent", {says::denied, "9500"}},
    named_instrument{"tok_chargeDeclinedExpiredCard", {says::denied, "5400"}},
    named_instrument{"CCREJECT-REFUSED", {says::denied, "0500"}},
    named_instrument{"CCREJECT-BANK_ERROR", {says::denied, "5100"}},
    named_instrument{"CCREJECT-IF", {says::denied, "5120"}},
    named_instrument{"CCREJECT-EC", {says::denied, "5400"}},
    named_instrument{"CCREJECT-IRC", {says::denied, "5180"}},
    named_instrument{"CCREJECT-IA", {says::denied, "1330"}},
    named_instrument{"CCREJECT-SF", {says::denied, "9500"}},
    named_instrument{"CCREJECT-LS", {says::denied, "9520"}},
};

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <class State, class Names>
State state_from(const Names& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  return it == names.end() ? State{} : static_cast<State>(it - names.begin());
}

std::string in_base36(std::uint64_t n) {
  std::string out(part_letters, '0');
  for (auto at = out.rbegin(); at != out.rend(); ++at, n /= 36) *at = digits36[n % 36];
  return out;
}

}  // namespace

std::string_view to_string(order_state s) { return order_names[static_cast<std::size_t>(s)]; }
order_state order_state_from(std::string_view name) { return state_from<order_state>(order_names, name); }
std::string_view to_string(hold_state s) { return hold_names[static_cast<std::size_t>(s)]; }
hold_state hold_state_from(std::string_view name) { return state_from<hold_state>(hold_names, name); }

paypal_ids::paypal_ids(std::string_view epoch) : world_(in_base36(digest(epoch))) {}

std::string paypal_ids::make(char kind, std::uint64_t number) const { return kind + world_ + in_base36(number); }

std::uint64_t paypal_ids::number_in(std::string_view id, char kind) const {
  if (id.size() != 1 + 2 * part_letters || id[0] != kind || id.substr(1, part_letters) != world_) return UINT64_MAX;
  std::uint64_t n = 0;
  for (const char c : id.substr(1 + part_letters)) {
    const auto digit = digits36.find(c);
    if (digit == std::string_view::npos) return UINT64_MAX;
    n = n * 36 + digit;
  }
  return n;
}

std::optional<instrument> find_instrument(std::string_view token) {
  const auto it = std::find_if(instruments.begin(), instruments.end(), [&](const named_instrument& i) { return i.token == token; });
  if (it == instruments.end()) return std::nullopt;
  return it->what;
}

asked_amount read_amount(std::string_view value, std::string_view currency_code) {
  asked_amount out;
  const auto iso = domain::currency::find(currency_code);
  if (!iso || !holds(currencies, currency_code)) return {0, {}, "INVALID_CURRENCY_CODE"};
  out.currency = *iso;
  const bool whole = holds(without_decimals, currency_code);
  if (whole && value.find('.') != std::string_view::npos) return {0, *iso, "DECIMALS_NOT_SUPPORTED"};
  if (value.starts_with('-')) return {0, *iso, "CANNOT_BE_ZERO_OR_NEGATIVE"};
  const auto amount = domain::parse_amount(value, iso->digits);
  if (!amount) return {0, *iso, value.find_first_not_of("0123456789.") == std::string_view::npos ? "DECIMAL_PRECISION" : "INVALID_PARAMETER_SYNTAX"};
  if (*amount == 0) return {0, *iso, "CANNOT_BE_ZERO_OR_NEGATIVE"};
  out.minor = *amount;
  return out;
}

std::string_view words_for(std::string_view issue) {
  if (issue == "INVALID_CURRENCY_CODE") return "Currency code is invalid or is not currently supported.";
  if (issue == "DECIMALS_NOT_SUPPORTED") return "Currency does not support decimals.";
  if (issue == "DECIMAL_PRECISION") return "If the currency supports decimals, only two decimal place precision is supported.";
  if (issue == "CANNOT_BE_ZERO_OR_NEGATIVE")
    return "Must be greater than zero. If the currency supports decimals, only two decimal place precision is supported.";
  return "The value of a field does not conform to the expected format.";
}

std::string write_amount(domain::minor_units amount, const domain::currency& currency) {
  auto out = domain::format_amount(amount, currency.digits);
  if (holds(without_decimals, currency.name())) out.resize(std::min(out.size(), out.find('.')));
  return out;
}

}  // namespace coreldove::integrations::world
