#include "integrations/sandbox/payu/payu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "integrations/sandbox/approval_page.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::array operations_known{operation::authorize, operation::capture, operation::void_, operation::refund, operation::webhook};
constexpr std::array<std::string_view, 10> wanted_fields{"key", "txnid", "amount", "productinfo", "firstname", "email", "phone", "surl", "furl", "hash"};
constexpr std::string_view hash_is_wrong = "incorrectly calculated hash parameter";
constexpr std::size_t token_size_max = 23;
constexpr std::uint8_t digits = 2;

void error_page(reply& out, std::string_view why) { return_page(out, fmt::format("Error: we were unable to process your payment: {}", why), {}, {}); }

void say(reply& out, nlohmann::json answer) { out.body = answer.dump(); }

void refuse(reply& out, std::string_view message, std::string_view code = {}) {
  nlohmann::json answer{{"status", 0}, {"msg", message}};
  if (!code.empty()) answer["error_code"] = code;
  say(out, std::move(answer));
}

/// Whether a fault other than a decline has answered already.
bool struck(const std::optional<fault>& f, reply& out) {
  if (ends_here(f, out)) return true;
  if (is(f, fault_kind::error_500)) {
    out.status = 500;
    out.content_type = "text/html";
    out.body = "<html><body>Some problem occurred</body></html>";
  }
  if (is(f, fault_kind::rate_limit_429)) refuse(out, "Requests limit reached");
  return is(f, fault_kind::error_500) || is(f, fault_kind::rate_limit_429);
}

nlohmann::json details_of(const nlohmann::json& p) {
  const auto status = text_in(p, "status");
  const bool fine = status == "auth" || status == "captured", open = status == "pending";
  return {{"mihpayid", p.at("mihpayid")},
          {"request_id", ""},
          {"bank_ref_num", fine ? "721522" : ""},
          {"amt", p.at("amount")},
          {"transaction_amount", p.at("amount")},
          {"txnid", p.at("txnid")},
          {"additional_charges", "0.00"},
          {"productinfo", p.at("productinfo")},
          {"firstname", p.at("firstname")},
          {"bankcode", "CC"},
          {"udf1", p.at("udf1")},
          {"udf2", p.at("udf2")},
          {"field9", fine   ? "No Error"
                     : open ? ""
                            : "Transaction declined with do not honor"},
          {"error_code", fine || open ? "E000" : "E307"},
          {"error_Message", fine || open ? "NO ERROR" : "Transaction declined with do not honor"},
          {"net_amount_debit", fine ? p.at("amount") : nlohmann::json{"0.00"}},
          {"disc", "0.00"},
          {"mode", "CC"},
          {"PG_TYPE", "CC-PG"},
          {"card_no", "512345XXXXXX2346"},
          {"status", fine   ? "success"
                     : open ? "pending"
                            : "failure"},
          {"unmappedstatus", status}};
}

}  // namespace

