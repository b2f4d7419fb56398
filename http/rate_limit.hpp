#pragma once
// Token buckets by name (a principal, an address), bounded in number: the one not used for longest makes room.
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace coreldove::http {

class rate_limiter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `per_minute` 0: no limit. `burst` 0: as much as a minute brings.
  rate_limiter(unsigned per_minute, unsigned burst, std::size_t buckets_max);

  struct decision {
    bool allowed = true;
    unsigned remaining = 0;
    unsigned retry_after_s = 0;  // until one more is allowed
    unsigned full_after_s = 0;   // until the bucket is full again
  };
  bool on() const { return per_minute_ > 0; }
  unsigned burst() const { return burst_; }
  unsigned window_s() const;  // in which `burst` comes back
  /// Takes one token; with `take` false only looks whether there is one.
  decision ask(std::string_view name, time_point now, bool take = true);

private:
  struct bucket {
    std::string name;
    double tokens = 0;
    time_point at;
  };
  unsigned per_minute_, burst_;
  std::size_t buckets_max_;
  std::mutex mutex_;
  std::list<bucket> buckets_;  // latest used first
  std::unordered_map<std::string_view, std::list<bucket>::iterator> by_name_;
};

}  // namespace coreldove::http
