#include "domain/ledger.hpp"

#include <algorithm>
#include <numeric>

#include "domain/enum_names.hpp"

namespace coreldove::domain {
namespace {

constexpr enum_names<7> account_names{"buyer", "authorized_hold", "gateway", "revenue", "refunds", "disputed", "chargebacks"};
static_assert(static_cast<std::size_t>(account::chargebacks) + 1 == account_names.size());

/// From the credited account to the debited one.
std::vector<posting> moved(account debit, account credit, const std::string& gateway, minor_units amount) {
  return {{debit, debit == account::gateway ? gateway : std::string{}, amount}, {credit, credit == account::gateway ? gateway : std::string{}, -amount}};
}

ledger_entry of(const operation& op, const std::string& reference) {
  ledger_entry out{std::string{to_string(op.kind)}, reference, {}};
  switch (op.kind) {
    case operation_kind::authorize:
      out.postings = moved(account::authorized_hold, account::buyer, {}, op.amount);
      break;
    case operation_kind::capture: {
      out.postings = moved(account::gateway, account::revenue, op.party, op.amount);
      const auto held = moved(account::buyer, account::authorized_hold, {}, op.amount);
      out.postings.insert(out.postings.end(), held.begin(), held.end());
      break;
    }
    case operation_kind::void_authorization:
      out.postings = moved(account::buyer, account::authorized_hold, {}, op.amount);
      break;
    case operation_kind::refund:
      out.postings = moved(account::refunds, account::gateway, op.party, op.amount);
      break;
    case operation_kind::label:
    case operation_kind::void_label:
      break;
  }
  return out;
}

minor_units voided(const order& o) {
  minor_units sum = 0;
  for (const auto& op : o.operations)
    if (op.kind == operation_kind::void_authorization && op.state == operation_state::done) sum += op.amount;
  return sum;
}

}  // namespace

std::string_view to_string(account a) { return name_of(account_names, a); }

std::string account_name(const posting& p) {
  std::string name{to_string(p.to)};
  if (p.to == account::gateway) name.append(":").append(p.gateway);
  return name;
}

ledger_entry entry_of(const order& before, const event& e) {
  if (const auto* s = std::get_if<operation_settled>(&e); s && s->outcome == operation_outcome::done) return of(before.operations.at(s->n - 1), s->reference);
  if (const auto* d = std::get_if<dispute_opened>(&e)) return {"dispute", d->reference, moved(account::disputed, account::gateway, d->gateway, d->amount)};
  if (const auto* c = std::get_if<dispute_closed>(&e)) {
    const auto it = std::find_if(before.disputes.begin(), before.disputes.end(), [&](const dispute& d) { return d.reference == c->reference; });
    if (it == before.disputes.end()) return {};
    if (c->won) return {"dispute_won", c->reference, moved(account::gateway, account::disputed, it->gateway, it->amount)};
    return {"dispute_lost", c->reference, moved(account::chargebacks, account::disputed, {}, it->amount)};
  }
  return {};
}

void add_to(ledger_balances& balances, const ledger_entry& e) {
  for (const auto& p : e.postings) balances[account_name(p)] += p.amount;
}

std::string disagreement(const ledger_balances& balances, const order& o) {
  const auto of = [&](account a) {
    const auto it = balances.find(std::string{to_string(a)});
    return it == balances.end() ? minor_units{0} : it->second;
  };
  minor_units sum = 0, at_gateways = 0;
  for (const auto& [name, amount] : balances) {
    sum += amount;
    if (name.starts_with("gateway:")) at_gateways += amount;
  }
  struct line {
    std::string_view name;
    minor_units booked, expected;
  };
  const auto held = o.authorized - o.captured - voided(o);
  const line lines[] = {{"all accounts", sum, 0},
                        {"authorized_hold", of(account::authorized_hold), held},
                        {"buyer", of(account::buyer), -held},
                        {"gateways", at_gateways, o.captured - o.refunded - o.disputed() - o.charged_back()},
                        {"revenue", of(account::revenue), -o.captured},
                        {"refunds", of(account::refunds), o.refunded},
                        {"disputed", of(account::disputed), o.disputed()},
                        {"chargebacks", of(account::chargebacks), o.charged_back()}};
  std::string out;
  for (const auto& l : lines)
    if (l.booked != l.expected)
      out += (out.empty() ? "" : "; ") + std::string{l.name} + ": booked " + std::to_string(l.booked) + ", " + std::to_string(l.expected) + " expected";
  if (held < 0) out += (out.empty() ? "" : "; ") + std::string{"more was captured or let go than was held"};
  return out;
}

}  // namespace coreldove::domain
