#include "bench/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <random>
#include <thread>

#include "bench/load.hpp"
#include "bench/process_cost.hpp"

namespace coreldove::bench {
namespace {

using namespace std::chrono_literals;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

/// The threads of one run, and what they came to.
class crew {
public:
  crew(load_plan& plan, const options& o) : o_(o) {
    for (std::uint32_t i = 0; i < o.threads; ++i) loads_.emplace_back(plan, i);
  }

  void start(const endpoint& server, clock::time_point begun, std::optional<clock::time_point> stop_at) {
    running_ = o_.threads;
    for (std::uint32_t i = 0; i < o_.threads; ++i) {
      loop_settings settings;
      settings.server = server;
      settings.connections = o_.connections / o_.threads + (i < o_.connections % o_.threads ? 1 : 0);
      settings.rate = o_.rate / o_.threads;
      // The threads take turns, so that the requests of all are evenly spread.
      if (o_.rate > 0) settings.begin_at = begun + std::chrono::nanoseconds{static_cast<std::int64_t>(i * 1e9 / o_.rate)};
      settings.stop_at = stop_at;
      settings.timeout = o_.timeout;
      settings.patience = o_.patience;
      threads_.emplace_back([this, settings, i] { work(settings, loads_[i]); });
    }
  }

  /// True once all threads have ended; waits at most until `until`.
  bool ended_by(clock::time_point until) {
    std::unique_lock lock{mutex_};
    return ended_.wait_until(lock, until, [this] { return running_ == 0; });
  }

  void collect(findings& out) {
    threads_.clear();  // joins
    if (error_) std::rethrow_exception(error_);
    for (const auto& l : loads_) out.total.merge(l.result());
    out.gave_up = gave_up_;
  }

private:
  void work(const loop_settings& settings, load& mine) {
    std::exception_ptr error;
    bool reached = true;
    try {
      reached = loop{settings, mine}.run();
    } catch (...) {
      error = std::current_exception();
    }
    const std::scoped_lock lock{mutex_};
    if (error) error_ = error;
    if (!reached) gave_up_ = true;
    if (--running_ == 0) ended_.notify_all();
  }

  const options& o_;
  std::deque<load> loads_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::uint32_t running_ = 0;
  bool gave_up_ = false;
  std::exception_ptr error_;
  std::vector<std::jthread> threads_;
};

void watch(crew& workers, load_plan& plan, clock::time_point begun, bool quiet) {
  auto last = begun;
  while (!workers.ended_by(last + 1s)) {
    const auto now = clock::now();
    const auto line = plan.progress.take_line(std::chrono::duration<double>(now - begun).count(), std::chrono::duration<double>(now - last).count());
    last = now;
    if (!quiet) fmt::print(stderr, "{}\n", line);
  }
}

std::optional<process_cost> server_cost_so_far(const options& o) { return o.server_pid == 0 ? std::nullopt : cost_of(o.server_pid); }

}  // namespace

void allow_connections(std::uint32_t connections) {
  constexpr rlim_t others = 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= connections + others) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, connections + others);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

findings run_load(const options& o) {
  allow_connections(o.connections);
  const auto server = resolve(o.server);
  const auto seed = o.seed ? *o.seed : random_seed();
  load_plan plan{.settings = o, .tag = fmt::format("b{:x}-", seed), .seed = seed};
  if (!o.known_ids_file.empty()) plan.known_ids = read_ids(o.known_ids_file);
  if (!o.ids_file.empty()) plan.ids = std::make_unique<id_writer>(o.ids_file);
  std::optional<status_totals> before;
  if (o.until_confirmed) before = count_by_status(o);

  crew workers{plan, o};
  const auto cost_before = server_cost_so_far(o);
  const auto own_before = own_cpu_seconds();
  const auto begun = clock::now();
  if (o.requests == 0) plan.ends_at = begun + std::chrono::duration_cast<clock::duration>(o.duration);
  workers.start(server, begun, plan.ends_at);
  watch(workers, plan, begun, o.quiet);

  findings out;
  workers.collect(out);
  out.generator_cpu_seconds = own_cpu_seconds() - own_before;
  const auto last = std::max(out.total.last_answer, begun);
  out.seconds = std::chrono::duration<double>((plan.ends_at ? *plan.ends_at : last) - begun).count();
  if (o.until_confirmed && !out.gave_up) out.orders = wait_until_settled(o, *before, o.confirm_within);
  const auto cost_after = server_cost_so_far(o);
  if (cost_before && cost_after)
    out.server = server_cost{cost_after->cpu_seconds - cost_before->cpu_seconds, cost_after->rss_bytes, cost_after->rss_peak_bytes,
                             threads_since(*cost_before, *cost_after)};
  return out;
}

}  // namespace coreldove::bench
