#pragma once
// CORELDOVE_TEST_STOP_AT: where a test wants the process to be killed. "after_commit:37": when it gets there the 37th time.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coreldove::config {

enum class stop_point : std::uint8_t {
  before_commit,  // a batch of the journal is written but not committed
  after_commit,   // it is on disk, and nobody has been told
  before_call,    // an operation is durable, and the outside world has not heard of it
  after_call,     // the outside world has answered, and nobody has looked at the answer
  before_answer,  // a command is durable, and whoever sent it has no answer
};

struct stop_at {
  stop_point point{};
  std::uint64_t nth = 1;
};

/// Nothing for anything else than POINT:N with N from 1.
std::optional<stop_at> parse_stop_at(std::string_view text);
/// What parse_stop_at takes, in words.
std::string stop_at_form();

}  // namespace coreldove::config