std::string text_in(const nlohmann::json& object, std::string_view member) {
  const auto at = object.find(member);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

payu::payu(world& w) : world_(w), last_number_(static_cast<std::uint64_t>(w.now_ms()) * 100) {}  // greater than in any run before

std::span<const operation> payu::operations() const { return operations_known; }

void payu::answer(const request& rq, reply& out) {
  constexpr std::string_view buttons = "/decide/";
  const std::lock_guard lock(mutex_);
  if (rq.method == "POST" && rq.path == "/_payment") return show_page(rq, out);
  if (rq.method == "POST" && rq.path.starts_with(buttons)) return press_button(rq, rq.path.substr(buttons.size()), out);
  if (rq.method == "POST" && (rq.path == "/merchant/postservice.php" || rq.path == "/merchant/postservice")) return serve(rq, out);
  out.status = 404;
  out.content_type = "text/html";
  out.body = "<html><body>Not found</body></html>";
}

payu::json* payu::find(std::string_view id) {
  if (const auto txn = by_txn_.find(id); txn != by_txn_.end()) id = txn->second;
  const auto at = by_id_.find(id);
  return at == by_id_.end() ? nullptr : &at->second;
}

void payu::show_page(const request& rq, reply& out) {
  const auto f = world_.mishaps.take(name(), operation::authorize);
  if (struck(f, out)) return;
  form posted;
  if (!posted.read(rq.body)) return error_page(out, "the form cannot be read");
  const auto value = [&](std::string_view field) { return posted.find(field).value_or(""); };
  for (const auto field : wanted_fields)
    if (value(field).empty()) return error_page(out, fmt::format("Mandatory param missing: {}", field));
  const auto& o = world_.options;
  if (!o.payu_merchant_key.empty() && value("key") != o.payu_merchant_key) return error_page(out, "invalid key");
  const auto hash = payu_hash({value("key"), value("txnid"), value("amount"), value("productinfo"), value("firstname"), value("email"), value("udf1"),
                               value("udf2"), value("udf3"), value("udf4"), value("udf5"), "", "", "", "", "", o.payu_merchant_salt});
  if (value("hash") != hash) return error_page(out, hash_is_wrong);
  if (!domain::parse_amount(value("amount"), digits).value_or(0)) return error_page(out, "invalid amount");
  json* known = find(value("txnid"));
  if (known != nullptr && text_in(*known, "status") != "pending") return error_page(out, "duplicate transaction id");
  if (known == nullptr) {
    const auto id = next_number();
    json p{{"mihpayid", id}, {"status", "pending"}, {"captured", 0}, {"refunded", 0}, {"actions", json::array()}};
    for (const auto field :
         {"key", "txnid", "amount", "productinfo", "firstname", "email", "phone", "surl", "furl", "pre_authorize", "udf1", "udf2", "udf3", "udf4", "udf5"})
      p[field] = value(field);
    by_txn_[p.at("txnid").get<std::string>()] = id;
    known = &by_id_.emplace(id, std::move(p)).first->second;
    record(*known, std::nullopt, 0, {}, {});
  }
  if (is(f, fault_kind::decline)) {
    settle(*known, false);
    return return_page(out, "The payment has failed", text_in(*known, "furl"), report(*known));
  }
  approval_page(out, "PayU", fmt::format("{} INR for {}", value("amount"), value("productinfo")), "/payu/decide/" + text_in(*known, "mihpayid"));
  spoil(f, out);
}

void payu::press_button(const request& rq, std::string_view id, reply& out) {
  form f;
  json* p = find(id);
  if (p == nullptr || !f.read(rq.body)) return error_page(out, "no such payment");
  if (text_in(*p, "status") != "pending") return error_page(out, "it has been decided already");
  const bool approve = f.find("decision") == "approve";
  settle(*p, approve);
  return_page(out, approve ? "The payment has gone through" : "The payment has failed", text_in(*p, approve ? "surl" : "furl"), report(*p));
}

std::optional<domain::result<decided_payment>> payu::decide(std::string_view reference, bool approve) {
  const std::lock_guard lock(mutex_);
  json* p = find(reference);
  if (p == nullptr) return std::nullopt;
  if (text_in(*p, "status") != "pending") return domain::failure{domain::errc::wrong_state, "The buyer has decided already."};
  settle(*p, approve);
  return decided_payment{text_in(*p, "mihpayid"), text_in(*p, "status")};
}

operation payu::operation_of(const command& c) const {
  if (c.name == "capture_transaction") return operation::capture;
  if (c.name != "cancel_refund_transaction") return operation::authorize;
  const auto at = by_id_.find(c.var1);
  return at != by_id_.end() && at->second.at("captured") != 0 ? operation::refund : operation::void_;
}

void payu::serve(const request& rq, reply& out) {
  form f;
  if (!f.read(rq.body)) return refuse(out, "Parameter missing");
  const command c{f.find("command").value_or(""), f.find("var1").value_or(""), f.find("var2").value_or(""), f.find("var3").value_or("")};
  // Readings of payments go with the authorization they are about; what an action has come to can always be asked.
  const bool asks_for_actions = c.name == "check_action_status" || c.name == "check_payment";
  const auto hit = asks_for_actions ? std::nullopt : world_.mishaps.take(name(), operation_of(c));
  if (struck(hit, out)) return;
  const auto& o = world_.options;
  const auto key = f.find("key").value_or("");
  if (key.empty() || (!o.payu_merchant_key.empty() && key != o.payu_merchant_key)) return refuse(out, "Invalid key.");
  if (f.find("hash") != payu_hash({key, c.name, c.var1, o.payu_merchant_salt})) return refuse(out, "Invalid Hash.");
  if (c.var1.empty()) return refuse(out, "Parameter missing");
  const bool declined = is(hit, fault_kind::decline);
  if (c.name == "verify_payment")
    verify(c.var1, out);
  else if (c.name == "check_payment")
    check_payment(c.var1, out);
  else if (c.name == "check_action_status")
    check_actions(c, out);
  else if (c.name == "capture_transaction")
    capture(c, declined, out);
  else if (c.name == "cancel_refund_transaction")
    cancel_or_refund(c, declined, out);
  else
    refuse(out, "Invalid command.");
  spoil(hit, out);
}

void payu::verify(std::string_view txnids, reply& out) const {
  json details = json::object();
  std::size_t asked = 0, found = 0;
  while (!txnids.empty()) {
    const auto txnid = txnids.substr(0, txnids.find('|'));
    txnids.remove_prefix(std::min(txnids.size(), txnid.size() + 1));
    const auto at = by_txn_.find(txnid);
    ++asked;
    if (at == by_txn_.end()) {
      details[std::string{txnid}] = {{"mihpayid", "Not Found"}, {"status", "Not Found"}};
    } else {
      details[std::string{txnid}] = details_of(by_id_.at(at->second));
      ++found;
    }
  }
  say(out, {{"status", found > 0 ? 1 : 0},
            {"msg", fmt::format("{} out of {} Transactions Fetched Successfully", found, asked)},
            {"transaction_details", std::move(details)}});
}

void payu::check_payment(std::string_view id, reply& out) const {
  const auto at = by_id_.find(id);
  if (at == by_id_.end())
    return say(out, {{"status", 0}, {"msg", "Transaction Not Found"}, {"transaction_details", {{"mihpayid", "Not Found"}, {"status", "Not Found"}}}});
  say(out, {{"status", 1}, {"msg", "Transaction Fetched Successfully"}, {"transaction_details", details_of(at->second)}});
}

void payu::check_actions(const command& c, reply& out) const {
  json found = json::object();
  const auto of_one = by_id_.find(c.var1);
  if (c.var2 == "payuid" && of_one != by_id_.end())
    for (const auto& a : of_one->second.at("actions")) found[a.at("request_id").get<std::string>()] = a;
  if (c.var2 != "payuid")
    for (const auto& [id, p] : by_id_)
      for (const auto& a : p.at("actions"))
        if (a.at("request_id") == c.var1) found[std::string{c.var1}] = a;
  json details = json::object();
  if (found.empty())
    details[std::string{c.var1}] = "No action status found";
  else
    details[std::string{c.var1}] = found;
  say(out, {{"status", found.empty() ? 0 : 1},
            {"msg", fmt::format("{} out of 1 Transactions Fetched Successfully", found.empty() ? 0 : 1)},
            {"transaction_details", std::move(details)}});
}

bool payu::token_used(const command& c, const json& payment, reply& out) {
  for (const auto& a : payment.at("actions")) {
    if (a.at("token") != c.var2) continue;
    const bool refund = c.name == "cancel_refund_transaction";
    refuse(out, refund ? "Refund FAILURE - Transactions with same amount and same token not allowed" : "Token already exists.", refund ? "227" : "106");
    return true;
  }
  return false;
}

void payu::capture(const command& c, bool declined, reply& out) {
  json* p = find(c.var1);
  if (p == nullptr) return refuse(out, "Transaction Not Found", "116");
  if (c.var2.empty() || c.var2.size() > token_size_max) return refuse(out, "Invalid token");
  if (token_used(c, *p, out)) return;
  const auto status = text_in(*p, "status");
  if (status == "captured") return refuse(out, "Capture already successful for this transaction", "301");
  if (status != "auth") return refuse(out, "Invalid transaction status", "111");
  const auto amount = domain::parse_amount(c.var3, digits);
  if (!amount || *amount <= 0) return refuse(out, "Invalid amount", "105");
  if (*amount > domain::parse_amount(text_in(*p, "amount"), digits)) return refuse(out, "Amount greater than maximum capturable amount", "303");
  if (declined) return refuse(out, "Capture failed", "108");
  (*p)["status"] = "captured";
  (*p)["captured"] = *amount;
  const auto number = act(*p, "capture", operation::capture, c, *amount);
  announce(*p, operation::capture);
  say(out, {{"status", 1}, {"msg", "Capture Request Queued"}, {"request_id", number}, {"bank_ref_num", "721522"}, {"error_code", 102}});
}

void payu::cancel_or_refund(const command& c, bool declined, reply& out) {
  json* p = find(c.var1);
  if (p == nullptr) return refuse(out, "Transaction Not Found", "116");
  if (c.var2.empty() || c.var2.size() > token_size_max) return refuse(out, "Invalid token");
  if (token_used(c, *p, out)) return;
  const auto status = text_in(*p, "status");
  if (status != "auth" && status != "captured") return refuse(out, "Invalid transaction status", "111");
  const auto amount = domain::parse_amount(c.var3, digits), whole = domain::parse_amount(text_in(*p, "amount"), digits);
  if (declined) return refuse(out, "Refund FAILURE", "108");
  const bool is_void = status == "auth";
  const auto left = is_void ? whole.value_or(0) : p->at("captured").get<std::int64_t>() - p->at("refunded").get<std::int64_t>();
  if (!amount || *amount <= 0 || *amount > left || (is_void && *amount != left)) return refuse(out, "Refund FAILURE - Invalid amount", "105");
  if (is_void)
    (*p)["status"] = "cancelled";
  else
    (*p)["refunded"] = p->at("refunded").get<std::int64_t>() + *amount;
  const auto number = act(*p, is_void ? "cancel" : "refund", is_void ? operation::void_ : operation::refund, c, *amount);
  if (is_void)
    announce(*p, operation::void_);
  else
    announce_refund(*p, p->at("actions").back());
  say(out, {{"status", 1}, {"msg", is_void ? "Cancel Request Queued" : "Refund Request Queued"}, {"request_id", number}, {"error_code", 102}});
}

}  // namespace coreldove::integrations::world
