#include "integrations/sandbox/razorpay/razorpay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "integrations/sandbox/approval_page.hpp"
#include "integrations/sandbox/form.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::array operations_known{operation::authorize, operation::capture, operation::refund, operation::webhook};
constexpr std::size_t receipt_size_max = 40, notes_max = 15, refund_key_size_min = 10;
constexpr std::int64_t amount_min = 100;

struct refusal {
  int status = 400;
  std::string_view description, reason = "input_validation_failed", field = {}, code = "BAD_REQUEST_ERROR";
};

void refuse(reply& out, const refusal& r) {
  nlohmann::json e{
      {"code", r.code}, {"description", r.description}, {"source", "business"}, {"step", "payment_initiation"}, {"metadata", nlohmann::json::object()}};
  if (!r.reason.empty()) e["reason"] = r.reason;
  if (!r.field.empty()) e["field"] = r.field;
  out.status = r.status;
  out.body = nlohmann::json{{"error", std::move(e)}}.dump();
}

/// A JSON object with no members but `known`; else Razorpay's words for it are in `out`.
std::optional<nlohmann::json> read_body(const request& rq, std::initializer_list<std::string_view> known, reply& out) {
  auto body = rq.body.empty() ? nlohmann::json::object() : nlohmann::json::parse(rq.body, nullptr, false);
  if (!body.is_object()) {
    refuse(out, {400, "The request body is not a JSON object."});
    return std::nullopt;
  }
  for (const auto& [name, value] : body.items())
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      refuse(out, {400, fmt::format("{} is/are not required and should not be sent", name), "input_validation_failed", name});
      return std::nullopt;
    }
  return body;
}

/// The amount, or its complaint in `out`.
std::optional<std::int64_t> read_amount(const nlohmann::json& body, reply& out) {
  const auto at = body.find("amount");
  if (at == body.end()) {
    refuse(out, {400, "The amount field is required.", "input_validation_failed", "amount"});
  } else if (!at->is_number_integer()) {
    refuse(out, {400, "The amount must be an integer.", "input_validation_failed", "amount"});
  } else if (at->get<std::int64_t>() < amount_min) {
    refuse(out, {400, "The amount must be at least INR 1.00", "input_validation_failed", "amount"});
  } else {
    return at->get<std::int64_t>();
  }
  return std::nullopt;
}

std::string text_of(const nlohmann::json& body, std::string_view name) {
  const auto at = body.find(name);
  return at != body.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

/// Whether a fault other than a decline has answered already.
bool struck(const std::optional<fault>& f, reply& out) {
  if (ends_here(f, out)) return true;
  if (is(f, fault_kind::error_500))
    refuse(out, {500, "We are facing some trouble completing your request at the moment. Please try again shortly.", "", "", "SERVER_ERROR"});
  if (is(f, fault_kind::rate_limit_429)) refuse(out, {429, "Request failed because of too many requests.", ""});
  return is(f, fault_kind::error_500) || is(f, fault_kind::rate_limit_429);
}

std::string price_of(const nlohmann::json& order) {
  return fmt::format("{} {} (smallest units)", order.at("amount").get<std::int64_t>(), order.at("currency").get<std::string>());
}

}  // namespace

razorpay::razorpay(world& w) : world_(w), last_id_(static_cast<std::uint64_t>(w.now_ms()) * 100) {}  // greater than in any run before

std::span<const operation> razorpay::operations() const { return operations_known; }

bool razorpay::authorized(const request& rq, reply& out) const {
  const auto header = rq.header("Authorization");
  const auto pair = header.starts_with("Basic ") ? from_base64(header.substr(6)) : std::string{};
  const auto colon = std::min(pair.find(':'), pair.size());
  const std::string_view id = std::string_view{pair}.substr(0, colon), secret = std::string_view{pair}.substr(std::min(pair.size(), colon + 1));
  const auto& o = world_.options;
  if (o.razorpay_key_id.empty() ? id.starts_with("rzp_test_") && !secret.empty() : id == o.razorpay_key_id && secret == o.razorpay_key_secret) return true;
  refuse(out, {401, "Authentication failed", ""});
  return false;
}

