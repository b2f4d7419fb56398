#include "integrations/sandbox/settlement.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>
#include <utility>

namespace coreldove::integrations::world {

namespace {

std::string quoted(std::string_view text) {
  std::string out{'"'};
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::tm utc(std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm out{};
  gmtime_r(&seconds, &out);
  return out;
}

bool is_capture(const effect& e) { return e.op == operation::capture; }
bool is_settled(const effect& e) { return is_capture(e) || e.op == operation::refund; }

/// What the gateways of this world keep: 2.9 % of each capture.
domain::minor_units fee_of(const effect& e) { return is_capture(e) ? *e.amount * 29 / 1000 : 0; }

std::string money(const effect& e, domain::minor_units amount) { return domain::format_amount(amount, e.currency.digits); }

// Stripe's balance change from activity, itemized.
constexpr std::string_view stripe_head =
    "balance_transaction_id,created_utc,available_on_utc,currency,gross,fee,net,reporting_category,source_id,payment_intent_id,payment_metadata[order_id]\n";
void stripe_line(std::string& out, std::uint64_t n, const effect& e) {
  if (!is_settled(e)) return;
  const auto gross = is_capture(e) ? *e.amount : -*e.amount;
  std::string currency{e.currency.name()};
  for (char& c : currency) c = static_cast<char>(c - 'A' + 'a');
  const auto at = fmt::format("{:%Y-%m-%d %H:%M:%S}", utc(e.at_ms));
  fmt::format_to(std::back_inserter(out), "txn_{:012},{},{},{},{},{},{},{},{},{},{}\n", n, at, at, currency, money(e, gross), money(e, fee_of(e)),
                 money(e, gross - fee_of(e)), is_capture(e) ? "charge" : "refund", e.reference, is_capture(e) ? e.reference : std::string_view{},
                 quoted(e.order_id));
}

// PayPal's settlement report: one section, its rows between header and footer lines. Amounts are in hundredths.
constexpr std::string_view paypal_head =
    "\"RH\",\"SANDBOX\",\"A\",\"9.0.5\"\n\"FH\",\"1\"\n\"SH\",\"SANDBOX\"\n"
    "\"CH\",\"Transaction ID\",\"Invoice ID\",\"PayPal Reference ID\",\"PayPal Reference ID Type\",\"Transaction Event Code\",\"Transaction Initiation Date\","
    "\"Transaction Completion Date\",\"Transaction Debit or Credit\",\"Gross Transaction Amount\",\"Gross Transaction Currency\",\"Fee Debit or Credit\","
    "\"Fee Amount\",\"Fee Currency\",\"Custom Field\"\n";
constexpr std::string_view paypal_foot = "\"SF\"\n\"FF\"\n\"RF\"\n";
void paypal_line(std::string& out, std::uint64_t, const effect& e) {
  if (!is_settled(e)) return;
  domain::minor_units scale = 1;
  for (int digits = e.currency.digits; digits < 2; ++digits) scale *= 10;
  const auto at = fmt::format("{:%Y/%m/%d %H:%M:%S} +0000", utc(e.at_ms));
  fmt::format_to(std::back_inserter(out), R"("SB","{}",{},"","","{}","{}","{}","{}",{},"{}","DR",{},"{}",{})", e.reference, quoted(e.idempotency_key),
                 is_capture(e) ? "T0006" : "T1107", at, at, is_capture(e) ? "CR" : "DR", *e.amount * scale, e.currency.name(), fee_of(e) * scale,
                 e.currency.name(), quoted(e.order_id));
  out.push_back('\n');
}

// Razorpay's settlement recon, as its API gives it. Amounts are minor units.
constexpr std::string_view razorpay_head =
    "entity_id,type,debit,credit,amount,currency,fee,tax,on_hold,settled,created_at,settled_at,settlement_id,notes,payment_id,order_id,order_receipt,dispute_"
    "id\n";
void razorpay_line(std::string& out, std::uint64_t n, const effect& e) {
  if (!is_settled(e)) return;
  const bool credit = is_capture(e);
  fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},0,false,true,{},{},setl_{:014},{},,,,\n", e.reference, credit ? "payment" : "refund",
                 credit ? 0 : *e.amount, credit ? *e.amount - fee_of(e) : 0, *e.amount, e.currency.name(), fee_of(e), e.at_ms / 1000, e.at_ms / 1000, n,
                 quoted(fmt::format(R"({{"order_id":"{}"}})", e.order_id)));
}

// PayU's settlement details, in rupees.
constexpr std::string_view payu_head = "payuid,txndate,mode,requestid,requestdate,requestaction,requestamount,mer_service_fee,mer_net_amount,udf1\n";
void payu_line(std::string& out, std::uint64_t, const effect& e) {
  if (!is_settled(e)) return;
  const auto at = fmt::format("{:%Y-%m-%d %H:%M:%S}", utc(e.at_ms));
  fmt::format_to(std::back_inserter(out), "{},{},CC,{},{},{},{},{},{},{}\n", is_capture(e) ? e.reference : std::string_view{}, at, e.reference, at,
                 is_capture(e) ? "capture" : "refund", money(e, *e.amount), money(e, fee_of(e)), money(e, (is_capture(e) ? 1 : -1) * *e.amount - fee_of(e)),
                 quoted(e.order_id));
}

struct form_of_report {
  std::string_view vendor, head, foot;
  ledger::writer line;
};
constexpr std::array forms{form_of_report{"stripe", stripe_head, "", stripe_line}, form_of_report{"paypal", paypal_head, paypal_foot, paypal_line},
                           form_of_report{"razorpay", razorpay_head, "", razorpay_line}, form_of_report{"payu", payu_head, "", payu_line}};

}  // namespace

std::string settlement_vendors() {
  std::string out;
  for (const auto& f : forms) out.append(out.empty() ? "" : ", ").append(f.vendor);
  return out;
}

std::function<bool(std::string&)> settlement_report(const ledger& book, std::string_view vendor) {
  const auto form = std::find_if(forms.begin(), forms.end(), [&](const form_of_report& f) { return f.vendor == vendor; });
  if (form == forms.end()) return {};
  ledger_filter filter;
  filter.vendor = vendor;
  return [rows = book.read(std::move(filter), form->line), form, head = form->head](std::string& out) mutable {
    out.append(std::exchange(head, {}));
    const bool again = rows(out);
    if (!again) out.append(form->foot);
    return again;
  };
}

}  // namespace coreldove::integrations::world
