#include "actors/gate/gate.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "runtime/logging.hpp"

namespace coreldove::actors {
namespace {

/// So many may go out right after the system has come back; each good answer lets one more out.
constexpr std::size_t allowed_at_return = 8;

}  // namespace

call_gate::call_gate(std::string name, gate_options options, const runtime::clock& clock, runtime::health_board& board)
    : name_(std::move(name)), options_(options), clock_(clock), board_(board), allowed_(options.calls_at_once), pause_(options.first_pause) {}

void call_gate::pass(const std::string& key, call go, integrations::on_outcome done) {
  {
    const std::lock_guard guard{lock_};
    visitor v{key, std::move(go), std::move(done)};
    if (const auto it = held_.find(key); it != held_.end()) {
      it->second = std::move(v);
    } else {
      held_.emplace(key, std::move(v));
      queue_.push_back(key);
      waiting_.store(held_.size(), std::memory_order_relaxed);
    }
  }
  pump();
}

bool call_gate::holds(const std::string& key) const {
  const std::lock_guard guard{lock_};
  return held_.contains(key);
}

bool call_gate::withdraw(const std::string& key) {
  const std::lock_guard guard{lock_};
  const bool held = held_.erase(key) > 0;
  waiting_.store(held_.size(), std::memory_order_relaxed);
  return held;
}

/// Lets out whatever may go. A call may answer at once, on this very thread: that only brings another round.
void call_gate::pump() {
  std::unique_lock guard{lock_};
  if (std::exchange(pumping_, true)) return;
  while (auto v = next()) {
    const auto number = ++calls_;
    if (closed()) look_ = number;
    out_.emplace(number, clock_.steady());
    guard.unlock();
    go_out(*std::move(v), number);
    guard.lock();
  }
  pumping_ = false;
}

std::optional<call_gate::visitor> call_gate::next() {
  while (!queue_.empty() && !held_.contains(queue_.front())) queue_.pop_front();
  if (queue_.empty()) return std::nullopt;
  const bool may_go = closed() ? look_ == 0 && clock_.steady() >= next_look_ : out_.size() < allowed_;
  if (!may_go) return std::nullopt;
  auto node = held_.extract(queue_.front());
  queue_.pop_front();
  waiting_.store(held_.size(), std::memory_order_relaxed);
  return std::move(node.mapped());
}

void call_gate::go_out(visitor v, std::uint64_t number) {
  const auto answer = [weak = weak_from_this(), number, done = std::move(v.done)](integrations::outcome o) {
    const auto kind = o.kind;
    done(std::move(o));
    if (const auto self = weak.lock()) self->came_back(number, kind);
  };
  try {
    v.go(answer);
  } catch (const std::exception& e) {
    answer({domain::operation_outcome::unknown, {}, "adapter_failed", e.what(), {}});
  }
}

void call_gate::came_back(std::uint64_t number, domain::operation_outcome kind) {
  using enum domain::operation_outcome;
  {
    const std::lock_guard guard{lock_};
    if (out_.erase(number) == 0) return;  // has answered before, or was given up
    count(kind == not_done || kind == unknown, number == look_);
    if (number == look_) look_ = 0;
  }
  pump();
}

void call_gate::count(bool trouble, bool was_the_look) {
  if (!trouble) {
    failures_ = 0;
    if (closed()) return open();
    allowed_ = std::min(allowed_ + 1, options_.calls_at_once);
    return;
  }
  ++failures_;
  if (!closed() && failures_ >= options_.failures_in_a_row) return close();
  if (!was_the_look) return;
  pause_ = std::min(pause_ * 2, options_.longest_pause);
  next_look_ = clock_.steady() + pause_;
}

void call_gate::close() {
  closed_.store(true, std::memory_order_relaxed);
  pause_ = options_.first_pause;
  next_look_ = clock_.steady() + pause_;
  board_.set(name_, runtime::condition::degraded, "gives no answers: calls wait until it does");
  spdlog::warn("{} gives no answers: calls wait until it does", name_);
}

void call_gate::open() {
  closed_.store(false, std::memory_order_relaxed);
  allowed_ = std::min(allowed_at_return, options_.calls_at_once);
  board_.set(name_, runtime::condition::up);
  spdlog::info("{} is back, {} calls wait", name_, held_.size());
}

void call_gate::tick() {
  {
    const std::lock_guard guard{lock_};
    const auto too_old = clock_.steady() - options_.silence;
    std::vector<std::uint64_t> silent;
    for (const auto& [number, since] : out_)
      if (since < too_old) silent.push_back(number);
    for (const auto number : silent) {
      out_.erase(number);
      count(true, number == look_);
      if (number == look_) look_ = 0;
    }
  }
  pump();
}

}  // namespace coreldove::actors
