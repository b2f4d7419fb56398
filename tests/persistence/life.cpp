#include "tests/persistence/life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "persistence/codec/event_codec.hpp"
#include "persistence/projection.hpp"
#include "tests/persistence/fixture.hpp"

namespace coreldove::persistence::testing {

living_order::living_order(int n, domain::time_point created, std::string customer) : now(created), id_(order_id(n)), customer_(std::move(customer)) {}

append living_order::placed() {
  domain::order_input in;
  in.customer_id = customer_;
  in.customer_email = customer_ + "@example.com";
  in.currency = {{'U', 'S', 'D'}, 2};
  in.items = {{"prod-1", "SKU-1", "Thing one", 2, 1'000, 2'000}, {"prod-2", "SKU-2", "Thing two", 1, 2'500, 2'500}};
  in.billing = in.shipping = {"A. Buyer", "1 Main St", "", "Springfield", "IL", "62701", "US", "+12175550100"};
  in.payment_method = "credit_card";
  in.payment_token = "tok_visa";
  in.payment_gateway = "stripe";
  in.shipping_method = "standard";
  in.shipping_cost = 500;
  in.metadata = R"({"gift":1.10})";
  const std::vector<domain::allocation> held{{0, "SKU-1", "berlin", 2, 250, false}, {1, "SKU-2", "berlin", 1, 400, false}};
  return next(domain::place_order{id_, in, customer_, {125, "accept", {{"velocity", 125, "2 orders in an hour"}}}, held});
}

append living_order::answered(domain::operation_outcome outcome) {
  const auto* op = open_operations(order_).at(0);
  domain::settle_operation answer{op->n, outcome, fmt::format("ref_{}", op->n), "", "", ""};
  if (outcome != domain::operation_outcome::done) answer.reference.clear(), answer.code = "no", answer.message = "said no";
  if (op->kind == domain::operation_kind::label) answer.tracking_number = fmt::format("T{}{}", id_.substr(20), op->n);
  return next(answer);
}

append living_order::next(const domain::command& c) {
  now += domain::duration{1'000};
  const auto events = decide(order_, c, policy_, now);
  if (!events) throw std::logic_error(events.error().detail);
  return append_of(*events);
}

append living_order::append_of(const std::vector<domain::event>& events) {
  const auto before = order_;
  append a;
  a.stream = id_;
  a.expected_version = before.version;
  a.at = now;
  a.by = "test";
  for (const auto& e : events) {
    for (auto& m : stock_movements(order_, e)) a.stock.push_back(std::move(m));
    evolve(order_, e, now);
    a.events.push_back({std::string(type_name(e)), {}});
    encode(e, a.events.back().data);
  }
  a.row = row_of(order_);
  const auto old = timers(before, policy_), due = timers(order_, policy_);
  for (const auto& t : old)
    if (std::none_of(due.begin(), due.end(), [&](const auto& x) { return x.kind == t.kind && x.n == t.n; })) a.timers.push_back({t, false});
  for (const auto& t : due) a.timers.push_back({t, true});
  for (const auto& r : order_.reviews) a.reviews.push_back(review_row_of(order_, r));
  return a;
}

}  // namespace coreldove::persistence::testing
