#include "http/order_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "http/json_text.hpp"

namespace coreldove::http {
namespace {

namespace dom = simdjson::dom;
using domain::address;
using domain::order_draft;
using text_field = std::optional<std::string>;

constexpr std::string_view money_wanted = "must be a decimal string such as \"29.99\"; JSON numbers are not taken for money";
constexpr std::string_view text_wanted = "must be a string";

template <class Owner, class Member>
struct named_member {
  std::string_view name;
  Member Owner::*member;
  bool money = false;
};

constexpr std::array<named_member<order_draft, text_field>, 10> order_texts{{{"customer_id", &order_draft::customer_id},
                                                                             {"customer_email", &order_draft::customer_email},
                                                                             {"currency", &order_draft::currency},
                                                                             {"payment_method", &order_draft::payment_method},
                                                                             {"payment_token", &order_draft::payment_token},
                                                                             {"payment_gateway", &order_draft::payment_gateway},
                                                                             {"shipping_method", &order_draft::shipping_method},
                                                                             {"shipping_cost", &order_draft::shipping_cost, true},
                                                                             {"tax", &order_draft::tax, true},
                                                                             {"discount", &order_draft::discount, true}}};

constexpr std::array<named_member<order_draft::line, text_field>, 5> line_texts{{{"product_id", &order_draft::line::product_id},
                                                                                 {"sku", &order_draft::line::sku},
                                                                                 {"name", &order_draft::line::name},
                                                                                 {"unit_price", &order_draft::line::unit_price, true},
                                                                                 {"total_price", &order_draft::line::total_price, true}}};

constexpr std::array<named_member<address, std::string>, 8> address_texts{{{"name", &address::name},
                                                                           {"line1", &address::line1},
                                                                           {"line2", &address::line2},
                                                                           {"city", &address::city},
                                                                           {"state", &address::state},
                                                                           {"postal_code", &address::postal_code},
                                                                           {"country", &address::country},
                                                                           {"phone", &address::phone}}};

/// Written by the server alone: a client that sends them believes something that is not so.
constexpr std::array<std::string_view, 16> read_only_fields{"id",         "status",    "payment_status", "fulfillment_status", "version", "amounts",
                                                            "fraud",      "payment",   "allocations",    "shipments",          "reviews", "created_at",
                                                            "updated_at", "placed_by", "rejection",      "total_amount"};

class draft_reader {
public:
  explicit draft_reader(std::string_view body) : body_(body) {}

  read_order run(dom::object root) {
    for (auto m : root) member(m.key, m.value);
    return std::move(out_);
  }

private:
  void complain(std::string pointer, std::string_view code, std::string_view message) {
    out_.complaints.push_back({std::move(pointer), std::string{code}, std::string{message}});
  }

  template <class Owner, class Member, std::size_t N>
  bool text(const std::array<named_member<Owner, Member>, N>& table, Owner& owner, std::string_view key, dom::element value, const std::string& at) {
    for (const auto& row : table) {
      if (row.name != key) continue;
      std::string_view s;
      if (value.get(s) == simdjson::SUCCESS)
        owner.*row.member = std::string{s};
      else if (!value.is_null())
        complain(at + "/" + std::string{key}, "type", row.money ? money_wanted : text_wanted);
      return true;
    }
    return false;
  }

  void member(std::string_view key, dom::element value) {
    if (text(order_texts, out_.draft, key, value, {})) return;
    if (key == "items")
      items(value);
    else if (key == "billing_address")
      postal_address(value, "/billing_address", out_.draft.billing);
    else if (key == "shipping_address")
      postal_address(value, "/shipping_address", out_.draft.shipping);
    else if (key == "metadata")
      metadata(value);
    else if (std::find(read_only_fields.begin(), read_only_fields.end(), key) != read_only_fields.end())
      complain("/" + std::string{key}, "read_only", "is written by the server and can't be set");
  }

  void items(dom::element value) {
    dom::array lines;
    if (value.get(lines) != simdjson::SUCCESS) {
      if (!value.is_null()) complain("/items", "type", "must be an array of objects");
      return;
    }
    out_.draft.items.reserve(lines.size());
    for (auto e : lines) {
      auto& line = out_.draft.items.emplace_back();
      const auto at = "/items/" + std::to_string(out_.draft.items.size() - 1);
      dom::object fields;
      if (e.get(fields) != simdjson::SUCCESS) {
        complain(at, "type", "must be an object");
        continue;
      }
      for (auto m : fields)
        if (!text(line_texts, line, m.key, m.value, at) && m.key == "quantity") quantity(m.value, at, line);
    }
  }

  void quantity(dom::element value, const std::string& at, order_draft::line& line) {
    if (value.type() == dom::element_type::INT64)
      line.quantity = std::int64_t(value);
    else if (!value.is_null())
      complain(at + "/quantity", "type", "must be an integer, written without a decimal point or exponent");
  }

  void postal_address(dom::element value, const std::string& at, std::optional<address>& to) {
    dom::object fields;
    if (value.get(fields) != simdjson::SUCCESS) {
      if (!value.is_null()) complain(at, "type", "must be an object");
      return;
    }
    to.emplace();
    for (auto m : fields) text(address_texts, *to, m.key, m.value, at);
  }

  void metadata(dom::element value) {
    if (!value.is_object()) {
      if (!value.is_null()) complain("/metadata", "type", "must be an object");
      return;
    }
    if (dom::object(value).size() == 0) return;
    const auto text = member_of(body_, "metadata");  // the parsed numbers would lose how they were written
    std::string minified(text.size() + simdjson::SIMDJSON_PADDING, '\0');
    std::size_t length = 0;
    if (text.empty() || simdjson::minify(text.data(), text.size(), minified.data(), length) != simdjson::SUCCESS) {
      out_.draft.metadata = simdjson::minify(value);  // the key was written with escapes
      return;
    }
    minified.resize(length);
    out_.draft.metadata = std::move(minified);
  }

  std::string_view body_;
  read_order out_;
};

}  // namespace

read_order read_order_draft(dom::object root, std::string_view body) { return draft_reader{body}.run(root); }

}  // namespace coreldove::http
