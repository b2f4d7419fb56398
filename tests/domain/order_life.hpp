#pragma once
// One order driven through its life without any shell: commands go in, facts are kept, time stands still until it is moved.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "domain/order.hpp"
#include "tests/domain/order_samples.hpp"

namespace coreldove::domain::samples {

inline const std::string order_id = "ord_01ARYZ6S410000000000000000";

inline std::vector<allocation> two_widgets() { return {{0, "WIDGET-001", "il", 2, 250, false}}; }

class life {
public:
  policy rules;
  time_point now{std::chrono::milliseconds{1'700'000'000'000}};
  order o;
  std::vector<std::pair<event, time_point>> facts;
  std::vector<stock_movement> movements;

  /// Decides and takes the events in.
  result<std::vector<event>> tell(const command& c) {
    auto events = decide(o, c, rules, now);
    if (!events) return events;
    for (const auto& e : *events) {
      const auto at = std::max(now, o.updated_at);
      for (auto& m : stock_movements(o, e)) movements.push_back(std::move(m));
      evolve(o, e, at);
      facts.emplace_back(e, at);
    }
    return events;
  }

  /// tell() where a refusal is a mistake; the names of the events.
  std::vector<std::string> done(const command& c) {
    const auto events = tell(c);
    std::vector<std::string> names;
    if (!events) {
      ADD_FAILURE() << events.error().detail;
      return names;
    }
    for (const auto& e : *events) names.emplace_back(type_name(e));
    return names;
  }

  std::vector<std::string> place(stock_answer stock = two_widgets(), order_input in = input(), std::string decision = "accept") {
    return done(place_order{order_id, std::move(in), "user:1", {0, std::move(decision), {}}, std::move(stock)});
  }

  std::vector<std::string> settle(std::uint32_t n, operation_outcome outcome, std::string code = {}) { return done(answer(n, outcome, std::move(code))); }

  static settle_operation answer(std::uint32_t n, operation_outcome outcome, std::string code = {}) {
    const auto id = std::to_string(n);
    if (outcome == operation_outcome::done) return {n, outcome, "ref-" + id, {}, {}, "trk-" + id};
    if (outcome == operation_outcome::awaiting_buyer) return {n, outcome, "pending-" + id, {}, {}, {}, "https://pay.example/" + id};
    return {n, outcome, {}, std::move(code), "no", {}};
  }

  /// Settles everything that is open as done, until nothing is.
  void let_the_world_answer() {
    for (auto open = open_operations(o); !open.empty(); open = open_operations(o)) settle(open.front()->n, operation_outcome::done);
  }

  const operation& last_operation() const { return o.operations.back(); }

  /// To a confirmed order; two units at "il", 64.98 USD.
  void confirm() {
    place();
    let_the_world_answer();
  }
  void ship() {
    confirm();
    done(fulfill_order{});
    let_the_world_answer();
  }

  std::vector<std::string> track(std::string tracking_number, tracking_state state, std::string source_id) {
    return done(track_shipment{std::move(tracking_number), state, std::move(source_id), now, "", ""});
  }

  std::int64_t reserved_of_movements() const {
    std::int64_t sum = 0;
    for (const auto& m : movements) sum += m.reserved;
    return sum;
  }
  std::int64_t on_hand_of_movements() const {
    std::int64_t sum = 0;
    for (const auto& m : movements) sum += m.on_hand;
    return sum;
  }
};

inline std::vector<std::string> kinds(const std::vector<const operation*>& operations) {
  std::vector<std::string> out;
  for (const auto* op : operations) out.emplace_back(to_string(op->kind));
  return out;
}

inline std::vector<std::string> open_reviews(const order& o) {
  std::vector<std::string> out;
  for (const auto& r : o.reviews)
    if (r.state == review::verdict::open) out.emplace_back(to_string(r.kind));
  return out;
}

/// Tells `c`, which must be refused and change nothing.
inline failure refused(life& l, const command& c) {
  const auto before = l.o.version;
  const auto events = l.tell(c);
  EXPECT_FALSE(events);
  EXPECT_EQ(l.o.version, before);
  return events ? failure{} : events.error();
}

}  // namespace coreldove::domain::samples
