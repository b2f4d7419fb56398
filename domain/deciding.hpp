#pragma once
// The working table of one decision: the order as it will be after the events so far. Shared by the files that decide; nobody else includes it.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/order.hpp"
#include "domain/routing.hpp"

namespace coreldove::domain {

/// For products of amounts, before they are divided again.
__extension__ typedef __int128 wide_int;

class deciding {
public:
  deciding(const order& before, const policy& p, time_point at, const payment_routes* r) : o(before), rules(p), now(at), routes(r) {}

  void emit(event e) {
    evolve(o, e, now);
    events.push_back(std::move(e));
  }

  // What follows by itself from where the order stands.
  void take_stock(const stock_answer& answer);
  void start_payment();
  /// Where the money is asked for; never at the gateways in `avoid`.
  route route_payment(std::vector<std::string> avoid) const;
  /// Asks there; `instead_of`: the authorization that ends with this, or 0.
  void authorize(route to, std::uint32_t instead_of = 0);
  /// Where an authorization that ended like this may go instead, at once; nothing where it has to stay, or be given up.
  std::optional<route> elsewhere(const operation& op, operation_outcome outcome, bool soft) const;
  /// The same for one that has waited and is to go out again.
  std::optional<route> elsewhere_by_now(const operation& op) const;
  /// Answers so far, over all gateways that were asked for the same money.
  std::uint32_t attempts_at(const operation& op) const;
  void resume();
  void start_label(std::uint32_t shipment);
  void start_capture(std::uint32_t shipment);
  /// Shipments that waited for a capture which another one has started.
  void ship_labelled();
  void ship(std::uint32_t shipment);
  void finish_shipping();
  /// Gives back what a cancelled or rejected order, or the cancelled shipments of another, still have outside: authorisations, captured money, labels.
  void compensate();
  /// Another authorization was asked for since: the order goes on with that one.
  bool is_superseded(const operation& authorization) const { return o.find(operation_kind::authorize)->n != authorization.n; }
  void let_go(const operation& authorization);
  void give_back(const operation& capture);
  /// Asks once more about operations that were given up on and may have happened all the same.
  void ask_about_silence();
  bool ended() const;  // cancelled or rejected
  /// Nobody waits for what it would take: its shipment was cancelled, or the whole order has ended.
  bool is_of_no_use(const operation& op) const;
  void release_stock(bool damaged = false);
  void close_reviews(const std::string& note);
  void open_review(review_kind kind, std::string reason, std::uint32_t operation = 0);
  void hold();
  /// Goes on where the order was held, once no review is open any more.
  void release();
  void request(operation_kind kind, std::string party, minor_units amount, std::uint32_t shipment, std::string target, std::string reason = {});

  /// Units of each line that are reserved and in no shipment that is still to leave.
  std::vector<allocation> unplanned() const;
  /// Captured or perhaps about to be; what a refund must not touch twice.
  minor_units pending(operation_kind kind) const;
  minor_units refundable() const;
  /// That gateway captures once or whole, so all is captured with the first shipment.
  bool captures_once(std::string_view gateway) const;
  /// What of the total is for these goods, without rounding up.
  minor_units share_of(const std::vector<allocation>& goods) const;
  bool anything_left() const;  // some unit has been shipped
  failure illegal(std::string what) const;

  order o;
  const policy& rules;
  time_point now;
  const payment_routes* routes;  // null: every payment goes to the gateway that the order names, or to the default one
  std::vector<event> events;
};

/// Takes the answer in, where the operation is open: or, for money that was held after all, where it had been declined.
void settle(deciding& d, const settle_operation& c);
void decide_settlement(deciding& d, const settle_operation& c);
void decide_notice(deciding& d, const take_notice& c);
void decide_dispute(deciding& d, const take_dispute& c);
void decide_finding(deciding& d, const take_finding& c);
result<bool> decide_fulfillment(deciding& d, const fulfill_order& c);
result<bool> decide_refund(deciding& d, const refund_order& c);
result<bool> decide_tracking(deciding& d, const track_shipment& c);
result<bool> decide_on_review(deciding& d, const decide_review& c);
result<bool> decide_cancellation(deciding& d, const cancel_order& c);
result<bool> decide_status(deciding& d, const change_status& c);

}  // namespace coreldove::domain
