#pragma once
// A gate before one outside system. It lets so many calls out at a time, the rest waits here in the order in which it came. When nothing comes back any more
// it closes: then one call goes out now and again to see whether the system is back, and the others stay. Waiting is no attempt: nothing is written, no clock
// of a call runs, and no person is asked. A slow or dead system costs the orders that need it time, and everybody else nothing.
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/time.hpp"
#include "integrations/payment_gateway.hpp"
#include "runtime/clock.hpp"
#include "runtime/health.hpp"

namespace coreldove::actors {

struct gate_options {
  std::size_t calls_at_once = 256;
  std::size_t waiting = 10'000;      // more than these, and the door takes no new orders for this system; what is begun may still wait
  unsigned failures_in_a_row = 10;   // close it; more than one operation is tried before a person is asked, so that no single order can
  domain::duration silence{30'000};  // a call that has not answered after this never will
  domain::duration first_pause{1'000}, longest_pause{15'000};  // between looks whether the system is back; doubled each time
};

class call_gate : public std::enable_shared_from_this<call_gate> {
public:
  /// `board`: shows a closed gate as degraded, under `name`.
  call_gate(std::string name, gate_options options, const runtime::clock& clock, runtime::health_board& board);

  using call = std::function<void(const integrations::on_outcome&)>;
  /// `go` makes the call, now or later; `done` gets its answer. A call that waits under the same key gives way: its asker has asked again.
  void pass(const std::string& key, call go, integrations::on_outcome done);
  /// The call waits here and has not gone out.
  bool holds(const std::string& key) const;
  /// Takes a call that waits here back: it does not go out, and nobody answers it. False where it has gone out already, or never came.
  bool withdraw(const std::string& key);
  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  bool crowded() const { return waiting() >= options_.waiting; }
  bool closed() const { return closed_.load(std::memory_order_relaxed); }
  /// From time to time: what is due by the clock.
  void tick();

private:
  struct visitor {
    std::string key;
    call go;
    integrations::on_outcome done;
  };
  void pump();
  std::optional<visitor> next();
  void go_out(visitor v, std::uint64_t number);
  void came_back(std::uint64_t number, domain::operation_outcome kind);
  void count(bool trouble, bool was_the_look);
  void close();
  void open();

  const std::string name_;
  const gate_options options_;
  const runtime::clock& clock_;
  runtime::health_board& board_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> closed_{false};

  mutable std::mutex lock_;        // guards what follows; never held while a call or an answer runs
  std::deque<std::string> queue_;  // keys, in the order in which they came; those that were withdrawn among them
  std::unordered_map<std::string, visitor> held_;
  std::unordered_map<std::uint64_t, runtime::steady_point> out_;  // calls that are out: since when
  std::uint64_t calls_ = 0, look_ = 0;                            // look_: the call that is to show whether the system is back; 0: none
  std::size_t allowed_;
  unsigned failures_ = 0;
  domain::duration pause_;
  runtime::steady_point next_look_{};
  bool pumping_ = false;
};

}  // namespace coreldove::actors
