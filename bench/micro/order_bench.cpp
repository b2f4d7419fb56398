// What one order costs in the rules alone: no disk, no network, no actor.
#include <benchmark/benchmark.h>

#include <utility>
#include <variant>

#include "bench/micro/sample_order.hpp"
#include "http/json_reader.hpp"
#include "http/order_reader.hpp"

namespace {

using namespace coreldove;

void BM_ReadAndValidateOrder(benchmark::State& state) {
  const auto& body = bench::sample_body();
  const auto rules = bench::sample_rules();
  for (auto _ : state) {
    const auto root = http::read_json(body);
    auto read = http::read_order_draft(std::get<0>(root), body);
    auto input = domain::validate(std::move(read.draft), rules, std::move(read.complaints));
    benchmark::DoNotOptimize(input);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(BM_ReadAndValidateOrder);

void BM_AssessFraud(benchmark::State& state) {
  const auto input = bench::sample_input();
  const std::vector<domain::past_order> history(5, {domain::time_point{}, input.total(), input.currency});
  for (auto _ : state) benchmark::DoNotOptimize(domain::assess(input, history, domain::time_point{std::chrono::hours{24}}, 750));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_AssessFraud);

void BM_OrderUntilConfirmed(benchmark::State& state) {
  const auto input = bench::sample_input();
  for (auto _ : state) benchmark::DoNotOptimize(bench::sample_confirmed(input));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_OrderUntilConfirmed);

void BM_OrderUntilDelivered(benchmark::State& state) {
  const auto input = bench::sample_input();
  for (auto _ : state) benchmark::DoNotOptimize(bench::sample_life(input));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_OrderUntilDelivered);

void BM_ReserveAndReleaseStock(benchmark::State& state) {
  domain::stock_ledger ledger;
  ledger.put_warehouse({"US-EAST", "Newark", "US", "NJ", "07105"});
  ledger.put_warehouse({"US-WEST", "Reno", "US", "NV", "89502"});
  const auto input = bench::sample_input();
  std::vector<domain::wanted_line> lines;
  for (std::uint32_t i = 0; i < input.items.size(); ++i) {
    const auto& item = input.items[i];
    ledger.put_item({item.sku, item.product_id, item.name, 110, false});
    for (const auto* warehouse : {"US-EAST", "US-WEST"}) ledger.put_level(item.sku, warehouse, {1'000'000, 0});
    lines.push_back({i, item.sku, item.quantity});
  }
  const std::string order = "ord_01JD00000000000000000000AB";
  for (auto _ : state) {
    benchmark::DoNotOptimize(ledger.reserve(order, lines, {"US", "TX", "78701"}));
    ledger.release(order);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ReserveAndReleaseStock);

}  // namespace
