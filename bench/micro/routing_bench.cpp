// One routing decision among four gateways with experience in many cells, and taking in one answer.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "domain/routing.hpp"

namespace {

using namespace coreldove;

domain::order_input free_order() {
  domain::order_input in;
  in.customer_id = "cust_123";
  in.currency = *domain::currency::find("USD");
  in.items.push_back({"prod_456", "WIDGET-001", "Premium Widget", 2, 2999, 5998});
  in.billing.country = "US";
  in.payment_method = "credit_card";
  return in;
}

domain::routing_view experienced() {
  domain::routing_view v;
  v.policy = domain::usual_routing_policy();
  for (const auto* name : {"paypal", "payu", "razorpay", "stripe"}) v.gateways.push_back({name, {}, false, {}, 0.2});
  v.default_gateway = "stripe";
  v.learnt = domain::success_table{4, v.policy.learning};
  const std::array currencies{"USD", "EUR", "GBP", "JPY", "INR", "KWD"};
  for (int i = 0; i < 20'000; ++i) {
    const auto currency = *domain::currency::find(currencies[static_cast<std::size_t>(i) % currencies.size()]);
    const auto gateway = static_cast<std::size_t>(i / 7) % 4;
    v.learnt.observe(domain::kind_of_payment(currency, "credit_card", 100 << (i % 12)), gateway, i % 100 < 80 + 4 * static_cast<int>(gateway));
  }
  return v;
}

void routing_decision(benchmark::State& state) {
  const auto view = experienced();
  const auto in = free_order();
  domain::route_question q;
  q.input = &in;
  q.amount = 5'998;
  q.order_id = "ord_01ARYZ6S410000000000000000";
  for (auto _ : state) {
    ++q.operation;
    benchmark::DoNotOptimize(domain::choose_route(view, q, 0, 0));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(routing_decision);

void routing_of_a_bound_order(benchmark::State& state) {
  const auto view = experienced();
  auto in = free_order();
  in.payment_gateway = "stripe";
  domain::route_question q;
  q.input = &in;
  q.amount = 5'998;
  q.order_id = "ord_01ARYZ6S410000000000000000";
  for (auto _ : state) benchmark::DoNotOptimize(domain::choose_route(view, q, 0, 0));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(routing_of_a_bound_order);

void routing_answer_learnt(benchmark::State& state) {
  auto view = experienced();
  const auto kind = domain::kind_of_payment(*domain::currency::find("USD"), "credit_card", 5'998);
  std::uint64_t i = 0;
  for (auto _ : state) {
    ++i;
    view.learnt.observe(kind, i % 4, i % 10 != 0);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(routing_answer_learnt);

}  // namespace
