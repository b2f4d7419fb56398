// What vendors tell by themselves in a simulated run: twice, late, out of order, and with forged signatures. They tell it until it is acknowledged, and what is
// acknowledged has to be on disk.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tests/simulation/simulator.hpp"
#include "tests/simulation/world/notices.hpp"

namespace coreldove::simulation {

using domain::operation_kind;

/// What a gateway has done, told once more, late, or before its own answer arrives.
void simulator::gateway_webhook() {
  const auto& calls = world_.outside.calls();
  if (calls.empty()) return;
  const auto recent = std::min<std::size_t>(calls.size(), 30);
  const auto& c = calls[calls.size() - 1 - random_.below(recent)];
  const auto* o = world_.outside.settled(c.key);
  if (o && c.kind != operation_kind::label && c.kind != operation_kind::void_label) tell_of(c, *o);
}

/// On the vendor's page, whether or not the order still waits for him. The vendor never fails to tell of it: nobody might look any more.
void simulator::buyer_acts() {
  const auto& waiting = world_.outside.waiting();
  if (waiting.empty()) return;
  const auto c = std::next(waiting.begin(), static_cast<std::ptrdiff_t>(random_.below(waiting.size())))->second;
  const bool pays = random_.chance(800);
  note(fmt::format("the buyer of {} {}", c.order_id, pays ? "pays" : "will not pay"));
  world_.outside.buyer_acts(c.key, pays);
  tell_of(c, *world_.outside.settled(c.key));
}

void simulator::tell_of(const call& c, const integrations::outcome& o) {
  auto& n = notices_.emplace_back();
  n.source = c.party;
  n.body = payment_body(c, o);
  n.order_id = c.order_id;
  n.id = c.key;
  std::from_chars(c.key.data() + c.key.rfind('/') + 1, c.key.data() + c.key.size(), n.operation);
  tell(n);
}

void simulator::carrier_webhook() {
  std::vector<const effect*> labels;
  for (const auto& e : world_.outside.ledger())
    if (e.kind == operation_kind::label) labels.push_back(&e);
  if (labels.empty()) return;
  const auto& label = *random_.pick(labels);
  const auto& shipments = world_.order(label.order_id)->shipments;
  const bool left = std::any_of(shipments.begin(), shipments.end(), [&](const domain::shipment& s) {
    return s.tracking_number == label.tracking_number && (s.state == domain::shipment_state::shipped || s.state == domain::shipment_state::delivered);
  });
  if (!left && random_.chance(800)) return;  // early news are rare
  if (left) world_.outside.pick_up(label.tracking_number);
  using enum domain::tracking_state;
  auto& n = notices_.emplace_back();
  n.source = label.party;
  n.order_id = label.order_id;
  n.tracking_number = label.tracking_number;
  n.state = random_.pick<domain::tracking_state>({picked_up, in_transit, out_for_delivery, exception, delivered, delivered, returned});
  n.at = std::chrono::floor<std::chrono::seconds>(label.at + domain::duration{random_.between(0, 3'600'000)});
  n.body = scan_body(n.tracking_number, n.state, n.at);
  tell(n);
}

void simulator::tell(notice& n) {
  if (random_.chance(50)) forge(n);
  note(fmt::format("{} tells: {}", n.source, n.body));
  n.concerns_us = concerns_us(n);
  n.question = world_.webhook(n.source, signature_of(n.body), n.body);
}

/// Whatever was told once may be told again, acknowledged or not.
void simulator::tell_once_more() {
  if (notices_.empty()) return;
  auto& n = notices_[random_.below(notices_.size())];
  if (!n.question) tell(n);
}

/// What was not acknowledged comes again.
void simulator::tell_again() {
  for (auto& n : notices_)
    if (!n.acknowledged && !n.question) tell(n);
}

/// Somebody who does not know the secret.
void simulator::forge(const notice& n) {
  auto body = n.body;
  auto signature = signature_of(body);
  auto& changed = random_.chance(500) ? body : signature;
  changed[random_.below(changed.size())] ^= 1;
  note(fmt::format("somebody forges: {}", body));
  forged_.push_back(world_.webhook(n.source, signature, body));
}

bool simulator::concerns_us(const notice& n) const {
  const auto* o = world_.order(n.order_id);
  if (!o) return false;
  if (n.tracking_number.empty()) return n.operation <= o->operations.size();
  return std::any_of(o->shipments.begin(), o->shipments.end(), [&](const domain::shipment& s) { return s.tracking_number == n.tracking_number; });
}

bool simulator::is_written(const notice& n) const {
  const auto& o = *world_.order(n.order_id);
  if (n.tracking_number.empty()) {
    const auto state = o.operations[n.operation - 1].state;
    return state == domain::operation_state::done || state == domain::operation_state::declined ||
           std::any_of(o.notices.begin(), o.notices.end(), [&](const domain::notice& x) { return x.source == n.source && x.id == n.id; });
  }
  return std::any_of(o.shipments.begin(), o.shipments.end(), [&](const domain::shipment& s) {
    return s.tracking_number == n.tracking_number &&
           std::any_of(s.history.begin(), s.history.end(), [&](const auto& x) { return x.state == n.state && x.occurred_at == n.at; });
  });
}

void simulator::take_receipts() {
  for (auto& n : notices_) {
    if (!n.question || !n.question->answered()) continue;
    const auto q = std::move(n.question);
    n.question.reset();
    if (q->ok()) {
      n.acknowledged = true;
      if (n.concerns_us && !is_written(n)) fail(fmt::format("a notice about {} was acknowledged and is not on disk: {}", n.order_id, n.body));
    } else {
      note(fmt::format("{} is told to come again: {}", n.source, q->error().detail));
      if (q->error().code == domain::errc::forbidden) fail(n.source + " was refused although it had signed");
    }
  }
  for (const auto& q : forged_)
    if (q->ok()) fail("a forged notice was taken");
  std::erase_if(forged_, [](const notice_question& q) { return q->answered(); });
}

}  // namespace coreldove::simulation
