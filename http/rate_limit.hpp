#pragma once
// Token buckets by name (a principal, an address), bounded in number: the one not used for longest makes room. Where several nodes share a limit, each
// decides by its own buckets at once and tells the others afterwards: see reports().
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  unsigned per_minute() const { return per_minute_; }
  unsigned window_s() const;  // in which `burst` comes back
  /// Takes one token; with `take` false only looks whether there is one.
  decision ask(std::string_view name, time_point now, bool take = true);

  /// What has been taken from a bucket since its last report.
  struct report {
    std::string name;
    double taken = 0, tokens = 0;  // tokens: what is left by this node's own count; below nothing where callers of other nodes have overdrawn it
  };
  /// Of every bucket that was asked since the last call. Each is to be settled or given back.
  std::vector<report> reports(time_point now);
  /// What is left of a reported bucket by everybody's count; what was taken here meanwhile comes off that.
  void settle(std::string_view name, double tokens, time_point now);
  /// Nobody has counted the report; the next one says it again, as far as a whole bucket goes.
  void give_back(const report& r);

private:
  struct bucket {
    std::string name;
    double tokens = 0;
    time_point at;
    double taken = 0;    // not reported
    bool asked = false;  // since the last report; these are the first of the list
  };
  void fill(bucket& b, time_point now) const;
  unsigned per_minute_, burst_;
  std::size_t buckets_max_;
  std::mutex mutex_;
  std::list<bucket> buckets_;  // latest used first
  std::unordered_map<std::string_view, std::list<bucket>::iterator> by_name_;
};

}  // namespace coreldove::http
