#include "runtime/app/settlement_file.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <new>
#include <optional>

#include "domain/ulid.hpp"
#include "persistence/codec/event_codec.hpp"

namespace coreldove::app {
namespace {

using domain::minor_units;
using domain::settled_kind;
using rows = std::vector<std::vector<std::string>>;

// ---- CSV -----------------------------------------------------------------------------------------------------------------------------------------
struct csv_text {
  csv_text() {
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc{};
  }
  ~csv_text() { csv_free(&parser); }
  csv_text(const csv_text&) = delete;
  csv_text& operator=(const csv_text&) = delete;

  static void on_field(void* field, std::size_t size, void* self) { static_cast<csv_text*>(self)->row.emplace_back(static_cast<const char*>(field), size); }
  static void on_row(int, void* self) {
    auto& t = *static_cast<csv_text*>(self);
    t.all.push_back(std::move(t.row));
    t.row.clear();
  }
  /// What is wrong with it; empty where nothing is.
  std::string read(std::string_view text) {
    const bool whole = csv_parse(&parser, text.data(), text.size(), on_field, on_row, this) == text.size();
    if (!whole || csv_fini(&parser, on_field, on_row, this) != 0) return fmt::format("row {}: {}", all.size() + 1, csv_strerror(csv_error(&parser)));
    return {};
  }

