// validate() of order_input.hpp: from a draft that nobody has checked to an input that the order machine trusts.
#include <algorithm>
#include <limits>

#include "domain/email_address.hpp"
#include "domain/order_input.hpp"
#include "domain/text_check.hpp"

namespace coreldove::domain {
namespace {

constexpr std::size_t id_max = 128, name_max = 256, email_max = 254, token_max = 255, metadata_bytes_max = 16'384;

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

template <std::size_t N>
std::string listing(const std::array<std::string_view, N>& names) {
  std::string out = "must be one of ";
  for (std::size_t i = 0; i < N; ++i) out.append(i == 0 ? "" : ", ").append(names[i]);
  return out;
}

/// Digits without a leading zero, and maybe a point and up to `decimals_max` more: what parse_amount reads, but of any size.
bool is_decimal(std::string_view text, std::size_t decimals_max) {
  const auto all_digits = [](std::string_view part) { return std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; }); };
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  if (whole.empty() || !all_digits(whole) || (whole.size() > 1 && whole.front() == '0')) return false;
  if (point == std::string_view::npos) return true;
  const std::string_view decimals = text.substr(point + 1);
  return !decimals.empty() && decimals.size() <= decimals_max && all_digits(decimals);
}

constexpr std::size_t decimals_of_any_currency = 3;

class intake {
public:
  intake(order_draft&& draft, const intake_rules& rules, std::vector<field_error>&& already)
      : draft_(std::move(draft)), rules_(rules), complaints_(std::move(already)), of_reader_(complaints_.size()) {}

  result<order_input> run() && {
    who();
    money();
    items();
    addresses();
    payment();
    shipping();
    if (draft_.metadata.size() > metadata_bytes_max) complain("/metadata", "too_long", "must have at most 16384 bytes of JSON");
    out_.metadata = std::move(draft_.metadata);
    if (amounts_ok_) sums();
    if (!complaints_.empty()) return failure{errc::invalid_input, "The order has fields that cannot be accepted.", std::move(complaints_), {}};
    return std::move(out_);
  }

private:
  /// True where the reader has complained about `pointer` or what it is inside of.
  bool is_settled(std::string_view pointer) const {
    return std::any_of(complaints_.begin(), complaints_.begin() + static_cast<std::ptrdiff_t>(of_reader_), [&](const field_error& e) {
      return pointer.starts_with(e.pointer) && (pointer.size() == e.pointer.size() || pointer[e.pointer.size()] == '/');
    });
  }

  void complain(std::string pointer, std::string code, std::string message) { add({std::move(pointer), std::move(code), std::move(message)}); }

  void add(field_error e) {
    if (!is_settled(e.pointer)) complaints_.push_back(std::move(e));
  }

  /// Moves the text over where it is fine. `at` and `name` make the pointer.
  bool text(std::optional<std::string>& from, std::string& to, std::size_t characters_max, presence need, std::string_view at, std::string_view name) {
    const std::string_view value = from ? std::string_view{*from} : std::string_view{};
    if (auto fault = check_field(value, characters_max, need, at, name)) {
      add(*std::move(fault));
      return false;
    }
    if (from) to = *std::move(from);
    return true;
  }

  void who() {
    text(draft_.customer_id, out_.customer_id, id_max, presence::required, "", "customer_id");
    if (text(draft_.customer_email, out_.customer_email, email_max, presence::optional, "", "customer_email") && !out_.customer_email.empty() &&
        !is_email_address(out_.customer_email))
      complain("/customer_email", "invalid", "must be an e-mail address, such as name@example.com");
  }

  void money() {
    std::string code;
    if (!text(draft_.currency, code, name_max, presence::required, "", "currency")) {
      amounts_ok_ = false;
      return;
    }
    currency_ = currency::find(code);
    if (!currency_) return amount_error("/currency", "unknown_currency", "must be the code of a currency of ISO 4217, such as USD");
    out_.currency = *currency_;
  }

  void amount_error(std::string pointer, std::string code, std::string message) {
    amounts_ok_ = false;
    complain(std::move(pointer), std::move(code), std::move(message));
  }

  /// Reads an amount in the order's currency; where that is unknown, only its form is checked.
  std::optional<minor_units> amount(const std::string& text, std::string_view at, std::string_view name) {
    const auto pointer = [&] { return std::string{at}.append("/").append(name); };
    if (!currency_) {
      if (!is_decimal(text, decimals_of_any_currency)) amount_error(pointer(), "invalid", "must be a decimal number in a string, such as \"59.98\"");
      return std::nullopt;
    }
    const auto value = parse_amount(text, currency_->digits);
    if (value && *value <= amount_max) return value;
    if (value || is_decimal(text, currency_->digits)) {
      amount_error(pointer(), "out_of_range", "must be at most " + format_amount(amount_max, currency_->digits));
    } else if (text.starts_with('-') && is_decimal(std::string_view{text}.substr(1), currency_->digits)) {
      amount_error(pointer(), "out_of_range", "must not be negative");
    } else {
      amount_error(pointer(), "invalid", "must be a decimal number in a string with at most " + std::to_string(currency_->digits) + " digits after the point");
    }
    return std::nullopt;
  }

