// What a change at Razorpay leaves behind: in the books, in the state file, on its way as webhooks.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <stdexcept>

#include "integrations/sandbox/razorpay/razorpay.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::size_t id_digits = 14;

std::string signature(std::string_view secret, std::string_view body, std::int64_t) {
  return fmt::format("X-Razorpay-Signature: {}\r\n", hex(hmac_sha256(secret, body)));
}

std::string note_of(const nlohmann::json& entity, std::string_view name) {
  const auto notes = entity.find("notes");
  if (notes == entity.end() || !notes->is_object()) return {};
  const auto at = notes->find(name);
  return at != notes->end() && at->is_string() ? at->get<std::string>() : std::string{};
}

}  // namespace

std::string razorpay::make_id(std::string_view prefix) {
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out(id_digits, '0');
  auto number = ++last_id_;
  for (auto at = out.rbegin(); at != out.rend(); ++at, number /= digits.size()) *at = digits[number % digits.size()];
  return std::string{prefix} + out;
}

bool razorpay::is_held(const kept_order& order) const {
  return std::any_of(order.payments.begin(), order.payments.end(), [&](const auto& id) { return payments_.at(id).at("status") != "failed"; });
}

const nlohmann::json& razorpay::pay(kept_order& order, bool approve) {
  auto& face = order.face;
  const auto id = make_id("pay_");
  json p{{"id", id},
         {"entity", "payment"},
         {"amount", face.at("amount")},
         {"currency", face.at("currency")},
         {"status", approve ? "authorized" : "failed"},
         {"order_id", face.at("id")},
         {"invoice_id", nullptr},
         {"international", false},
         {"method", "card"},
         {"amount_refunded", 0},
         {"refund_status", nullptr},
         {"captured", false},
         {"description", nullptr},
         {"email", order.email},
         {"contact", order.contact},
         {"notes", face.at("notes")},
         {"fee", nullptr},
         {"tax", nullptr},
         {"created_at", world_.now_ms() / 1000}};
  for (const auto* member : {"error_code", "error_description", "error_source", "error_step", "error_reason"}) p[member] = nullptr;
  if (!approve) {
    p["error_code"] = "BAD_REQUEST_ERROR";
    p["error_description"] = "Payment processing cancelled by user";
    p["error_source"] = "customer";
    p["error_step"] = "payment_authentication";
    p["error_reason"] = "payment_cancelled";
  }
  face["status"] = "attempted";
  face["attempts"] = face.at("attempts").get<int>() + 1;
  order.payments.push_back(id);
  const auto& kept = payments_.emplace(id, std::move(p)).first->second;
  record(face, {});
  record(kept, approve ? std::vector<done>{{operation::authorize, note_of(face, "idempotency_key"), id, face.at("amount").get<std::int64_t>()}}
                       : std::vector<done>{});
  announce(approve ? "payment.authorized" : "payment.failed", nullptr, kept, nullptr, operation::authorize);
  return kept;
}

void razorpay::book(const done& d, const json& entity, std::int64_t at_ms) {
  const auto currency = domain::currency::find(entity.at("currency").get<std::string>());
  if (!currency) throw std::runtime_error("the currency is not known");
  world_.book.append({at_ms, name(), d.op, d.key, d.reference, note_of(entity, "order_id"), d.amount, *currency});
}

void razorpay::record(const json& entity, const std::vector<done>& effects, std::string_view refund_key, std::string_view refund_body) {
  const auto now = world_.now_ms();
  for (const auto& d : effects) book(d, entity, now);
  if (!world_.log.enabled()) return;
  json line{{"v", name()}, {"at", now}, {"entity", entity}, {"did", json::array()}};
  for (const auto& d : effects) line["did"].push_back({{"op", to_string(d.op)}, {"key", d.key}, {"reference", d.reference}, {"amount", d.amount}});
  if (!refund_key.empty()) {
    line["refund_key"] = refund_key;
    line["refund_body"] = refund_body;
  }
  world_.log.append(line.dump());
}

void razorpay::restore(const simdjson::dom::element& line) {
  const auto all = json::parse(simdjson::minify(line));
  const auto& entity = all.at("entity");
  const auto id = entity.at("id").get<std::string>(), kind = entity.at("entity").get<std::string>();
  const std::lock_guard lock(mutex_);
  if (kind == "order") {
    orders_[id].face = entity;
  } else if (kind == "payment") {
    if (payments_.insert_or_assign(id, entity).second) orders_.at(entity.at("order_id").get<std::string>()).payments.push_back(id);
  } else {
    refunds_.insert_or_assign(id, entity);
    if (all.contains("refund_key"))
      refund_keys_.insert_or_assign(all.at("refund_key").get<std::string>(), kept_refund{all.at("refund_body").get<std::string>(), id});
  }
  for (const auto& d : all.at("did")) {
    const auto op = operation_from(d.at("op").get<std::string>());
    if (!op) throw std::runtime_error("the operation is not known");
    book({*op, d.at("key").get<std::string>(), d.at("reference").get<std::string>(), d.at("amount").get<std::int64_t>()}, entity,
         all.at("at").get<std::int64_t>());
  }
}

void razorpay::announce(std::string_view event, const json* order, const json& payment, const json* refund, operation cause) {
  if (!world_.hooks->wanted()) return;
  json payload{{"payment", {{"entity", payment}}}}, contains{"payment"};
  if (order != nullptr) {
    payload["order"]["entity"] = *order;
    contains.push_back("order");
  }
  if (refund != nullptr) {
    payload["refund"]["entity"] = *refund;
    contains.push_back("refund");
  }
  webhook w{name(),   cause, make_id("evt_"), {}, note_of(refund != nullptr ? *refund : payment, "order_id"), {}, world_.options.razorpay_webhook_secret,
            signature};
  w.reference = (refund != nullptr ? *refund : payment).at("id").get<std::string>();
  w.headers = fmt::format("X-Razorpay-Event-Id: {}\r\n", w.event_id);
  w.body = json{{"entity", "event"},    {"account_id", "acc_sandbox"}, {"event", event},
                {"contains", contains}, {"payload", payload},          {"created_at", world_.now_ms() / 1000}}
               .dump();
  world_.hooks->send(std::move(w));
}

}  // namespace coreldove::integrations::world
