#pragma once
// The door of a node: how many commands may be in work at once. The number is found by measuring and not configured: while commands are done within the
// target, more are let in; when they take longer they only wait for each other, and fewer are. Throughput stays at its best that way and nobody waits in a
// queue that does not get shorter (Netflix' concurrency limits, BBR's probing for the base line).
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "runtime/clock.hpp"

namespace coreldove::runtime {

struct admission_options {
  std::chrono::nanoseconds target = std::chrono::milliseconds{25};   // mean time in work that is always fine; 0: only `most` counts
  double patience = 3;                                               // … and so is this multiple of what a command takes when few are in work
  std::size_t fewest = 80, first = 128, most = 20'000;               // bounds of the limit, and where it begins
  std::size_t patient = 1'200;                                       // of those who say how long they can wait, in work beside the others
  std::chrono::nanoseconds window = std::chrono::milliseconds{100};  // measured over this long, or longer until `samples` are there
  std::chrono::nanoseconds probe_every = std::chrono::seconds{10};   // under unbroken load, few are let in for one window to see what a command takes
  std::size_t samples = 16;
};

/// Thread-safe; a visit costs a few atomic operations.
class admission {
public:
  explicit admission(admission_options options);

  enum class whose { anew, patient, begun, ahead };
  /// Takes a place. `anew`: something new, first to be refused. `patient`: new too, but somebody has said that he can wait, so a fixed number may queue and
  /// how long they take is no sign of too much. `begun`: about something that is here already, has a quarter more room. `ahead`: refused only when `most` are
  /// in work.
  bool enter(whose w);
  /// Gives the place back; what came in at `entered` is done.
  void leave(whose w, steady_point entered, steady_point now);
  /// Whether `enter` would refuse.
  bool full(whose w) const;

  std::size_t in_work() const { return in_work_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  /// What a command takes when few are in work; 0: not known yet.
  std::chrono::nanoseconds base() const { return std::chrono::nanoseconds{base_.load(std::memory_order_relaxed)}; }

private:
  std::size_t room(whose w) const;
  void close_window(steady_point now);
  void adjust(std::chrono::nanoseconds mean, double in_work, steady_point now);

  const admission_options options_;
  std::atomic<std::size_t> in_work_{0}, limit_;  // the patient are counted apart
  std::atomic<std::size_t> patient_{0};
  std::atomic<std::int64_t> base_{0};
  std::atomic<std::int64_t> sum_{0};  // nanoseconds in work, of the window
  std::atomic<std::size_t> count_{0};
  std::atomic<bool> turned_away_{false};      // in the window
  std::atomic<steady_point> window_ends_{};   // epoch: no window yet
  std::atomic<steady_point> counted_from_{};  // who came in before is not counted
  std::mutex closing_;                        // guards what follows
  steady_point window_began_{}, base_seen_{};
  std::size_t limit_before_probe_ = 0;  // 0: no probe under way
};

/// A place that was taken, until it is released or goes out of use.
class seat {
public:
  seat(std::shared_ptr<admission> door, admission::whose w, const clock& time) : door_(std::move(door)), whose_(w), time_(time), entered_(time.steady()) {}
  ~seat() { release(); }
  seat(const seat&) = delete;
  seat& operator=(const seat&) = delete;

  void release() {
    if (!released_.exchange(true, std::memory_order_relaxed)) door_->leave(whose_, entered_, time_.steady());
  }

private:
  std::shared_ptr<admission> door_;
  const admission::whose whose_;
  const clock& time_;
  steady_point entered_;
  std::atomic<bool> released_{false};
};

}  // namespace coreldove::runtime
