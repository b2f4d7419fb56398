// The life of a payment intent.
#include <fmt/format.h>

#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/stripe/currencies.hpp"
#include "integrations/sandbox/stripe/stripe.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::string_view invalid = "invalid_request_error";

constexpr std::array<std::string_view, 25> create_params{"amount",
                                                         "currency",
                                                         "capture_method",
                                                         "confirm",
                                                         "confirmation_method",
                                                         "payment_method",
                                                         "payment_method_data[type]",
                                                         "payment_method_data[card][token]",
                                                         "payment_method_types[]",
                                                         "automatic_payment_methods[enabled]",
                                                         "automatic_payment_methods[allow_redirects]",
                                                         "payment_method_options[card][request_multicapture]",
                                                         "customer",
                                                         "description",
                                                         "receipt_email",
                                                         "statement_descriptor",
                                                         "statement_descriptor_suffix",
                                                         "setup_future_usage",
                                                         "transfer_group",
                                                         "metadata[]",
                                                         "error_on_requires_action",
                                                         "off_session",
                                                         "return_url",
                                                         "use_stripe_sdk",
                                                         "mandate"};
constexpr std::array<std::string_view, 9> confirm_params{"payment_method",
                                                         "payment_method_data[type]",
                                                         "payment_method_data[card][token]",
                                                         "payment_method_types[]",
                                                         "error_on_requires_action",
                                                         "off_session",
                                                         "return_url",
                                                         "use_stripe_sdk",
                                                         "receipt_email"};
constexpr std::array<std::string_view, 5> capture_params{"amount_to_capture", "final_capture", "metadata[]", "statement_descriptor",
                                                         "statement_descriptor_suffix"};
constexpr std::array<std::string_view, 1> cancel_params{"cancellation_reason"};

std::string_view token_in(const form& params) {
  if (const auto method = params.find("payment_method")) return *method;
  return params.find("payment_method_data[card][token]").value_or("");
}

/// The members that few requests carry, as JSON with a comma in front of each; empty where none of them was given.
std::string extra_members(const form& params) {
  constexpr std::array<std::string_view, 4> names{"setup_future_usage", "statement_descriptor", "statement_descriptor_suffix", "transfer_group"};
  std::string out;
  bool any = false;
  for (const auto name : names) {
    const auto value = params.find(name).value_or("");
    any = any || !value.empty();
    out.append(",\"").append(name).append("\":");
    append_json_or_null(out, value);
  }
  return any ? out : std::string{};
}

}  // namespace

void stripe::show(call& c) const {
  const payment_intent& p = intents_[c.intent];
  c.shows = kept_answer::shows::intent;
  c.keep = true;
  if (p.face.status == intent_status::requires_payment_method && p.face.last > card_wants_customer) {
    c.out.status = 402;
    append_decline(c.out.body, ids_, c.intent, p, p.face);
  } else {
    append_intent(c.out.body, ids_, c.intent, p, p.face);
  }
}

bool stripe::find_intent(call& c) {
  const auto number = ids_.number_in(c.id, "pi_");
  if (number < intents_.size()) {
    c.intent = static_cast<std::uint32_t>(number);
    return true;
  }
  const std::string message = fmt::format("No such payment_intent: '{}'", c.id);
  refuse(c, {404, invalid, "resource_missing", message, "intent"});
  return false;
}

std::optional<stripe::asked_price> stripe::read_price(call& c) {
  const auto wrong = [&](std::string_view code, std::string_view message, std::string_view param) {
    refuse(c, {400, invalid, code, message, param});
    return std::nullopt;
  };
  const auto amount = whole_number(c, "amount");
  if (!amount) return std::nullopt;
  const auto code = c.params.find("currency");
  if (!code) return wrong("parameter_missing", "Missing required param: currency.", "currency");
  const auto currency = find_stripe_currency(*code);
  if (!currency) return wrong("", fmt::format("Invalid currency: {}.", *code), "currency");
  const auto shown = [&](domain::minor_units a) { return domain::format_amount(a, currency->digits); };
  if (*amount < currency->minimum) return wrong("amount_too_small", fmt::format("Amount must be at least {} {}", shown(currency->minimum), *code), "amount");
  if (*amount > stripe_amount_max)
    return wrong("amount_too_large", fmt::format("Amount must be no more than {} {}", shown(stripe_amount_max), *code), "amount");
  const domain::minor_units step = currency->digits == 3 ? 10 : currency->iso.digits == 0 && currency->digits == 2 ? 100 : 1;
  if (*amount % step != 0) return wrong("parameter_invalid_integer", fmt::format("Amounts in {} must be divisible by {}", *code, step), "amount");
  return asked_price{*amount, *currency};
}

