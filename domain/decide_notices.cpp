// What gateways tell by themselves: webhooks about operations, disputes, and lines of settlement reports that do not agree with the order.
#include <algorithm>

#include "domain/card_data.hpp"
#include "domain/deciding.hpp"

namespace coreldove::domain {
namespace {

bool is_final(operation_state s) { return s == operation_state::done || s == operation_state::declined; }

/// The operation that a notice is about, or null.
const operation* subject_of(const order& o, const take_notice& c) {
  if (c.n > 0) return c.n <= o.operations.size() && o.operations[c.n - 1].kind == c.kind ? &o.operations[c.n - 1] : nullptr;
  if (c.reference.empty()) return nullptr;
  const auto it = std::find_if(o.operations.rbegin(), o.operations.rend(), [&](const operation& op) { return op.kind == c.kind && op.target == c.reference; });
  return it == o.operations.rend() ? nullptr : &*it;
}

void note(deciding& d, const take_notice& c, notice_verdict verdict, std::uint32_t operation, std::string detail = {}) {
  d.emit(notice_received{c.source, c.id, c.type, verdict, operation, std::move(detail)});
}

/// The capture's shipment has not left without it, and there is room for it.
bool still_fits(const deciding& d, const operation& capture) {
  const auto& o = d.o;
  const bool again = std::any_of(o.operations.begin(), o.operations.end(), [&](const operation& op) {
    return op.kind == operation_kind::capture && op.shipment == capture.shipment && op.state != operation_state::declined;
  });
  const auto state = o.shipments.at(capture.shipment - 1).state;
  const bool left = state == shipment_state::shipped || state == shipment_state::delivered;
  return !again && !left && o.captured + d.pending(operation_kind::capture) + capture.amount <= o.authorized;
}

/// The gateway says yes where it had said no. Money that is there counts, whatever was said before: an order that has ended gives it back.
void take_late_yes(deciding& d, const take_notice& c, const operation& op) {
  const bool fits = op.kind == operation_kind::authorize || op.kind == operation_kind::void_authorization ||
                    (op.kind == operation_kind::capture && still_fits(d, op)) || (op.kind == operation_kind::refund && op.amount <= d.refundable());
  note(d, c, fits ? notice_verdict::late : notice_verdict::impossible, op.n, "It had been declined before.");
  if (fits) return settle(d, {op.n, operation_outcome::done, c.reference, {}, {}, {}});
  d.open_review(review_kind::payment,
                std::string{to_string(op.kind)} + " at " + op.party + " was done although it had been declined: the order cannot hold both.");
}

/// The gateway says no where it had said yes: captures and refunds fail at banks days after they were taken in.
void take_late_no(deciding& d, const take_notice& c, const operation& op) {
  note(d, c, notice_verdict::impossible, op.n, "It had been done before.");
  if (op.kind == operation_kind::authorize) return;  // an earlier try of the same buyer, told late
  std::string reason = std::string{to_string(op.kind)} + " at " + op.party + " was done, but now the gateway says that it failed";
  if (!c.code.empty()) reason += " (" + without_card_numbers(c.code) + ")";
  d.open_review(review_kind::payment, reason + ".", op.n);
}

void look_now(deciding& d, const take_notice& c, const operation& op) {
  if (is_final(op.state)) return op.state == operation_state::done ? void() : note(d, c, notice_verdict::late, op.n, "The order no longer waits for it.");
  const auto n = op.n;
  const bool idle = op.state != operation_state::requested;
  note(d, c, notice_verdict::applied, n);
  if (idle) d.emit(operation_retried{n});
}

std::string money_text(const order& o, minor_units amount) {
  return format_amount(amount, o.input->currency.digits) + " " + std::string{o.input->currency.name()};
}

/// Reviews carry the dispute's reference in their reason; there is one open at most.
std::string dispute_reason(const order& o, const take_dispute& c) {
  std::string out = "Dispute " + c.reference + " at " + c.source + " over " + money_text(o, c.amount);
  if (!c.reason.empty()) out += ": " + without_card_numbers(c.reason);
  return out + ". Send the order's evidence to the gateway, or accept it.";
}

std::string dispute_mark(std::string_view reference, std::string_view gateway) {
  return "Dispute " + std::string{reference} + " at " + std::string{gateway} + " over ";
}

void open_dispute(deciding& d, const take_dispute& c) {
  d.emit(notice_received{c.source, c.id, c.type, notice_verdict::applied, 0, {}});
  d.emit(dispute_opened{c.source, c.reference, c.payment, c.amount, without_card_numbers(c.reason), c.answer_by});
  d.open_review(review_kind::payment, dispute_reason(d.o, c));
  if (!d.ended()) d.hold();  // what has not left stays until somebody has looked
}

void close_dispute(deciding& d, const take_dispute& c, bool won) {
  d.emit(dispute_closed{c.reference, won});
  const auto mark = dispute_mark(c.reference, c.source);
  for (std::size_t i = 0; i < d.o.reviews.size(); ++i)
    if (d.o.reviews[i].state == review::verdict::open && d.o.reviews[i].reason.starts_with(mark))
      d.emit(review_decided{d.o.reviews[i].n, won, "system", won ? "The dispute was won." : "The dispute was lost: the buyer has the money back."});
  d.release();
}

}  // namespace

void decide_notice(deciding& d, const take_notice& c) {
  if (has_seen(d.o, c.source, c.id)) return;
  const auto* found = subject_of(d.o, c);
  if (!found) return note(d, c, notice_verdict::impossible, 0, "The order has no such " + std::string{to_string(c.kind)} + ".");
  const operation op = *found;
  switch (c.outcome) {
    case operation_outcome::done:
      if (op.state == operation_state::done) return;  // says what is known
      if (op.state == operation_state::declined) return take_late_yes(d, c, op);
      break;
    case operation_outcome::declined:
      if (op.state == operation_state::declined) return;
      if (op.state == operation_state::done) return take_late_no(d, c, op);
      break;
    case operation_outcome::awaiting_buyer:
      return look_now(d, c, op);
    case operation_outcome::not_done:
    case operation_outcome::unknown:
      return;  // no gateway calls to say that it does not know
  }
  note(d, c, notice_verdict::applied, op.n);
  settle(d, {op.n, c.outcome, c.reference, c.code, c.message, {}, {}, c.soft});
}

void decide_dispute(deciding& d, const take_dispute& c) {
  if (has_seen(d.o, c.source, c.id)) return;
  const auto it = std::find_if(d.o.disputes.begin(), d.o.disputes.end(), [&](const dispute& x) { return x.reference == c.reference; });
  const bool known = it != d.o.disputes.end();
  if (c.step == dispute::verdict::open) {
    if (known) return;
    if (c.amount > 0 && c.amount <= d.o.captured - d.o.disputed() - d.o.charged_back()) return open_dispute(d, c);
    d.emit(notice_received{c.source, c.id, c.type, notice_verdict::impossible, 0, "More is disputed than was captured."});
    d.open_review(review_kind::payment, dispute_reason(d.o, c) + " The order has captured " + money_text(d.o, d.o.captured) + ".");
    return;
  }
  const bool won = c.step == dispute::verdict::won;
  if (known && it->state == c.step) return;
  const bool fits = known && it->state == dispute::verdict::open;
  d.emit(notice_received{c.source, c.id, c.type, fits ? notice_verdict::applied : notice_verdict::impossible, 0,
                         fits    ? ""
                         : known ? "The dispute had ended otherwise."
                                 : "The order knows of no such dispute."});
  if (fits) return close_dispute(d, c, won);
  d.open_review(review_kind::payment, "The dispute " + c.reference + " at " + c.source + " was " + (won ? "won" : "lost") + ", which does not fit the order.");
}

void decide_finding(deciding& d, const take_finding& c) {
  if (has_seen(d.o, c.source, c.id)) return;
  d.emit(notice_received{c.source, c.id, c.type, notice_verdict::applied, 0, c.detail});
  d.open_review(review_kind::payment, c.detail);
}

}  // namespace coreldove::domain
