#include "persistence/sqlite/reader_pool.hpp"

#include <algorithm>
#include <utility>

#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// Lists are composed of their filters; all combinations that are in use fit.
constexpr std::size_t statements_max = 256;

}  // namespace

statement& reader::prepared(const std::string& sql) {
  if (const auto it = statements_.find(sql); it != statements_.end()) return it->second;
  if (statements_.size() >= statements_max) statements_.clear();
  return statements_.emplace(sql, db_.prepare(sql)).first->second;
}

reader_pool::reader_pool(const std::filesystem::path& file, unsigned threads, std::size_t max_queued)
    : long_running_max_(std::max(threads, 2u) - 1), max_queued_(max_queued) {
  for (unsigned i = 0; i < std::max(threads, 1u); ++i) readers_.emplace_back(open_for_reading(file));
  for (auto& r : readers_) threads_.emplace_back([this, &r] { run(r); });
}

reader_pool::~reader_pool() { stop(); }

void reader_pool::submit(lane l, work what) {
  {
    const std::lock_guard lock(mutex_);
    auto& queue = l == lane::quick ? quick_ : long_;
    if (!stop_ && queue.size() < max_queued_) queue.push_back(std::exchange(what, nullptr));
  }
  if (what)
    what(nullptr);
  else
    wake_.notify_one();
}

void reader_pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (auto& t : threads_) t.join();
  threads_.clear();
  readers_.clear();
}

bool reader_pool::next(std::unique_lock<std::mutex>& lock, work& what, bool& is_long) {
  const auto may_take_long = [this] { return !long_.empty() && long_running_ < long_running_max_; };
  wake_.wait(lock, [&] { return stop_ || !quick_.empty() || may_take_long(); });
  is_long = quick_.empty();
  auto& queue = is_long ? long_ : quick_;
  if (queue.empty()) return false;
  what = std::move(queue.front());
  queue.pop_front();
  if (is_long) ++long_running_;
  return true;
}

void reader_pool::run(reader& r) {
  pthread_setname_np(pthread_self(), "store_reader");
  std::unique_lock lock(mutex_);
  work what;
  bool is_long = false;
  while (next(lock, what, is_long)) {
    lock.unlock();
    what(&r);
    what = nullptr;
    lock.lock();
    if (is_long && long_running_-- == long_running_max_ && !long_.empty()) wake_.notify_one();
  }
}

}  // namespace coreldove::persistence::sqlite
