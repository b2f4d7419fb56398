#pragma once
// What is said to a Redis server and what it says back, as plain values.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "domain/result.hpp"

namespace coreldove::persistence::redis {

/// The command's name and its arguments; any bytes.
using command = std::vector<std::string>;

struct answer {
  enum class kind : std::uint8_t { nothing, number, text, list, refused };  // refused: `text` says why ("OOM command not allowed …")
  kind what = kind::nothing;
  std::int64_t number = 0;
  std::string text;
  std::vector<answer> list;
};

/// Errors: unavailable (it was never sent), timed_out (sent; done or not).
using answer_done = std::function<void(domain::result<answer>)>;

}  // namespace coreldove::persistence::redis
