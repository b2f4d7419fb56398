// Events and documents as text, there and back: what the journal writes for one order.
#include <benchmark/benchmark.h>

#include "bench/micro/sample_order.hpp"
#include "persistence/codec/event_codec.hpp"

namespace {

using namespace coreldove;

struct stored_event {
  std::string type, data;
};

std::vector<stored_event> stored_life() {
  std::vector<domain::event> events;
  bench::sample_confirmed(bench::sample_input(), &events);
  std::vector<stored_event> out;
  for (const auto& e : events) {
    out.push_back({std::string{domain::type_name(e)}, {}});
    persistence::encode(e, out.back().data);
  }
  return out;
}

void BM_EncodeEventsUntilConfirmed(benchmark::State& state) {
  std::vector<domain::event> events;
  bench::sample_confirmed(bench::sample_input(), &events);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    for (const auto& e : events) {
      std::string text;
      persistence::encode(e, text);
      bytes += static_cast<std::int64_t>(text.size());
      benchmark::DoNotOptimize(text);
    }
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_EncodeEventsUntilConfirmed);

void BM_DecodeEventsUntilConfirmed(benchmark::State& state) {
  const auto stored = stored_life();
  for (auto _ : state)
    for (const auto& e : stored) benchmark::DoNotOptimize(persistence::decode(e.type, e.data));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecodeEventsUntilConfirmed);

void BM_DocumentOfConfirmedOrder(benchmark::State& state) {
  const auto order = bench::sample_confirmed(bench::sample_input());
  std::int64_t bytes = 0;
  for (auto _ : state) {
    auto text = persistence::order_document(order);
    bytes += static_cast<std::int64_t>(text.size());
    benchmark::DoNotOptimize(text);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}
BENCHMARK(BM_DocumentOfConfirmedOrder);

}  // namespace
