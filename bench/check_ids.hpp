#pragma once
// Reads acknowledged orders back, after a crash for instance: each has to be there.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace coreldove::bench {

struct read_back {
  std::map<std::string, std::uint64_t, std::less<>> statuses;  // of the orders that are there
  std::vector<std::string> missing;                            // answered 404
  std::vector<std::string> unread;                             // no good answer after several tries
  bool complete() const { return missing.empty() && unread.empty(); }
};

/// Asks for every id over `o.connections` connections. Throws std::runtime_error where the server can't be found.
read_back read_orders_back(const options& o, std::vector<std::string> ids);

}  // namespace coreldove::bench