  csv_parser parser{};
  std::vector<std::string> row;
  rows all;
};

/// A row by its columns' names.
class record {
public:
  record(const std::map<std::string, std::size_t>& columns, const std::vector<std::string>& values) : columns_(columns), values_(values) {}
  std::string_view operator[](const char* name) const {
    const auto at = columns_.find(name);
    return at == columns_.end() || at->second >= values_.size() ? std::string_view{} : std::string_view{values_[at->second]};
  }

private:
  const std::map<std::string, std::size_t>& columns_;
  const std::vector<std::string>& values_;
};

// ---- values --------------------------------------------------------------------------------------------------------------------------------------
std::string upper(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
  return out;
}

/// A decimal in major units, with or without sign and thousands' commas; zeros beyond the currency's digits are let go.
std::optional<minor_units> decimal(std::string_view text, std::uint8_t digits) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::string plain;
  for (const char c : text)
    if (c != ',') plain.push_back(c);
  if (const auto dot = plain.find('.'); dot != std::string::npos) {
    while (plain.size() > dot + 1 + digits && plain.back() == '0') plain.pop_back();
    if (plain.back() == '.') plain.pop_back();
  }
  const auto amount = domain::parse_amount(plain, digits);
  if (!amount) return std::nullopt;
  return negative ? -*amount : *amount;
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional{n} : std::nullopt;
}

/// Seconds since 1970; 2026-11-22 18:05:00; 2026/11/22 18:05:00 -0800; 22/11/2026 18:05:00; RFC 3339. Without an offset: UTC.
std::optional<domain::time_point> time_of(std::string_view text) {
  constexpr std::int64_t first_plausible = 946'684'800;  // 2000-01-01
  if (const auto seconds = whole(text); seconds && *seconds >= first_plausible) return domain::time_point{std::chrono::seconds{*seconds}};
  if (const auto exact = persistence::parse_time(text)) return exact;
  const std::string copy{text};
  for (const char* form : {"%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d"}) {
    std::tm t{};
    const char* end = ::strptime(copy.c_str(), form, &t);
    if (end == nullptr) continue;
    auto seconds = ::timegm(&t);
    std::tm offset{};
    if (*end == ' ' && ::strptime(end, " %z", &offset) != nullptr) seconds -= offset.tm_gmtoff;
    return domain::time_point{std::chrono::seconds{seconds}};
  }
  return std::nullopt;
}

/// The order's id within what was sent along: an idempotency key, notes as JSON, a receipt.
std::string order_in(std::initializer_list<std::string_view> texts) {
  constexpr std::size_t id_length = 30;
  for (const auto text : texts)
    for (auto at = text.find("ord_"); at != std::string_view::npos; at = text.find("ord_", at + 1))
      if (const auto id = text.substr(at, id_length); domain::is_order_id(id)) return std::string{id};
  return {};
}

// ---- one reader a gateway ------------------------------------------------------------------------------------------------------------------------
/// What a row says; nothing: it is about no order's money. Throws std::invalid_argument naming the column that cannot be read.
using row_reader = std::optional<domain::settled_money> (*)(const record&);

minor_units must(std::optional<minor_units> amount, const char* column) {
  if (!amount) throw std::invalid_argument(fmt::format("{} is no amount of that currency", column));
  return *amount;
}

domain::currency currency_of(std::string_view code) {
  const auto found = domain::currency::find(upper(code));
  if (!found) throw std::invalid_argument(fmt::format("\"{}\" is no currency", code));
  return *found;
}

domain::settled_money money(std::string_view id, settled_kind kind, minor_units amount, const domain::currency& currency, std::string_view at) {
  const auto when = time_of(at);
  if (!when) throw std::invalid_argument(fmt::format("\"{}\" is no time", at));
  if (id.empty()) throw std::invalid_argument("the line has no id");
  domain::settled_money m;
  m.id = id;
  m.kind = kind;
  m.amount = amount;
  m.currency = currency.name();
  m.at = *when;
  return m;
}

std::optional<domain::settled_money> stripe_row(const record& r) {
  static const std::map<std::string_view, settled_kind> kinds{{"charge", settled_kind::payment},  {"partial_capture_reversal", settled_kind::payment},
                                                              {"refund", settled_kind::refund},   {"refund_failure", settled_kind::refund},
                                                              {"dispute", settled_kind::dispute}, {"dispute_reversal", settled_kind::dispute_won}};
  const auto kind = kinds.find(r["reporting_category"]);
  if (kind == kinds.end()) return std::nullopt;
  const auto currency = currency_of(r["currency"]);
  auto amount = must(decimal(r["gross"], currency.digits), "gross");
  if (kind->second == settled_kind::refund || kind->second == settled_kind::dispute) amount = -amount;
  auto m = money(r["balance_transaction_id"], kind->second, amount, currency, r["created_utc"].empty() ? r["created"] : r["created_utc"]);
  for (const char* name : {"source_id", "payment_intent_id", "charge_id"}) m.references.emplace_back(r[name]);
  m.order_id = order_in({r["payment_metadata[order_id]"], r["refund_metadata[order_id]"]});
  return m;
}

std::optional<domain::settled_money> paypal_row(const record& r) {
  const auto code = r["Transaction Event Code"];
  std::optional<settled_kind> kind;
  if (code.starts_with("T00")) kind = settled_kind::payment;
  if (code == "T1107") kind = settled_kind::refund;
  if (code == "T1201") kind = settled_kind::dispute;
  if (code == "T1202") kind = settled_kind::dispute_won;
  if (!kind) return std::nullopt;
  const auto currency = currency_of(r["Gross Transaction Currency"]);
  auto amount = must(whole(r["Gross Transaction Amount"]), "Gross Transaction Amount");
  for (int digits = currency.digits; digits < 2; ++digits) amount /= 10;  // written in hundredths, also where there are none
  auto m = money(r["Transaction ID"], *kind, amount, currency, r["Transaction Initiation Date"]);
  m.references = {std::string{r["Transaction ID"]}, std::string{r["PayPal Reference ID"]}};
  m.order_id = order_in({r["Custom Field"], r["Invoice ID"]});
  return m;
}

std::optional<domain::settled_money> razorpay_row(const record& r) {
  const bool from_api = !r["type"].empty();
  const auto entity = from_api ? r["type"] : r["transaction_entity"];
  const auto currency = currency_of(r["currency"]);
  const auto amount_in = [&](const char* name) {
    if (r[name].empty()) return minor_units{0};
    return must(from_api ? whole(r[name]) : decimal(r[name], currency.digits), name);
  };
  std::optional<settled_kind> kind;
  if (entity == "payment") kind = settled_kind::payment;
  if (entity == "refund") kind = settled_kind::refund;
  if (entity == "adjustment" && !r["dispute_id"].empty()) kind = amount_in("debit") > 0 ? settled_kind::dispute : settled_kind::dispute_won;
  if (!kind) return std::nullopt;
  auto m = money(r["entity_id"], *kind, amount_in("amount"), currency, r["created_at"]);
  for (const char* name : {"entity_id", "payment_id", "dispute_id", "order_id"}) m.references.emplace_back(r[name]);
  m.order_id = order_in({r["notes"], r["payment_notes"], r["refund_notes"], r["order_notes"], r["order_receipt"]});
  return m;
}

std::optional<domain::settled_money> payu_row(const record& r) {
  static const std::map<std::string_view, settled_kind> kinds{{"capture", settled_kind::payment},
                                                              {"refund", settled_kind::refund},
                                                              {"chargeback", settled_kind::dispute},
                                                              {"chargebackReversal", settled_kind::dispute_won}};
  const auto kind = kinds.find(r["requestaction"]);
  if (kind == kinds.end()) return std::nullopt;
  const auto currency = currency_of(r["currency"].empty() ? "INR" : r["currency"]);
  auto m = money(r["requestid"], kind->second, must(decimal(r["requestamount"], currency.digits), "requestamount"), currency,
                 r["requestdate"].empty() ? r["txndate"] : r["requestdate"]);
  for (const char* name : {"requestid", "payuid", "txnid"}) m.references.emplace_back(r[name]);
  m.order_id = order_in({r["udf1"], r["udf2"], r["txnid"]});
  return m;
}

struct format {
  std::string_view gateway, telling_column;
  row_reader read;
};
constexpr format formats[] = {{"stripe", "reporting_category", stripe_row},
                              {"paypal", "Transaction Event Code", paypal_row},
                              {"razorpay", "entity_id", razorpay_row},
                              {"payu", "payuid", payu_row}};

std::map<std::string, std::size_t> columns_of(const std::vector<std::string>& header) {
  std::map<std::string, std::size_t> out;
  for (std::size_t i = 0; i < header.size(); ++i) out.emplace(header[i], i);
  return out;
}

/// Stripe lists the whole authorization and takes back what was not captured: together they are what was captured. The same with refunds that failed.
void join_reversals(std::vector<domain::settled_money>& lines) {
  for (auto& back : lines) {
    if (back.amount >= 0) continue;
    const auto whole_line = std::find_if(lines.begin(), lines.end(), [&](const auto& l) {
      return l.amount > 0 && l.kind == back.kind && std::any_of(l.references.begin(), l.references.end(), [&](const auto& ref) {
               return !ref.empty() && std::find(back.references.begin(), back.references.end(), ref) != back.references.end();
             });
    });
    if (whole_line != lines.end()) whole_line->amount += back.amount;
  }
  std::erase_if(lines, [](const auto& l) { return l.amount <= 0; });
}

}  // namespace

