#pragma once
// Token buckets that several nodes draw on. Each node lets its callers draw on a bucket of its own at once, and reports here what they took; the answer is what
// is left after all nodes' callers. A bucket may be overdrawn that way, and then is below nothing for as long as it takes to fill up again.
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/redis/client.hpp"

namespace coreldove::persistence::redis {

struct bucket_policy {
  double per_second = 1, most = 1;  // tokens
};

struct bucket_report {
  std::string_view name;
  double taken = 0;   // since the last report
  double tokens = 0;  // what this node believes is left; holds where Redis knows nothing of the bucket, so a flush gives nobody more
};

class shared_buckets {
public:
  /// `kind`: short, part of the keys. Names are stored as digests only: they may be people's.
  shared_buckets(client& redis, std::string kind, bucket_policy policy) : redis_(redis), kind_(std::move(kind)), policy_(policy) {}

  /// What one command takes at most: it keeps the server from others.
  static constexpr std::size_t reports_max = 250;

  /// `done` gets the tokens left, in the order of the reports; as client::ask otherwise. Errors also: internal (refused by Redis, or not understood), and then
  /// nothing was counted.
  bool exchange(std::span<const bucket_report> reports, std::function<void(domain::result<std::vector<double>>)> done);

private:
  client& redis_;
  const std::string kind_;
  const bucket_policy policy_;
};

}  // namespace coreldove::persistence::redis
