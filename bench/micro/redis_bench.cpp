// Would a cache in Redis be quicker than the store? One order's document and one idempotency key's answer, asked for and waited for one at a time; only where
// there are servers to ask:
//   REDIS_PORT=6379 DATABASE_URL=postgresql://… build/bench/micro/coreldove-micro --benchmark_filter=look_up
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <utility>

#include "bench/micro/sample_order.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/open_store.hpp"
#include "persistence/redis/client.hpp"

namespace {

using namespace coreldove;

template <class T, class F>
T answer(F ask) {
  const auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  ask([promise](T value) { promise->set_value(std::move(value)); });
  return future.get();
}

persistence::append one_order() {
  const auto order = bench::sample_confirmed(bench::sample_input());
  persistence::append a;
  a.stream = order.id;
  a.at = order.created_at;
  a.by = "bench";
  a.trace_id = std::string(32, 'a');
  a.events = {{"order_received", "{}"}};
  a.row.customer_id = "cust_1";
  a.row.currency = "USD";
  a.row.created_at = a.row.updated_at = order.created_at;
  a.row.document = persistence::order_document(order);
  a.idempotency = persistence::idempotency_record{"bench POST /orders", "key", std::string(64, 'f'), {202, 1, order.id, a.row.document}, false};
  return a;
}

void look_up_in_store(benchmark::State& st, const std::string& place) {
  const auto store = persistence::open_store({.place = place, .readers = 1, .max_queued = 100, .on_commit = {}, .observe = {}});
  const auto order = one_order();
  answer<domain::result<persistence::append_outcome>>([&](auto done) { store->journal().append(order, std::move(done)); });  // refused where it is there
  for (auto _ : st) {
    const auto document = answer<domain::result<domain::document>>([&](auto done) { store->store().document(order.stream, std::move(done)); });
    if (!document) return st.SkipWithError(document.error().detail.c_str());
  }
  store->stop();
}

void look_up_key_in_store(benchmark::State& st, const std::string& place) {
  const auto store = persistence::open_store({.place = place, .readers = 1, .max_queued = 100, .on_commit = {}, .observe = {}});
  answer<domain::result<persistence::append_outcome>>([&](auto done) { store->journal().append(one_order(), std::move(done)); });
  for (auto _ : st) {
    const auto key =
        answer<domain::result<std::optional<persistence::stored_key>>>([&](auto done) { store->store().key("bench POST /orders", "key", std::move(done)); });
    if (!key || !*key) return st.SkipWithError("the key is not there");
  }
  store->stop();
}

void look_up_in_redis(benchmark::State& st, std::uint16_t port) {
  persistence::redis::client_options o;
  o.where.port = port;
  std::promise<bool> connected;
  o.observe.state = [&, told = false](bool is, const std::string&) mutable {
    if (!std::exchange(told, true)) connected.set_value(is);
  };
  persistence::redis::client client{std::move(o)};
  client.start();
  if (!connected.get_future().get()) return st.SkipWithError("there is no Redis at that port");
  using persistence::redis::answer_done;
  const auto say = [&](persistence::redis::command c) {
    return answer<domain::result<persistence::redis::answer>>([&](const answer_done& done) {
      if (!client.ask(std::move(c), done)) done(domain::failure{domain::errc::unavailable, "Redis went"});
    });
  };
  say({"SET", "coreldove:bench", one_order().row.document});
  for (auto _ : st) {
    const auto document = say({"GET", "coreldove:bench"});
    if (!document || document->text.empty()) return st.SkipWithError("Redis lost it");
  }
  say({"DEL", "coreldove:bench"});
}

/// Registers what there are servers for.
const bool registered = [] {
  const char* port = std::getenv("REDIS_PORT");
  if (port == nullptr) return false;
  const auto file = std::filesystem::temp_directory_path() / "coreldove-redis-bench.db";
  for (const auto* end : {"", "-wal", "-shm", ".reserve"}) std::filesystem::remove(file.string() + end);
  const auto in_both_ways = [](const std::string& name, const std::string& place) {
    benchmark::RegisterBenchmark(("look_up_order/" + name).c_str(), look_up_in_store, place)->UseRealTime()->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark(("look_up_key/" + name).c_str(), look_up_key_in_store, place)->UseRealTime()->Unit(benchmark::kMicrosecond);
  };
  in_both_ways("sqlite", file.string());
  if (const char* url = std::getenv("DATABASE_URL"); url != nullptr) in_both_ways("postgresql", url);
  benchmark::RegisterBenchmark("look_up_either/redis", look_up_in_redis, static_cast<std::uint16_t>(std::atoi(port)))
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
  return true;
}();

}  // namespace