void stripe::create(call& c) {
  if (!only_known(c, create_params)) return;
  const auto price = read_price(c);
  if (!price) return;
  const auto method = c.params.find("capture_method").value_or("automatic");
  if (method != "automatic" && method != "automatic_async" && method != "manual")
    return refuse(c, {400, invalid, "", "Invalid capture_method: must be one of automatic, automatic_async, or manual", "capture_method"});
  const auto token = token_in(c.params);
  if (!token.empty() && !answer_of_card(token))
    return refuse(c, {400, invalid, "resource_missing", fmt::format("No such PaymentMethod: '{}'", token), "payment_method"});
  const bool confirmed = flag(c, "confirm");
  if (confirmed && token.empty())
    return refuse(c, {400, invalid, "parameter_missing", "You must provide a payment_method when confirm is true.", "payment_method"});

  payment_intent p;
  if (!metadata(c, {}, p.face.metadata)) return;
  p.amount = price->amount;
  p.currency = price->currency.iso;
  p.digits = price->currency.digits;
  p.automatic = method != "manual";
  p.multicapture = c.params.find("payment_method_options[card][request_multicapture]") == "if_available";
  p.created = static_cast<std::uint32_t>(c.now_ms / 1000);
  p.description = texts_.put(c.params.find("description").value_or(""));
  p.receipt_email = texts_.put(c.params.find("receipt_email").value_or(""));
  p.customer = texts_.put(c.params.find("customer").value_or(""));
  p.extra = texts_.put(extra_members(c.params));
  p.order_id = texts_.put(c.params.find("metadata[order_id]").value_or(order_id_in(c.key)));
  c.intent = static_cast<std::uint32_t>(intents_.size());
  intents_.push_back(p);
  c.created = c.changed = true;
  payment_intent& kept = intents_.back();
  if (confirmed) {
    charge(c, kept, token, flag(c, "error_on_requires_action"));
  } else if (!token.empty()) {
    kept.face.token = texts_.put(token);
    kept.face.status = intent_status::requires_confirmation;
  }
  show(c);
}

void stripe::charge(call& c, payment_intent& p, std::string_view token, bool no_customer) {
  card_answer said = c.declined ? plain_decline() : answer_of_card(token).value_or(plain_decline());
  if (said == card_wants_customer && no_customer) said = authentication_decline();
  c.changed = true;
  p.face.last = said;
  p.face.token = said > card_wants_customer ? kept_text{} : texts_.put(token);
  if (said == card_wants_customer) return ask_customer(c, p);
  settle(c, p, said);
}

void stripe::settle(call& c, payment_intent& p, card_answer said) {
  p.face.last = said;
  p.face.charged = said != failed_authentication();
  if (said != card_approves) {
    p.face.status = intent_status::requires_payment_method;
    c.event = "payment_intent.payment_failed";
    return;
  }
  c.did(operation::authorize, p.amount, p.automatic ? "" : "payment_intent.amount_capturable_updated");
  if (p.automatic) {
    p.face.status = intent_status::succeeded;
    p.face.received = p.amount;
    c.did(operation::capture, p.amount, "payment_intent.succeeded");
  } else {
    p.face.status = intent_status::requires_capture;
    p.face.capturable = p.amount;
  }
}

