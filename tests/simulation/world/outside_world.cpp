#include "tests/simulation/world/outside_world.hpp"

#include <algorithm>
#include <stdexcept>

namespace coreldove::simulation {
namespace {

using domain::operation_kind;
using domain::operation_outcome;
using integrations::outcome;

bool by_carrier(operation_kind k) { return k == operation_kind::label || k == operation_kind::void_label; }

}  // namespace

std::string_view to_string(manner m) {
  switch (m) {
    case manner::answers:
      return "answers";
    case manner::declines:
      return "declines";
    case manner::refuses:
      return "refuses";
    case manner::times_out:
      return "times out";
    case manner::loses_answer:
      return "does it, answer lost";
    case manner::keeps_silent:
      return "does it, says nothing";
    case manner::answers_late:
      return "does it, answers late";
    case manner::answers_twice:
      return "answers twice";
    case manner::throws:
      return "throws";
    case manner::wants_buyer:
      return "wants the buyer";
  }
  return "";
}

void outside_world::ask(const call& c, integrations::on_outcome done) {
  if (cut_off_) return;
  calls_.push_back(c);
  if (on_call) on_call(c);
  const auto m = treat ? treat(c) : manner::answers;
  if (m == manner::throws) throw std::runtime_error("the adapter failed");
  if (m == manner::refuses) return answer(m, {operation_outcome::not_done, {}, "refused", "connection refused", {}}, c.timeout, done);
  if (m == manner::times_out) return answer(m, {operation_outcome::unknown, {}, "timeout", "no answer in time", {}}, c.timeout, done);
  auto o = known(c);
  if (!o && m == manner::wants_buyer && c.kind == operation_kind::authorize) {
    const bool again = !waiting_.insert_or_assign(c.key, c).second;
    return answer(m, {operation_outcome::awaiting_buyer, "pending/" + c.key, {}, {}, {}, again ? "" : "https://pay.example/" + c.key}, c.timeout, done);
  }
  if (!o && m == manner::declines) {
    o = outcome{operation_outcome::declined, {}, "declined", "the answer is no", {}};
    if (!by_carrier(c.kind)) by_key_[c.key] = {c, *o};
    waiting_.erase(c.key);
  }
  if (!o) o = carry_out(c);
  if (m == manner::loses_answer) o = outcome{operation_outcome::unknown, {}, "timeout", "no answer in time", {}};
  if (m != manner::keeps_silent) answer(m, *o, c.timeout, done);
}

void outside_world::answer(manner m, const outcome& o, std::chrono::milliseconds timeout, const integrations::on_outcome& done) {
  const auto now = clock_.right();
  auto due = now + (delay ? delay() : domain::duration{0});
  if (m == manner::times_out || m == manner::loses_answer) due = now + timeout;
  if (m == manner::answers_late) due = now + timeout + std::chrono::minutes{1};
  answers_.put([done, o] { done(o); }, due);
  if (m == manner::answers_twice) answers_.put([done, o] { done(o); }, delay ? now + delay() : due + std::chrono::seconds{1});
}

/// Gateways keep keys. A carrier does not; its adapter looks for an earlier label if it is told that there may be one.
std::optional<outcome> outside_world::known(const call& c) {
  if (by_carrier(c.kind) && !c.repeat) {
    const bool again = std::any_of(ledger_.begin(), ledger_.end(), [&](const effect& e) { return e.key == c.key && e.kind == c.kind; });
    if (again) complaints.push_back(c.key + ": a carrier was asked a second time without being told that it is a repeat");
    return std::nullopt;
  }
  const auto it = by_key_.find(c.key);
  if (it == by_key_.end()) return std::nullopt;
  const auto& [first, o] = it->second;
  if (first.kind != c.kind || first.amount != c.amount || first.target != c.target) complaints.push_back(c.key + ": the key came back with another request");
  return o;
}

domain::minor_units outside_world::on(const std::string& target, operation_kind kind) const {
  domain::minor_units sum = 0;
  for (const auto& e : ledger_)
    if (e.kind == kind && e.target == target) sum += e.amount;
  return sum;
}

bool outside_world::voided(const std::string& target, operation_kind kind) const {
  return std::any_of(ledger_.begin(), ledger_.end(), [&](const effect& e) { return e.kind == kind && e.target == target; });
}

/// Why the vendor will not do it; empty where it will.
std::string outside_world::refusal(const call& c) const {
  if (c.kind == operation_kind::authorize || c.kind == operation_kind::label) return {};
  const auto found = std::find_if(ledger_.begin(), ledger_.end(), [&](const effect& e) {
    return c.kind == operation_kind::void_label ? e.tracking_number == c.target : e.kind == operation_kind::authorize && e.reference == c.target;
  });
  if (found == ledger_.end()) return "no_such_object";
  const auto captured = on(c.target, operation_kind::capture);
  switch (c.kind) {
    case operation_kind::capture:
      if (voided(c.target, operation_kind::void_authorization)) return "authorization_voided";
      return captured + c.amount > found->amount ? "amount_too_large" : "";
    case operation_kind::void_authorization:
      if (voided(c.target, operation_kind::void_authorization)) return "already_voided";
      return captured > 0 ? "already_captured" : "";
    case operation_kind::refund:
      return on(c.target, operation_kind::refund) + c.amount > captured ? "amount_too_large" : "";
    case operation_kind::void_label:
      return picked_up_.contains(c.target) ? "already_picked_up" : "";
    case operation_kind::authorize:
    case operation_kind::label:
      break;
  }
  return {};
}

void outside_world::buyer_acts(const std::string& key, bool pays) {
  const auto found = waiting_.extract(key);
  if (found.empty()) return;
  if (pays)
    carry_out(found.mapped());
  else
    by_key_[key] = {found.mapped(), {operation_outcome::declined, {}, "cancelled_by_buyer", "the buyer will not", {}}};
}

outcome outside_world::carry_out(const call& c) {
  waiting_.erase(c.key);
  outcome o;
  if (const auto why = refusal(c); !why.empty()) {
    o = {operation_outcome::declined, {}, why, "the vendor's rules forbid it", {}};
  } else {
    const auto n = std::to_string(ledger_.size() + 1);
    o = {operation_outcome::done, c.party + "_" + n, {}, {}, {}};
    if (c.kind == operation_kind::label) o.tracking_number = "TRACK" + n;
    ledger_.push_back({c.kind, c.party, c.key, c.order_id, c.target, o.reference, o.tracking_number, c.amount, clock_.right()});
  }
  by_key_[c.key] = {c, o};
  return o;
}

void outside_world::send(const integrations::mail& m, integrations::on_outcome done) {
  if (cut_off_) return;
  const auto how = treat_mail ? treat_mail(m) : manner::answers;
  if (how == manner::declines) return answer(how, {operation_outcome::declined, {}, "550", "no such mailbox", {}}, {}, done);
  if (how == manner::refuses) return answer(how, {operation_outcome::not_done, {}, "421", "not now", {}}, {}, done);
  mails_.push_back({m.message_id, m.order_id, m.subject});
  if (how == manner::loses_answer)
    return answer(how, {operation_outcome::unknown, {}, "timeout", "lost after the final dot", {}}, std::chrono::seconds{10}, done);
  answer(manner::answers, {operation_outcome::done, {}, {}, {}, {}}, {}, done);
}

std::size_t outside_world::count(operation_kind kind, const std::string& order_id) const {
  return static_cast<std::size_t>(std::count_if(ledger_.begin(), ledger_.end(), [&](const effect& e) { return e.kind == kind && e.order_id == order_id; }));
}

domain::minor_units outside_world::sum(operation_kind kind, const std::string& order_id) const {
  domain::minor_units total = 0;
  for (const auto& e : ledger_)
    if (e.kind == kind && e.order_id == order_id) total += e.amount;
  return total;
}

std::size_t outside_world::mails_with(const std::string& message_id) const {
  return static_cast<std::size_t>(std::count_if(mails_.begin(), mails_.end(), [&](const sent_mail& m) { return m.message_id == message_id; }));
}

const outcome* outside_world::settled(const std::string& key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : &it->second.second;
}

}  // namespace coreldove::simulation
