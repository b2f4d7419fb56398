// What people ask for: cancel, refund, decide a review, move the status by hand.
#include <algorithm>

#include "domain/deciding.hpp"

namespace coreldove::domain {
namespace {

void end_shipments(deciding& d) {
  for (std::size_t i = 0; i < d.o.shipments.size(); ++i) {
    const auto& s = d.o.shipments[i];
    if (s.state != shipment_state::shipped && s.state != shipment_state::delivered && s.state != shipment_state::cancelled)
      d.emit(shipment_cancelled{s.plan.n});
  }
}

void reject(deciding& d, const std::string& by, const std::string& note, bool damaged) {
  d.close_reviews("The order was rejected.");
  end_shipments(d);
  d.release_stock(damaged);
  if (d.anything_left()) {  // part of it is with the buyer: only the rest ends
    if (d.o.status == order_status::on_hold) d.emit(order_released{order_status::fulfilling});
    d.compensate();
    d.ask_about_silence();
    d.finish_shipping();
    return;
  }
  d.emit(order_rejected{"review_rejected", note.empty() ? "Rejected by " + by + "." : note});
  d.compensate();
  d.ask_about_silence();
}

}  // namespace

result<bool> decide_cancellation(deciding& d, const cancel_order& c) {
  if (d.o.status == order_status::cancelled) return false;
  if (!next_status(d.o.status, order_step::cancel) || d.anything_left())
    return d.illegal("An order that is " + std::string{to_string(d.o.status)} + (d.anything_left() ? " and partly shipped" : "") +
                     " can no longer be cancelled.");
  d.close_reviews("The order was cancelled.");
  end_shipments(d);
  d.release_stock();
  d.emit(order_cancelled{c.by, c.reason});
  d.compensate();
  d.ask_about_silence();
  return true;
}

result<bool> decide_refund(deciding& d, const refund_order& c) {
  if (d.o.captured == 0) return d.illegal("Nothing has been captured yet, so there is nothing to refund.");
  const auto available = d.refundable();
  auto bad = [](std::string pointer, std::string code, std::string message) {
    return failure{errc::invalid_input, message, {{std::move(pointer), std::move(code), message}}};
  };
  minor_units amount = available;
  if (!c.lines.empty()) {
    wide_int goods = 0;
    for (std::size_t i = 0; i < c.lines.size(); ++i) {
      if (c.lines[i] >= d.o.input->items.size()) return bad("/lines/" + std::to_string(i), "out_of_range", "The order has no such line.");
      if (std::find(c.lines.begin(), c.lines.begin() + static_cast<std::ptrdiff_t>(i), c.lines[i]) != c.lines.begin() + static_cast<std::ptrdiff_t>(i))
        return bad("/lines/" + std::to_string(i), "repeated", "The line is named twice.");
      goods += d.o.input->items[c.lines[i]].total_price;
    }
    const auto subtotal = d.o.input->subtotal();
    const auto worth = subtotal == 0 ? 0 : static_cast<minor_units>(goods * (subtotal - d.o.input->discount) / subtotal);
    amount = std::min(worth, available);
  }
  if (c.amount) amount = *c.amount;
  if (amount <= 0 && available > 0) return bad("/amount", "out_of_range", "A refund is more than zero.");
  if (amount > available || amount <= 0)
    return bad("/amount", "exceeds_captured",
               "At most " + format_amount(available, d.o.input->currency.digits) + " " + std::string{d.o.input->currency.name()} + " can be refunded.");
  const auto* auth = d.o.find(operation_kind::authorize);
  const std::string gateway = auth->party, target = auth->reference;
  d.emit(refund_asked{d.o.refunds_asked + 1, amount, c.reason, c.by, c.lines, c.restock});
  if (c.restock) {
    std::vector<allocation> back;
    auto left = d.o.shipped;
    for (std::size_t i = 0; i < left.size(); ++i) left[i] -= d.o.returned[i];
    for (const auto& s : d.o.shipments) {
      if (s.state != shipment_state::shipped && s.state != shipment_state::delivered) continue;
      for (auto a : s.plan.contents) {
        const bool wanted = c.lines.empty() || std::find(c.lines.begin(), c.lines.end(), a.line) != c.lines.end();
        a.quantity = wanted ? std::min(a.quantity, left[a.line]) : 0;
        left[a.line] -= a.quantity;
        if (a.quantity > 0) back.push_back(a);
      }
    }
    if (!back.empty()) d.emit(stock_restocked{std::move(back)});
  }
  d.request(operation_kind::refund, gateway, amount, 0, target, c.reason);
  return true;
}

result<bool> decide_on_review(deciding& d, const decide_review& c) {
  if (c.n == 0 || c.n > d.o.reviews.size()) return failure{errc::not_found, "There is no such review."};
  const review r = d.o.reviews[c.n - 1];
  if (r.state != review::verdict::open) {
    if ((r.state == review::verdict::approved) == c.approve) return false;
    return failure{errc::wrong_state, "The review has been decided the other way."};
  }
  d.emit(review_decided{c.n, c.approve, c.by, c.note});
  if (d.o.status == order_status::on_hold) {
    if (c.approve)
      d.release();
    else
      reject(d, c.by, c.note, r.kind == review_kind::quality);
  } else if (c.approve) {
    d.resume();
  } else {
    d.ask_about_silence();  // a no settles nothing at the gateway: what may have happened there is still to be found out
  }
  return true;
}

result<bool> decide_status(deciding& d, const change_status& c) {
  if (c.to == d.o.status) return false;
  const auto allowed = allowed_moves(d.o);
  if (std::find(allowed.begin(), allowed.end(), c.to) == allowed.end())
    return d.illegal("An order cannot be moved from " + std::string{to_string(d.o.status)} + " to " + std::string{to_string(c.to)} + ".");
  switch (c.to) {
    case order_status::cancelled:
      return decide_cancellation(d, {c.reason, c.by});
    case order_status::fulfilling:
      return decide_fulfillment(d, {{}, {}, {}, c.by});
    case order_status::rejected:
      reject(d, c.by, c.reason, false);
      return true;
    case order_status::on_hold:
      d.open_review(review_kind::fraud, c.reason.empty() ? "Held by " + c.by + "." : c.reason);
      d.hold();
      return true;
    case order_status::confirmed:
      for (std::size_t i = 0; i < d.o.reviews.size(); ++i)
        if (d.o.reviews[i].state == review::verdict::open) d.emit(review_decided{d.o.reviews[i].n, true, c.by, c.reason});
      d.release();
      return true;
    case order_status::delivered:
      for (std::size_t i = 0; i < d.o.shipments.size(); ++i) {
        const auto& s = d.o.shipments[i];
        if (s.state == shipment_state::shipped)
          d.emit(tracking_updated{s.plan.n, tracking_state::delivered, "manual/" + std::to_string(d.o.version), d.now, c.reason, {}});
      }
      d.emit(order_delivered{});
      return true;
    case order_status::received:
    case order_status::shipped:
      break;
  }
  return d.illegal("That status cannot be asked for.");
}

}  // namespace coreldove::domain