void stripe::confirm(call& c) {
  if (!find_intent(c) || !only_known(c, confirm_params)) return;
  payment_intent& p = intents_[c.intent];
  const auto s = p.face.status;
  if (s != intent_status::requires_payment_method && s != intent_status::requires_confirmation && s != intent_status::requires_action) {
    c.keep = true;
    return refuse_state(c, "You cannot confirm this PaymentIntent", "confirmed", "requires_confirmation, requires_action, requires_payment_method");
  }
  std::string_view token = token_in(c.params);
  if (token.empty() || ids_.number_in(token, "pm_") == c.intent) token = p.face.token.view();
  if (token.empty())
    return refuse_showing(c, {400, invalid, "payment_intent_unexpected_state", "You cannot confirm this PaymentIntent because it's missing a payment method."});
  if (!answer_of_card(token)) return refuse(c, {400, invalid, "resource_missing", fmt::format("No such PaymentMethod: '{}'", token), "payment_method"});
  charge(c, p, token, flag(c, "error_on_requires_action"));
  show(c);
}

void stripe::capture(call& c) {
  if (!find_intent(c) || !only_known(c, capture_params)) return;
  payment_intent& p = intents_[c.intent];
  domain::minor_units amount = p.face.capturable;
  if (c.params.find("amount_to_capture")) {
    const auto asked = whole_number(c, "amount_to_capture");
    if (!asked) return;
    if (*asked < 1) return refuse(c, {400, invalid, "parameter_invalid_integer", "This value must be greater than or equal to 1.", "amount_to_capture"});
    amount = *asked;
  }
  c.keep = true;
  if (p.face.status != intent_status::requires_capture) return refuse_state(c, "This PaymentIntent could not be captured", "captured", "requires_capture");
  if (amount > p.face.capturable) {
    const auto message = fmt::format("The amount to capture ({}) is greater than the amount that can be captured ({}).", amount, p.face.capturable);
    return refuse(c, {400, invalid, "amount_too_large", message, "amount_to_capture"});
  }
  if (c.declined) return refuse_showing(c, {402, "card_error", "card_declined", "Your card was declined.", "", "generic_decline", "try_again_later"});
  const bool last = c.params.find("final_capture") != "false" || amount == p.face.capturable;
  if (!last && !p.multicapture)
    return refuse_showing(c,
                          {400, invalid, "", "You cannot set final_capture to false: multicapture is not available for this PaymentIntent.", "final_capture"});
  if (!metadata(c, p.face.metadata, p.face.metadata)) return;
  p.face.received += amount;
  p.face.capturable = last ? 0 : p.face.capturable - amount;  // what is left over goes back to the customer
  if (last) p.face.status = intent_status::succeeded;
  c.changed = true;
  c.did(operation::capture, amount, last ? "payment_intent.succeeded" : "payment_intent.amount_capturable_updated");
  show(c);
}

void stripe::cancel(call& c) {
  if (!find_intent(c) || !only_known(c, cancel_params)) return;
  payment_intent& p = intents_[c.intent];
  std::uint8_t reason = 0;
  if (const auto given = c.params.find("cancellation_reason"); given && !given->empty()) {
    while (reason < std::size(cancellation_reasons) && cancellation_reasons[reason] != *given) ++reason;
    if (reason == std::size(cancellation_reasons))
      return refuse(c, {400, invalid, "", "Invalid cancellation_reason: must be one of duplicate, fraudulent, requested_by_customer, or abandoned",
                        "cancellation_reason"});
  }
  c.keep = true;
  if (p.face.status == intent_status::succeeded || p.face.status == intent_status::canceled)
    return refuse_state(c, "You cannot cancel this PaymentIntent", "canceled",
                        "requires_payment_method, requires_capture, requires_confirmation, requires_action");
  if (c.declined) return refuse_showing(c, {402, "card_error", "card_declined", "The cancellation was refused.", "", "generic_decline", "try_again_later"});
  if (p.face.capturable > 0)
    c.did(operation::void_, p.face.capturable, "payment_intent.canceled");
  else
    c.event = "payment_intent.canceled";
  p.face.status = intent_status::canceled;
  p.face.capturable = 0;
  p.face.canceled_at = static_cast<std::uint32_t>(c.now_ms / 1000);
  p.face.cancellation = reason;
  c.changed = true;
  show(c);
}

}  // namespace coreldove::integrations::world
