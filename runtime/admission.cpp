#include "runtime/admission.hpp"

#include <algorithm>
#include <utility>

namespace coreldove::runtime {

namespace {

using std::chrono::nanoseconds;

/// Of the limit, while the base line is looked for.
constexpr std::size_t probe_share = 4;
/// One window takes no more than this much of the limit away: a single slow flush of the disk is no overload.
constexpr double steepest_fall = 0.7;

}  // namespace

admission::admission(admission_options options)
    : options_(options), limit_(options.target.count() > 0 ? std::min(options.first, options.most) : options.most) {}

std::size_t admission::room(whose w) const {
  if (w == whose::ahead) return options_.most;
  const auto n = limit();
  return std::min(w == whose::begun ? n + n / 4 : n, options_.most);
}

bool admission::full(whose w) const {
  if (w == whose::patient) return patient_.load(std::memory_order_relaxed) >= std::min(options_.patient, options_.most);
  return in_work() >= room(w);
}

bool admission::enter(whose w) {
  if (w == whose::patient) {
    if (patient_.fetch_add(1, std::memory_order_relaxed) < std::min(options_.patient, options_.most)) return true;
    patient_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  if (in_work_.fetch_add(1, std::memory_order_relaxed) < room(w)) return true;
  in_work_.fetch_sub(1, std::memory_order_relaxed);
  turned_away_.store(true, std::memory_order_relaxed);
  return false;
}

void admission::leave(whose w, steady_point entered, steady_point now) {
  if (w == whose::patient) {
    patient_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  in_work_.fetch_sub(1, std::memory_order_relaxed);
  if (options_.target.count() == 0) return;
  if (entered >= counted_from_.load(std::memory_order_relaxed)) {
    sum_.fetch_add(nanoseconds{now - entered}.count(), std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  if (now >= window_ends_.load(std::memory_order_relaxed)) close_window(now);
}

void admission::close_window(steady_point now) {
  const std::unique_lock lock{closing_, std::try_to_lock};
  if (!lock || now < window_ends_.load(std::memory_order_relaxed)) return;
  const auto count = count_.load(std::memory_order_relaxed);
  const bool first = window_ends_.load(std::memory_order_relaxed) == steady_point{};
  if (!first && count < options_.samples && now - window_began_ < 10 * options_.window) return;
  count_.store(0, std::memory_order_relaxed);
  const nanoseconds sum{sum_.exchange(0, std::memory_order_relaxed)};
  if (!first && count >= options_.samples)
    adjust(sum / count, static_cast<double>(sum.count()) / static_cast<double>(nanoseconds{now - window_began_}.count()), now);
  if (first) base_seen_ = now;
  turned_away_.store(false, std::memory_order_relaxed);
  window_began_ = now;
  window_ends_.store(now + options_.window, std::memory_order_relaxed);
}

/// `in_work`: how many were, in the middle of the window.
void admission::adjust(nanoseconds mean, double in_work, steady_point now) {
  const auto limit_now = limit();
  const bool pressed = turned_away_.load(std::memory_order_relaxed);
  const auto set = [&](std::size_t n) { limit_.store(std::min(std::max(n, options_.fewest), options_.most), std::memory_order_relaxed); };

  const auto usual = static_cast<double>(std::max(limit_now, limit_before_probe_));
  const bool few = in_work * static_cast<double>(probe_share) <= usual * 1.2;
  if (few) {
    const auto known = base_.load(std::memory_order_relaxed);
    base_.store(known == 0 || mean.count() < known || limit_before_probe_ > 0 ? mean.count() : known + (mean.count() - known) / 8, std::memory_order_relaxed);
    base_seen_ = now;
  }
  if (limit_before_probe_ > 0) {
    counted_from_.store(now, std::memory_order_relaxed);
    set(std::exchange(limit_before_probe_, 0));
    base_seen_ = now;
    return;
  }
  const auto fine = std::max<double>(static_cast<double>(options_.target.count()), options_.patience * static_cast<double>(base().count()));
  const auto ratio = fine / static_cast<double>(mean.count());
  const bool binds = pressed || in_work > static_cast<double>(limit_now) / 2;  // else the time is lost elsewhere, and fewer would not be faster
  if (ratio < 1 && binds)
    set(static_cast<std::size_t>(static_cast<double>(limit_now) * std::max(steepest_fall, ratio)));
  else if (ratio >= 1 && pressed)
    set(limit_now + 1 + limit_now / 8);
  if (pressed && now - base_seen_ > options_.probe_every) {
    limit_before_probe_ = limit();
    limit_.store(std::max<std::size_t>(limit_before_probe_ / probe_share, 1), std::memory_order_relaxed);  // below the fewest, for this once
    counted_from_.store(now, std::memory_order_relaxed);
  }
}

}  // namespace coreldove::runtime
