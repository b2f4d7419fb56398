#pragma once
// Times are arguments here: the domain has no clock.
#include <chrono>

namespace coreldove::domain {

/// UTC wall clock in milliseconds.
using time_point = std::chrono::sys_time<std::chrono::milliseconds>;
using duration = std::chrono::milliseconds;

}  // namespace coreldove::domain