void razorpay::answer(const request& rq, reply& out) {
  constexpr std::string_view buttons = "/checkout/";
  const std::lock_guard lock(mutex_);
  if (rq.method == "POST" && rq.path == "/v1/checkout/embedded") return show_checkout(rq, out);
  if (rq.method == "POST" && rq.path.starts_with(buttons)) return press_button(rq, rq.path.substr(buttons.size()), out);
  if (authorized(rq, out)) route(rq, out);
}

void razorpay::route(const request& rq, reply& out) {
  const bool post = rq.method == "POST", get = rq.method == "GET";
  auto rest = rq.path;
  const auto eat = [&](std::string_view prefix) {
    if (!rest.starts_with(prefix)) return false;
    rest.remove_prefix(prefix.size());
    return true;
  };
  if (post && rest == "/v1/orders") return create_order(rq, out);
  const auto kind = eat("/v1/orders/") ? 'o' : eat("/v1/payments/") ? 'p' : eat("/v1/refunds/") ? 'r' : ' ';
  const auto id = rest.substr(0, rest.find('/'));
  const auto verb = rest.substr(std::min(rest.size(), id.size() + 1));
  const auto found_in = [&](const entities& all) {
    const auto at = all.find(id);
    return at == all.end() ? nullptr : &at->second;
  };
  if (get && kind == 'o' && verb == "payments") return list_payments(id, out);
  if (get && kind == 'o' && rest == id) return show(orders_.contains(id) ? &orders_.find(id)->second.face : nullptr, out);
  if (get && kind != ' ' && rest == id) return show(found_in(kind == 'p' ? payments_ : refunds_), out);
  if (post && kind == 'p' && verb == "capture") return capture(rq, id, out);
  if (post && kind == 'p' && verb == "refund") return refund(rq, id, out);
  refuse(out, {400, "The requested URL was not found on the server.", "NA"});
}

void razorpay::show(const json* entity, reply& out) {
  if (entity == nullptr) return refuse(out, {400, "The id provided does not exist"});
  out.body = entity->dump();
}

void razorpay::list_payments(std::string_view order, reply& out) {
  const auto f = world_.mishaps.take(name(), operation::authorize);
  if (struck(f, out)) return;
  const auto at = orders_.find(order);
  if (at == orders_.end()) return refuse(out, {400, "The id provided does not exist"});
  json items = json::array();
  for (const auto& id : at->second.payments) items.push_back(payments_.at(id));
  out.body = json{{"entity", "collection"}, {"count", items.size()}, {"items", items}}.dump();
  spoil(f, out);
}

void razorpay::create_order(const request& rq, reply& out) {
  const auto f = world_.mishaps.take(name(), operation::authorize);
  if (struck(f, out)) return;
  const auto body = read_body(rq, {"amount", "currency", "receipt", "notes", "partial_payment", "payment_capture", "payment"}, out);
  const auto amount = body ? read_amount(*body, out) : std::nullopt;
  if (!amount) return;
  const auto currency = text_of(*body, "currency"), receipt = text_of(*body, "receipt");
  if (!domain::currency::find(currency)) return refuse(out, {400, "Currency is not supported", "input_validation_failed", "currency"});
  if (receipt.size() > receipt_size_max) return refuse(out, {400, "The receipt may not be greater than 40 characters.", "input_validation_failed", "receipt"});
  const auto notes = body->value("notes", json::array());
  if (notes.size() > notes_max) return refuse(out, {400, "The notes may not be greater than 15.", "input_validation_failed", "notes"});
  if (is(f, fault_kind::decline)) return refuse(out, {400, "The payment was declined.", "card_declined"});
  json order{{"id", make_id("order_")}, {"entity", "order"},    {"amount", *amount},  {"amount_paid", 0},
             {"amount_due", *amount},   {"currency", currency}, {"receipt", nullptr}, {"offer_id", nullptr},
             {"status", "created"},     {"attempts", 0},        {"notes", notes},     {"created_at", world_.now_ms() / 1000}};
  if (!receipt.empty()) order["receipt"] = receipt;
  record(order, {});
  out.body = order.dump();
  const auto id = order.at("id").get<std::string>();
  orders_.emplace(id, kept_order{std::move(order), {}, {}, {}, {}});
  spoil(f, out);
}

