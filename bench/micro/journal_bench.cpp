// How long does the journal take to make orders durable, by the number of appends that share a commit?
// One iteration appends a batch of new orders of the load profile's median (3 lines, 4 events) and waits for all answers.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <random>

#include "domain/ulid.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/sqlite/sqlite.hpp"

namespace {

using namespace coreldove;

constexpr int skus = 500, lines = 3;

domain::order median_order(std::mt19937_64& random, domain::time_point now) {
  domain::order o;
  domain::entropy e{};
  for (auto& b : e) b = static_cast<std::uint8_t>(random());
  o.id = domain::make_order_id(now, e);
  domain::order_input in;
  in.customer_id = fmt::format("cust_{}", random() % 100'000);
  in.customer_email = in.customer_id + "@example.com";
  in.currency = *domain::currency::find("USD");
  for (std::uint32_t i = 0; i < lines; ++i) {
    const auto sku = fmt::format("SKU-{:05}", random() % skus);
    in.items.push_back({"prod_" + sku, sku, "Premium Widget " + sku, 2, 2'999, 5'998});
    o.allocations.push_back({i, sku, "berlin", 2, 250, false});
  }
  in.billing = in.shipping = {"A. Buyer", "1 Main St", "", "Springfield", "IL", "62701", "US", "+12175550100"};
  in.payment_method = "credit_card";
  in.payment_token = "tok_visa";
  in.payment_gateway = "stripe";
  in.shipping_method = "standard";
  in.shipping_cost = 500;
  o.input = std::move(in);
  o.version = 4;
  o.created_at = o.updated_at = now;
  o.fraud = domain::fraud_assessment{125, "accept", {{"velocity", 125, "3 orders in an hour"}}};
  return o;
}

persistence::append first_append(const domain::order& o) {
  persistence::append a;
  a.stream = o.id;
  a.at = o.created_at;
  a.by = "key_0123456789";
  a.trace_id = "0af7651916cd43dd8448eb211c80319c";
  domain::operation_requested charge;
  charge.n = 1;
  charge.party = "stripe";
  charge.amount = o.total();
  const std::vector<domain::event> events{domain::order_received{o.id, a.by, o.input}, domain::fraud_assessed{*o.fraud}, domain::stock_reserved{o.allocations},
                                          charge};
  for (const auto& e : events) persistence::encode(e, a.events.emplace_back(persistence::event_record{std::string(domain::type_name(e)), {}}).data);
  auto& row = a.row;
  row.customer_id = o.input->customer_id;
  row.customer_email = o.input->customer_email;
  row.currency = "USD";
  row.total = o.total();
  for (const auto& line : o.input->items) row.skus.push_back(line.sku);
  row.created_at = row.updated_at = a.at;
  row.unfinished = true;
  row.document = persistence::order_document(o);
  for (const auto& x : o.allocations) a.stock.push_back({x.sku, x.warehouse, 0, x.quantity});
  a.idempotency = persistence::idempotency_record{"key_0123456789 POST /orders", "k-" + o.id, std::string(64, 'f'), {202, 4, o.id, row.document}, false};
  return a;
}

double thread_cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Counts answers and lets one thread wait for them.
class countdown {
public:
  explicit countdown(std::size_t n) : left_(n) {}
  void down() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) zero_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    zero_.wait(lock, [this] { return left_ == 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable zero_;
  std::size_t left_;
};

void append_orders(benchmark::State& st) {
  const auto folder = std::filesystem::temp_directory_path() / "coreldove-journal-bench";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  double writer_seconds = 0, cpu_at_first = 0, cpu_seconds = 0;
  std::size_t failed = 0, transactions = 0;
  const auto observe = [&](double s) {
    writer_seconds += s;
    cpu_seconds = thread_cpu_seconds();
    if (transactions++ == 0) cpu_at_first = cpu_seconds;
  };
  {
    persistence::sqlite::sqlite_store store(
        {.file = folder / "store.db", .readers = 1, .max_queued = 100'000, .on_commit = {}, .observe = {{}, {}, observe, {}}});
    persistence::catalog c;
    c.warehouses = {{"berlin", "Berlin", "DE", "BE", "10115"}};
    for (int i = 0; i < skus; ++i) c.levels.push_back({fmt::format("SKU-{:05}", i), "berlin", {1'000'000'000, 0}});
    countdown imported(1);
    store.journal().import(c, [&](auto) { imported.down(); });
    imported.wait();
    writer_seconds = 0, transactions = 0;  // the first batch then only sets the clocks

    std::mt19937_64 random(1);
    std::int64_t ms = 1'780'000'000'000;
    const auto batch = static_cast<std::size_t>(st.range(0));
    for (auto _ : st) {
      st.PauseTiming();
      std::vector<persistence::append> items;
      for (std::size_t i = 0; i < batch; ++i)
        items.push_back(first_append(median_order(random, domain::time_point{domain::duration{ms + static_cast<std::int64_t>(i)}})));
      ms += static_cast<std::int64_t>(batch);
      st.ResumeTiming();
      countdown answers(batch);
      for (auto& item : items) store.journal().append(std::move(item), [&](auto r) { failed += r ? 0 : 1, answers.down(); });
      answers.wait();
    }
  }
  if (failed > 0) st.SkipWithError("appends failed");
  const auto orders = st.iterations() * st.range(0);
  st.SetItemsProcessed(orders);
  st.counters["writer_us_per_order"] = writer_seconds * 1e6 / static_cast<double>(orders);
  st.counters["writer_cpu_us_per_order"] = (cpu_seconds - cpu_at_first) * 1e6 / static_cast<double>(orders - st.range(0));
  st.counters["orders_per_commit"] = static_cast<double>(orders) / static_cast<double>(transactions);
  std::filesystem::remove_all(folder);
}
BENCHMARK(append_orders)->Arg(1)->Arg(16)->Arg(64)->Arg(256)->Arg(1'000)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
