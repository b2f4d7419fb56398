#include "persistence/group_commit.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "persistence/overload.hpp"
#include "persistence/written.hpp"

namespace coreldove::persistence {
namespace {

/// Larger transactions gain nothing more per append and make everybody wait longer.
constexpr std::size_t jobs_per_commit = 1'000;
constexpr std::size_t bytes_per_commit = 8u << 20;
constexpr auto look_after = std::chrono::seconds{1};
constexpr std::int64_t stalled_after_ms = 2'000;

std::int64_t steady_ms() { return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

domain::failure unavailable(std::string detail) { return {domain::errc::unavailable, std::move(detail)}; }

std::size_t size_of(const append& item) {
  std::size_t n = item.row.document.size();
  for (const auto& e : item.events) n += e.data.size();
  return n;
}

domain::result<bool> plain(const domain::result<append_outcome>& r) {
  if (!r) return r.error();
  return true;
}

}  // namespace

group_commit::group_commit(std::unique_ptr<batch_writer> writer, std::size_t max_queued, std::function<void(std::uint64_t)> on_commit, commit_observers observe)
    : writer_(std::move(writer)), max_queued_(max_queued), on_commit_(std::move(on_commit)), observe_(std::move(observe)) {
  thread_ = std::thread([this] { run(); });
}

group_commit::~group_commit() { stop(); }

void group_commit::append(persistence::append item, append_done done) {
  if (!usable()) return done(unavailable("the store cannot be written at the moment"));
  if (queued() >= max_queued_) return done(unavailable("too many appends are waiting"));
  job j;
  j.size_bytes = size_of(item);
  append_job what{std::move(item), {}, std::move(done)};
  // A new stream's hashes depend on nothing but itself: computed here, on the caller's thread, they cost the one writer nothing.
  if (what.item.expected_version == 0) what.hashes = chain_events(what.item, digest{});
  j.what = std::move(what);
  appends_queued_.fetch_add(1, std::memory_order_relaxed);
  enqueue(std::move(j));
}

void group_commit::adjust(stock_adjustment item, append_done done) { enqueue({adjust_job{std::move(item), std::move(done)}}); }

void group_commit::import(persistence::catalog items, plain_done done) { enqueue({import_job{std::move(items), std::move(done)}}); }

void group_commit::outbox_done(std::vector<std::string> keys, plain_done done) { enqueue({outbox_job{std::move(keys), std::move(done)}}); }

void group_commit::keep(std::vector<kept_notice> notices, plain_done done) { enqueue({keep_job{std::move(notices), std::move(done)}}); }

void group_commit::set(setting item, append_done done) { enqueue({set_job{std::move(item), std::move(done)}}); }

void group_commit::enqueue(job j) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_) {
      queue_.push_back(std::move(j));
      if (std::exchange(idle_, false)) wake_.notify_one();
      return;
    }
  }
  j.result = unavailable("the store is closed");
  answer({&j, 1});
}

void group_commit::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return;
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  writer_->close();
}

bool group_commit::stalled() const {
  const auto since = busy_since_ms_.load(std::memory_order_relaxed);
  return since != 0 && steady_ms() - since > stalled_after_ms;
}

bool group_commit::wait(std::vector<job>& taken) {
  taken.clear();
  const auto patience = usable() ? std::chrono::milliseconds{look_after} : writer_->retry_after();
  std::unique_lock lock(mutex_);
  idle_ = queue_.empty();
  wake_.wait_for(lock, patience, [this] { return stop_ || !queue_.empty(); });
  idle_ = false;
  queue_.swap(taken);
  return !stop_ || !taken.empty();
}

void group_commit::run() {
  pthread_setname_np(pthread_self(), "journal");
  std::vector<job> taken;
  while (wait(taken)) {
    for (std::size_t from = 0; from < taken.size();) {
      std::size_t to = from, bytes = 0;
      while (to < taken.size() && to - from < jobs_per_commit && bytes < bytes_per_commit) bytes += taken[to++].size_bytes;
      process({taken.data() + from, to - from});
      from = to;
    }
    if (!usable())
      recover();
    else if (taken.empty())
      look_after_the_idle_store();
  }
}

void group_commit::look_after_the_idle_store() {
  busy_since_ms_ = steady_ms();
  try {
    writer_->look_after_the_store(true);
  } catch (const store_fault& why) {
    fault({}, why);
  }
  busy_since_ms_ = 0;
}

void group_commit::process(batch b) {
  if (!usable()) {
    for (auto& j : b) j.result = unavailable("the store cannot be written at the moment");
    return answer(b);
  }
  const auto start = std::chrono::steady_clock::now();
  busy_since_ms_ = steady_ms();
  try {
    writer_->write(b);
  } catch (const store_fault& why) {
    busy_since_ms_ = 0;
    return fault(b, why);
  }
  busy_since_ms_ = 0;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (observe_.commit_seconds) observe_.commit_seconds(took.count());
  const auto position = writer_->position();
  answer(b);
  if (on_commit_) on_commit_(position);
  writer_->look_after_the_store(false);
}

void group_commit::fault(batch b, const store_fault& why) {
  healthy_.store(false, std::memory_order_relaxed);
  spdlog::error("the store cannot be written: {}; {} waiting, no new ones are taken", why.what(), b.size());
  retry_at_ = std::chrono::steady_clock::now() + writer_->retry_after();
  for (auto& j : b)
    j.result = domain::failure{why.outcome_unknown() ? domain::errc::timed_out : domain::errc::unavailable,
                               fmt::format("the store cannot be written: {}", why.what())};
  answer(b);
}

void group_commit::recover() {
  if (std::chrono::steady_clock::now() < retry_at_) return;
  if (writer_->recover()) {
    healthy_.store(true, std::memory_order_relaxed);
    spdlog::info("the store can be written again");
  } else {
    retry_at_ = std::chrono::steady_clock::now() + writer_->retry_after();
  }
}

void group_commit::answer(batch b) {
  std::size_t appends = 0;
  for (auto& j : b) {
    std::visit(overload{[&](append_job& x) {
                          ++appends;
                          appends_queued_.fetch_sub(1, std::memory_order_relaxed);
                          x.done(std::move(j.result));
                        },
                        [&](adjust_job& x) { x.done(std::move(j.result)); }, [&](import_job& x) { x.done(plain(j.result)); },
                        [&](outbox_job& x) { x.done(plain(j.result)); }, [&](keep_job& x) { x.done(plain(j.result)); },
                        [&](set_job& x) { x.done(std::move(j.result)); }},
               j.what);
  }
  if (appends > 0 && observe_.batch_size) observe_.batch_size(appends);
}

}  // namespace coreldove::persistence
