// What an actor costs: to be made and to end, and to be asked. Everything an order does comes on top.
#include <benchmark/benchmark.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <chrono>
#include <cstdint>

namespace {

struct counting_state {
  std::uint64_t count = 0;
};

/// Takes an argument, because CAF 0.17 follows a null pointer where there is none, and the hardened library stops that.
caf::behavior counting(caf::stateful_actor<counting_state>* self, std::uint64_t from) {
  self->state.count = from;
  return {[self](std::uint64_t n) { return self->state.count += n; }};
}

void BM_SpawnAskAndEnd(benchmark::State& state) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  for (auto _ : state) {
    auto a = system.spawn(counting, std::uint64_t{0});
    self->request(a, std::chrono::seconds{10}, std::uint64_t{1})
        .receive([](std::uint64_t n) { benchmark::DoNotOptimize(n); }, [&](const caf::error&) { state.SkipWithError("no answer"); });
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SpawnAskAndEnd)->UseRealTime();

void BM_Ask(benchmark::State& state) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  auto a = system.spawn(counting, std::uint64_t{0});
  for (auto _ : state)
    self->request(a, std::chrono::seconds{10}, std::uint64_t{1})
        .receive([](std::uint64_t n) { benchmark::DoNotOptimize(n); }, [&](const caf::error&) { state.SkipWithError("no answer"); });
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Ask)->UseRealTime();

}  // namespace
