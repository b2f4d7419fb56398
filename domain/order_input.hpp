#pragma once
// What a buyer asks for: as it came in (draft: nothing trusted), and as the order machine takes it (input: everything checked).
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/address.hpp"
#include "domain/money.hpp"
#include "domain/result.hpp"

namespace coreldove::domain {

struct order_line {
  std::string product_id, sku, name;
  std::int32_t quantity = 0;  // 1..10,000
  minor_units unit_price = 0;
  minor_units total_price = 0;  // quantity × unit_price
  friend bool operator==(const order_line&, const order_line&) = default;
};

struct order_input {
  std::string customer_id, customer_email;
  domain::currency currency;
  std::vector<order_line> items;  // 1..500
  address billing, shipping;
  std::string payment_method, payment_token, payment_gateway;
  std::string shipping_method;
  minor_units shipping_cost = 0, tax = 0, discount = 0;
  std::string metadata = "{}";  // the JSON object as it came, minified; never interpreted

  minor_units subtotal() const;
  /// subtotal − discount + tax + shipping; validation has seen to it that this neither overflows nor is negative.
  minor_units total() const;
  friend bool operator==(const order_input&, const order_input&) = default;
};

/// An input is never changed once it was checked, so command, events and state share one. Never empty: without an order it is an empty input.
class shared_input {
public:
  shared_input() : in_(nothing()) {}
  shared_input(order_input in) : in_(std::make_shared<const order_input>(std::move(in))) {}
  const order_input& operator*() const { return *in_; }
  const order_input* operator->() const { return in_.get(); }
  friend bool operator==(const shared_input& a, const shared_input& b) { return a.in_ == b.in_ || *a == *b; }

private:
  static const std::shared_ptr<const order_input>& nothing();
  std::shared_ptr<const order_input> in_;
};

/// The fields as text, before any check. A field that was missing, or had the wrong JSON type (which the reader reports itself), is empty.
struct order_draft {
  struct line {
    std::optional<std::string> product_id, sku, name, unit_price, total_price;
    std::optional<std::int64_t> quantity;
  };
  std::optional<std::string> customer_id, customer_email, currency;
  std::vector<line> items;
  std::optional<address> billing, shipping;
  std::optional<std::string> payment_method, payment_token, payment_gateway, shipping_method;
  std::optional<std::string> shipping_cost, tax, discount;
  std::string metadata = "{}";
};

/// What validation needs to know of the installation.
struct intake_rules {
  std::vector<std::string> gateways;  // the configured ones; a draft that names another is refused
  std::string sandbox_token;          // stands in for a missing payment_token; empty in production, where that is an error for cards
};

/// What may be asked for; a card method needs a payment token.
inline constexpr std::array<std::string_view, 3> card_methods{"credit_card", "debit_card", "card"};
inline constexpr std::array<std::string_view, 7> other_methods{"wallet", "paypal", "apple_pay", "google_pay", "bank_transfer", "upi", "net_banking"};
inline constexpr std::array<std::string_view, 4> shipping_methods{"standard", "express", "overnight", "economy"};
/// The gateways there are; an installation has some of them configured.
inline constexpr std::array<std::string_view, 4> known_gateways{"stripe", "paypal", "razorpay", "payu"};

/// Bounds of one order. Amounts stay far from the end of int64, so that later sums of them cannot overflow.
inline constexpr std::size_t lines_max = 500;
inline constexpr std::int64_t quantity_max = 10'000;
inline constexpr minor_units amount_max = 1'000'000'000'000'000;

/// Checks everything at once: required fields, lengths, quantities, decimals of the currency, addresses, line totals, the sum.
/// `already` are complaints of the reader (wrong JSON types); fields that have one, and what is inside them, are not complained about again.
/// Optional texts that are empty count as missing. A missing `total_price` is computed. Codes of the complaints: required, invalid, too_long (characters),
/// too_many (lines), empty (no lines), out_of_range (quantities, amounts below zero or above amount_max, a discount above the subtotal),
/// unknown_currency, unknown_country, total_mismatch, overflow (a computed sum above amount_max), unknown_gateway, gateway_not_configured, token_required.
result<order_input> validate(order_draft draft, const intake_rules& rules, std::vector<field_error> already = {});

}  // namespace coreldove::domain