settlement_file read_settlement_file(std::string_view text, std::string_view gateway) {
  settlement_file out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  csv_text csv;
  if (auto wrong = csv.read(text); !wrong.empty()) {
    out.problems.push_back(std::move(wrong));
    return out;
  }
  const format* form = nullptr;
  std::map<std::string, std::size_t> columns;
  for (std::size_t i = 0; i < csv.all.size(); ++i) {
    const auto& row = csv.all[i];
    const auto has = [&](std::string_view column) { return std::find(row.begin(), row.end(), column) != row.end(); };
    const auto header = std::find_if(std::begin(formats), std::end(formats), [&](const format& f) { return has(f.telling_column); });
    if (header != std::end(formats) && (gateway.empty() || gateway == header->gateway)) {
      form = header;
      columns = columns_of(row);
      continue;
    }
    const bool body = form != nullptr && (form->gateway != "paypal" || (!row.empty() && row.front() == "SB"));
    if (!body) continue;
    try {
      if (auto m = form->read(record{columns, row}))
        out.lines.push_back(*std::move(m));
      else
        ++out.others;
    } catch (const std::invalid_argument& e) {
      out.problems.push_back(fmt::format("row {}: {}", i + 1, e.what()));
    }
  }
  if (form == nullptr)
    out.problems.emplace_back("its columns are those of no settlement report that is known here");
  else
    out.gateway = form->gateway;
  join_reversals(out.lines);
  return out;
}

}  // namespace coreldove::app
