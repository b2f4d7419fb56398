// What a change at PayU leaves behind: in the books, in the state file, on its way as webhooks.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <simdjson.h>

#include <array>
#include <stdexcept>

#include "integrations/sandbox/payu/payu.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::uint8_t digits = 2;
const domain::currency rupee{{'I', 'N', 'R'}, digits};

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view plain = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.";
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos)
      out.push_back(c);
    else if (c == ' ')
      out.push_back('+');
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
}

}  // namespace

std::string payu_hash(std::initializer_list<std::string_view> parts) {
  const auto text = fmt::format("{}", fmt::join(parts, "|"));
  std::array<unsigned char, 64> out{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha512(), nullptr);
  return hex({reinterpret_cast<const char*>(out.data()), size});
}

std::string payu::next_number() { return std::to_string(++last_number_); }

void payu::settle(json& payment, bool approve) {
  const bool hold = text_in(payment, "pre_authorize") == "1";
  const auto amount = domain::parse_amount(text_in(payment, "amount"), digits).value_or(0);
  payment["status"] = !approve ? "failed" : hold ? "auth" : "captured";
  const auto id = text_in(payment, "mihpayid");
  record(payment, approve ? std::optional{operation::authorize} : std::nullopt, amount, text_in(payment, "udf2"), id);
  if (approve && !hold) {
    payment["captured"] = amount;
    record(payment, operation::capture, amount, text_in(payment, "udf2"), id);
  }
  announce(payment, operation::authorize);
}

std::string payu::act(json& payment, std::string_view kind, operation op, const command& c, domain::minor_units amount) {
  const auto number = next_number();
  payment["actions"].push_back({{"mihpayid", payment.at("mihpayid")},
                                {"bank_ref_num", "721522"},
                                {"request_id", number},
                                {"amt", domain::format_amount(amount, digits)},
                                {"mode", "CC"},
                                {"action", kind},
                                {"token", c.var2},
                                {"status", "SUCCESS"}});
  record(payment, op, amount, c.var2, op == operation::refund ? number : text_in(payment, "mihpayid"));
  return number;
}

void payu::book(const json& payment, operation op, domain::minor_units amount, std::string_view key, std::string_view reference, std::int64_t at_ms) {
  const auto order = text_in(payment, "udf1");
  world_.book.append({at_ms, name(), op, key, reference, order, amount, rupee});
}

void payu::record(const json& payment, std::optional<operation> op, domain::minor_units amount, std::string_view key, std::string_view reference) {
  const auto now = world_.now_ms();
  if (op) book(payment, *op, amount, key, reference, now);
  if (!world_.log.enabled()) return;
  json line{{"v", name()}, {"at", now}, {"payment", payment}};
  if (op) line["did"] = {{"op", to_string(*op)}, {"amount", amount}, {"key", key}, {"reference", reference}};
  world_.log.append(line.dump());
}

void payu::restore(const simdjson::dom::element& line) {
  const auto all = json::parse(simdjson::minify(line));
  const auto& payment = all.at("payment");
  const std::lock_guard lock(mutex_);
  by_txn_[payment.at("txnid").get<std::string>()] = payment.at("mihpayid").get<std::string>();
  by_id_.insert_or_assign(payment.at("mihpayid").get<std::string>(), payment);
  if (!all.contains("did")) return;
  const auto& did = all.at("did");
  const auto op = operation_from(did.at("op").get<std::string>());
  if (!op) throw std::runtime_error("the operation is not known");
  book(payment, *op, did.at("amount").get<std::int64_t>(), did.at("key").get<std::string>(), did.at("reference").get<std::string>(),
       all.at("at").get<std::int64_t>());
}

std::vector<std::pair<std::string, std::string>> payu::report(const json& payment) const {
  const auto status = text_in(payment, "status");
  const bool fine = status == "auth" || status == "captured";
  std::vector<std::pair<std::string, std::string>> out{
      {"mihpayid", text_in(payment, "mihpayid")}, {"mode", "CC"}, {"bankcode", "CC"}, {"status", fine ? "success" : "failure"}, {"unmappedstatus", status}};
  for (const auto* field : {"key", "txnid", "amount", "productinfo", "firstname", "email", "phone", "udf1", "udf2", "udf3", "udf4", "udf5"})
    out.emplace_back(field, text_in(payment, field));
  out.emplace_back("error", fine ? "E000" : "E307");
  out.emplace_back("error_Message", fine ? "No Error" : "Transaction declined with do not honor");
  const auto value = [&](std::string_view field) { return text_in(payment, field); };
  out.emplace_back("hash", payu_hash({world_.options.payu_merchant_salt, fine ? "success" : "failure", "", "", "", "", "", value("udf5"), value("udf4"),
                                      value("udf3"), value("udf2"), value("udf1"), value("email"), value("firstname"), value("productinfo"), value("amount"),
                                      value("txnid"), value("key")}));
  return out;
}

void payu::announce(const json& payment, operation cause) {
  if (!world_.hooks->wanted()) return;
  webhook w{name(), cause, next_number(), text_in(payment, "mihpayid"), text_in(payment, "udf1"), {}, {}};
  for (const auto& [field, value] : report(payment)) {
    if (!w.body.empty()) w.body.push_back('&');
    w.body.append(field).push_back('=');
    append_encoded(w.body, value);
  }
  w.content_type = "application/x-www-form-urlencoded";
  world_.hooks->send(std::move(w));
}

void payu::announce_refund(const json& payment, const json& action) {
  if (!world_.hooks->wanted()) return;
  webhook w{name(), operation::refund, next_number(), text_in(action, "request_id"), text_in(payment, "udf1"), {}, {}};
  w.body = json{{"status", "success"},
                {"action", "refund"},
                {"token", action.at("token")},
                {"mihpayid", payment.at("mihpayid")},
                {"request_id", action.at("request_id")},
                {"amt", action.at("amt")},
                {"bank_ref_num", action.at("bank_ref_num")}}
               .dump();
  world_.hooks->send(std::move(w));
}

}  // namespace coreldove::integrations::world