void razorpay::capture(const request& rq, std::string_view id, reply& out) {
  const auto f = world_.mishaps.take(name(), operation::capture);
  if (struck(f, out)) return;
  const auto body = read_body(rq, {"amount", "currency"}, out);
  const auto amount = body ? read_amount(*body, out) : std::nullopt;
  if (!amount) return;
  const auto at = payments_.find(id);
  if (at == payments_.end()) return refuse(out, {400, "The id provided does not exist"});
  auto& p = at->second;
  if (p.at("status") == "captured" || p.at("status") == "refunded") return refuse(out, {400, "This payment has already been captured", "capture_failed"});
  if (p.at("status") != "authorized")
    return refuse(out, {400, "Only payments which have been authorized and not yet captured can be captured", "capture_failed"});
  if (p.at("currency") != text_of(*body, "currency"))
    return refuse(out, {400, "Payment currency should be same as the capture currency.", "capture_failed", "currency"});
  if (p.at("amount") != *amount) return refuse(out, {400, "Capture amount must be equal to the amount authorized", "capture_failed", "amount"});
  if (is(f, fault_kind::decline)) return refuse(out, {400, "The payment could not be captured.", "capture_failed"});
  auto& order = orders_.at(p.at("order_id").get<std::string>()).face;
  p["status"] = "captured";
  p["captured"] = true;
  order["status"] = "paid";
  order["amount_paid"] = *amount;
  order["amount_due"] = 0;
  record(order, {});
  record(p, {{operation::capture, {}, std::string{id}, *amount}});
  announce("payment.captured", nullptr, p, nullptr, operation::capture);
  announce("order.paid", &order, p, nullptr, operation::capture);
  out.body = p.dump();
  spoil(f, out);
}

void razorpay::refund(const request& rq, std::string_view id, reply& out) {
  const auto f = world_.mishaps.take(name(), operation::refund);
  if (struck(f, out)) return;
  const auto key = rq.header("X-Refund-Idempotency");
  if (!key.empty() && key.size() < refund_key_size_min)
    return refuse(out, {400, "The idempotency key must have at least 10 characters.", "input_validation_failed"});
  const auto whole = fmt::format("{} {}", id, rq.body);
  if (const auto kept = refund_keys_.find(key); !key.empty() && kept != refund_keys_.end()) {
    if (kept->second.body != whole) return refuse(out, {400, "Different request with the same idempotency key has already been processed.", "NA"});
    if (std::chrono::steady_clock::now() < kept->second.busy_until) return refuse(out, {409, "Request with the same idempotency key is in progress.", "NA"});
    out.body = refunds_.at(kept->second.refund).dump();
    return spoil(f, out);
  }
  const auto body = read_body(rq, {"amount", "speed", "notes", "receipt"}, out);
  if (!body) return;
  const auto at = payments_.find(id);
  if (at == payments_.end()) return refuse(out, {400, "The id provided does not exist"});
  if (is(f, fault_kind::decline)) return refuse(out, {400, "The refund was refused.", "refund_failed"});
  make_refund(rq, *body, at->second, out);
  if (out.status != 200) return;
  if (!key.empty() && is(f, fault_kind::slow)) refund_keys_.find(key)->second.busy_until = std::chrono::steady_clock::now() + f->delay;
  spoil(f, out);
}

