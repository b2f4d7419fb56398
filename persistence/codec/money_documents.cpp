// An order's books, and all that can be shown to a bank that asks about it: both made from its events.
#include <fmt/format.h>

#include "domain/ledger.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/json_writer.hpp"

namespace coreldove::persistence {
namespace {

void write_side(json_writer& w, const std::string& account, domain::minor_units amount, std::uint8_t digits) {
  w.begin_object();
  w.field("account", account);
  w.key(amount >= 0 ? "debit" : "credit"), w.amount(amount >= 0 ? amount : -amount, digits);
  w.end_object();
}

void write_entry(json_writer& w, const domain::history_entry& h, const domain::ledger_entry& e, std::uint8_t digits) {
  w.begin_object();
  w.key("seq"), w.integer(h.seq);
  w.key("at"), w.time(h.at);
  w.field("entry", e.what);
  w.field_or_null("reference", e.reference);
  w.key("postings"), w.begin_array();
  for (const auto& p : e.postings) write_side(w, domain::account_name(p), p.amount, digits);
  w.end_array();
  w.end_object();
}

}  // namespace

domain::result<std::string> ledger_document(const std::vector<domain::history_entry>& stream) {
  domain::order o;
  domain::ledger_balances balances;
  std::string out;
  json_writer w(out);
  w.begin_object();
  for (const auto& h : stream) {
    const auto event = decode(h.type, h.data);
    if (!event) return event.error();
    const auto entry = domain::entry_of(o, *event);
    domain::evolve(o, *event, h.at);
    if (h.seq == 1) {
      w.field("order_id", o.id);
      w.field("currency", o.input->currency.name());
      w.key("entries"), w.begin_array();
    }
    if (entry.postings.empty()) continue;
    domain::add_to(balances, entry);
    write_entry(w, h, entry, o.input->currency.digits);
  }
  w.end_array();
  w.key("balances"), w.begin_array();
  for (const auto& [account, amount] : balances) write_side(w, account, amount, o.input->currency.digits);
  w.end_array();
  w.key("agrees_with_order"), w.boolean(domain::disagreement(balances, o).empty());
  w.end_object();
  return out;
}

domain::result<std::string> evidence_document(const std::vector<domain::history_entry>& stream) {
  const auto o = rebuild(stream);
  if (!o) return o.error();
  auto ledger = ledger_document(stream);
  if (!ledger) return ledger;
  std::string out;
  json_writer w(out);
  w.begin_object();
  w.field("order_id", o->id);
  w.key("order"), w.raw(order_document(*o));
  w.key("tracking"), w.raw(tracking_document(*o));
  w.key("ledger"), w.raw(*ledger);
  w.key("history"), w.begin_array();
  for (const auto& h : stream) w.raw(history_document(h));
  w.end_array();
  w.end_object();
  return out;
}

std::string notice_document(const kept_notice& n) {
  std::string out;
  json_writer w(out);
  w.begin_object();
  w.field("source", n.source);
  w.field("id", n.id);
  w.field("type", n.type);
  w.field("verdict", to_string(n.verdict));
  w.field_or_null("subject", n.subject);
  w.field("detail", n.detail);
  w.key("at"), w.time(n.at);
  w.end_object();
  return out;
}

}  // namespace coreldove::persistence