  void items() {
    if (draft_.items.empty()) return amount_error("/items", "empty", "must have at least one line");
    if (draft_.items.size() > lines_max) return amount_error("/items", "too_many", "must have at most " + std::to_string(lines_max) + " lines");
    out_.items.reserve(draft_.items.size());
    for (std::size_t i = 0; i < draft_.items.size(); ++i) item(draft_.items[i], "/items/" + std::to_string(i));
  }

  void item(order_draft::line& from, const std::string& at) {
    order_line& to = out_.items.emplace_back();
    text(from.product_id, to.product_id, id_max, presence::required, at, "product_id");
    text(from.sku, to.sku, id_max, presence::required, at, "sku");
    text(from.name, to.name, name_max, presence::required, at, "name");
    if (!from.quantity)
      amount_error(at + "/quantity", "required", "must be given");
    else if (*from.quantity < 1 || *from.quantity > quantity_max)
      amount_error(at + "/quantity", "out_of_range", "must be a whole number from 1 to " + std::to_string(quantity_max));
    else
      to.quantity = static_cast<std::int32_t>(*from.quantity);
    std::optional<minor_units> unit, total;
    if (from.unit_price)
      unit = amount(*from.unit_price, at, "unit_price");
    else
      amount_error(at + "/unit_price", "required", "must be given");
    if (from.total_price && !from.total_price->empty()) total = amount(*from.total_price, at, "total_price");
    if (!unit || to.quantity == 0) return;
    to.unit_price = *unit;
    const auto product = checked_multiply(*unit, to.quantity);
    if (!product || *product > amount_max) return amount_error(at + "/unit_price", "overflow", "times the quantity is more than an order may cost");
    to.total_price = *product;
    if (total && *total != *product)
      amount_error(at + "/total_price", "total_mismatch", "must be quantity times unit_price, which is " + format_amount(*product, currency_->digits));
  }

  void addresses() {
    one_address(draft_.billing, out_.billing, "/billing_address");
    one_address(draft_.shipping, out_.shipping, "/shipping_address");
  }

  void one_address(std::optional<address>& from, address& to, std::string_view at) {
    if (!from) return complain(std::string{at}, "required", "must be given");
    for (auto& e : check_address(*from, at)) add(std::move(e));
    to = *std::move(from);
  }

  void payment() {
    if (text(draft_.payment_method, out_.payment_method, name_max, presence::required, "", "payment_method") && !is_one_of(card_methods, out_.payment_method) &&
        !is_one_of(other_methods, out_.payment_method))
      complain("/payment_method", "invalid", listing(card_methods) + ", " + listing(other_methods).substr(std::string_view{"must be one of "}.size()));
    if (text(draft_.payment_gateway, out_.payment_gateway, name_max, presence::optional, "", "payment_gateway") && !out_.payment_gateway.empty()) gateway();
    if (text(draft_.payment_token, out_.payment_token, token_max, presence::optional, "", "payment_token") && out_.payment_token.empty()) {
      out_.payment_token = rules_.sandbox_token;
      if (out_.payment_token.empty() && is_one_of(card_methods, out_.payment_method))
        complain("/payment_token", "token_required", "must be given for payments by card");
    }
  }

  void gateway() {
    if (std::ranges::find(rules_.gateways, out_.payment_gateway) != rules_.gateways.end()) return;
    if (is_one_of(known_gateways, out_.payment_gateway))
      complain("/payment_gateway", "gateway_not_configured", "is not set up here");
    else
      complain("/payment_gateway", "unknown_gateway", listing(known_gateways));
  }

  void shipping() {
    if (text(draft_.shipping_method, out_.shipping_method, name_max, presence::required, "", "shipping_method") &&
        !is_one_of(shipping_methods, out_.shipping_method))
      complain("/shipping_method", "invalid", listing(shipping_methods));
    extra(draft_.shipping_cost, out_.shipping_cost, "shipping_cost");
    extra(draft_.tax, out_.tax, "tax");
    extra(draft_.discount, out_.discount, "discount");
  }

  void extra(const std::optional<std::string>& from, minor_units& to, std::string_view name) {
    if (!from || from->empty()) return;
    if (const auto value = amount(*from, "", name)) to = *value;
  }

  /// Every amount is known to be between 0 and amount_max, and there are at most lines_max of them: no sum can leave int64.
  void sums() {
    static_assert(amount_max <= std::numeric_limits<minor_units>::max() / static_cast<minor_units>(lines_max + 3));
    if (out_.discount > out_.subtotal())
      complain("/discount", "out_of_range", "must be at most the sum of the lines, " + format_amount(out_.subtotal(), currency_->digits));
    else if (out_.total() > amount_max)
      complain("/items", "overflow", "cost more together than an order may");
  }

  order_draft draft_;
  const intake_rules& rules_;
  std::vector<field_error> complaints_;
  std::size_t of_reader_;  // so many of them, the first ones, came from the reader
  order_input out_;
  std::optional<currency> currency_;
  bool amounts_ok_ = true;  // nothing is wrong with what the sums are made of
};

}  // namespace

result<order_input> validate(order_draft draft, const intake_rules& rules, std::vector<field_error> already) {
  return intake{std::move(draft), rules, std::move(already)}.run();
}

}  // namespace coreldove::domain
