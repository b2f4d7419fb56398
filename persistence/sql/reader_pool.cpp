#include "persistence/sql/reader_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace coreldove::persistence::sql {

reader_pool::reader_pool(const std::function<std::unique_ptr<connection>()>& open, unsigned threads, std::size_t max_queued)
    : long_running_max_(std::max(threads, 2u) - 1), max_queued_(max_queued) {
  for (unsigned i = 0; i < std::max(threads, 1u); ++i) readers_.push_back(open());
  for (auto& r : readers_) threads_.emplace_back([this, &r] { run(*r); });
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

void reader_pool::run(connection& r) {
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

}  // namespace coreldove::persistence::sql