void razorpay::make_refund(const request& rq, const json& body, json& payment, reply& out) {
  const auto left = payment.at("amount").get<std::int64_t>() - payment.at("amount_refunded").get<std::int64_t>();
  if (payment.at("status") != "captured" && payment.at("status") != "refunded")
    return refuse(out, {400, "The payment status should be captured for action to be taken"});
  if (left == 0) return refuse(out, {400, "The payment has been fully refunded already"});
  const auto amount = body.contains("amount") ? read_amount(body, out) : std::optional{left};
  if (!amount) return;
  if (*amount > left) return refuse(out, {400, "The total refund amount is greater than the refund payment amount", "input_validation_failed", "amount"});
  const auto speed = body.value("speed", "normal");
  json made{{"id", make_id("rfnd_")},
            {"entity", "refund"},
            {"amount", *amount},
            {"receipt", nullptr},
            {"notes", body.value("notes", json::array())},
            {"currency", payment.at("currency")},
            {"payment_id", payment.at("id")},
            {"acquirer_data", {{"arn", nullptr}}},
            {"created_at", world_.now_ms() / 1000},
            {"batch_id", nullptr},
            {"status", "processed"},
            {"speed_processed", "normal"},
            {"speed_requested", speed}};
  if (body.contains("receipt")) made["receipt"] = body.at("receipt");
  payment["amount_refunded"] = payment.at("amount_refunded").get<std::int64_t>() + *amount;
  payment["refund_status"] = *amount == left ? "full" : "partial";
  if (*amount == left) payment["status"] = "refunded";
  const auto id = made.at("id").get<std::string>();
  const auto key = rq.header("X-Refund-Idempotency");
  const auto whole = fmt::format("{} {}", payment.at("id").get<std::string>(), rq.body);
  record(payment, {});
  record(made, {{operation::refund, std::string{key}, id, *amount}}, key, whole);
  if (!key.empty()) refund_keys_.insert_or_assign(std::string{key}, kept_refund{whole, id});
  announce("refund.created", nullptr, payment, &made, operation::refund);
  announce("refund.processed", nullptr, payment, &made, operation::refund);
  out.body = made.dump();
  refunds_.emplace(id, std::move(made));
}

void razorpay::show_checkout(const request& rq, reply& out) {
  form f;
  if (!f.read(rq.body)) return refuse(out, {400, "The form cannot be read."});
  const auto& wanted = world_.options.razorpay_key_id;
  const auto key = f.find("key_id").value_or("");
  if (wanted.empty() ? !key.starts_with("rzp_test_") : key != wanted) return refuse(out, {401, "The api key provided is invalid", ""});
  const auto at = orders_.find(f.find("order_id").value_or(""));
  if (at == orders_.end()) return refuse(out, {400, "The id provided does not exist"});
  auto& order = at->second;
  order.email = f.find("prefill[email]").value_or("");
  order.contact = f.find("prefill[contact]").value_or("");
  order.return_url = f.find("callback_url").value_or("");
  approval_page(out, "Razorpay Checkout", price_of(order.face), fmt::format("/razorpay/checkout/{}", at->first));
}

void razorpay::press_button(const request& rq, std::string_view order, reply& out) {
  form f;
  const auto at = orders_.find(order);
  if (at == orders_.end() || !f.read(rq.body)) return refuse(out, {400, "The id provided does not exist"});
  if (is_held(at->second)) return return_page(out, "This order is paid already", {}, {});
  const auto& p = pay(at->second, f.find("decision") == "approve");
  const auto id = p.at("id").get<std::string>();
  if (p.at("status") == "failed") return return_page(out, "The payment has failed", {}, {});
  return_page(out, "The payment has gone through", at->second.return_url,
              {{"razorpay_payment_id", id},
               {"razorpay_order_id", at->first},
               {"razorpay_signature", hex(hmac_sha256(world_.options.razorpay_key_secret, fmt::format("{}|{}", order, id)))}});
}

std::optional<domain::result<decided_payment>> razorpay::decide(std::string_view reference, bool approve) {
  const std::lock_guard lock(mutex_);
  const auto at = orders_.find(reference);
  if (at == orders_.end()) return std::nullopt;
  if (is_held(at->second)) return domain::failure{domain::errc::wrong_state, "The order has been paid already."};
  const auto& p = pay(at->second, approve);
  return decided_payment{p.at("id").get<std::string>(), p.at("status").get<std::string>()};
}

}  // namespace coreldove::integrations::world
