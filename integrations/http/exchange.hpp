#pragma once
// One request on its way: what goes out, who wants to know, and until when. Internal to the client.
#include <array>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "integrations/http/message.hpp"

namespace coreldove::integrations::http {

using steady_time = std::chrono::steady_clock::time_point;

/// Where connections go to; exchanges of equal origins share them.
struct origin {
  bool tls = false;
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const origin&, const origin&) = default;
};

struct origin_hash {
  std::size_t operator()(const origin& o) const noexcept {
    return std::hash<std::string>{}(o.host) ^ (static_cast<std::size_t>(o.port) << 1U) ^ (o.tls ? 1U : 0U);
  }
};

class connection;

using deadline_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct deadline_tag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using waiting_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<struct waiting_tag>, boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Owned by the pool while it waits, by a connection afterwards. Leaves the deadline wheel by itself when it goes.
struct exchange : deadline_hook, waiting_hook {
  origin to;
  std::string wire;  // head and body
  on_response done;
  steady_time deadline{};
  std::function<std::chrono::milliseconds()> time_left;
  bool to_head = false;
  bool retry_on_stale = false;
  bool maybe_sent = false;   // some byte of it may have reached the other side
  connection* on = nullptr;  // nullptr: waiting for one

  /// Runs `done`. An exception in it is logged and ends there.
  static void complete(std::unique_ptr<exchange> x, response&& r);
  /// Without an answer: no_answer where it may have been seen, else not_sent.
  static void fail(std::unique_ptr<exchange> x, std::string_view error);
};

/// Deadlines to the nearest 10 ms at a constant cost each: a timer per exchange would cost more than the exchange's own bookkeeping.
class deadline_wheel {
public:
  static constexpr std::chrono::milliseconds tick{10};

  explicit deadline_wheel(steady_time now);
  void add(exchange& x);
  /// Hands every exchange that is due to `due`, which may destroy it.
  template <class Due>
  void advance(steady_time now, Due due) {
    const auto target = tick_of(now);
    // After a long pause one turn of the wheel visits every slot once, which is all there is.
    const auto last = target - at_ > slot_count ? at_ + slot_count : target;
    for (; at_ < last; ++at_) take_due(slots_[static_cast<std::size_t>(at_ % slot_count)], now);
    at_ = target;
    while (!due_.empty()) {
      auto& x = due_.front();
      due_.pop_front();
      due(x);
    }
  }

private:
  using slot = boost::intrusive::list<exchange, boost::intrusive::base_hook<deadline_hook>, boost::intrusive::constant_time_size<false>>;
  static constexpr std::int64_t slot_count = 1024;

  std::int64_t tick_of(steady_time t) const { return (t - start_) / tick; }
  void take_due(slot& from, steady_time now);

  steady_time start_;
  std::int64_t at_ = 0;  // the first slot that has not been looked at
  std::array<slot, slot_count> slots_;
  slot due_;
};

}  // namespace coreldove::integrations::http
