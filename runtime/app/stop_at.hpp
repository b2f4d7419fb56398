#pragma once
// Carries out CORELDOVE_TEST_STOP_AT: hooks for the rooms that pass one of its points.
#include <functional>

#include "config/settings.hpp"
#include "config/stop_at.hpp"

namespace coreldove::app {

/// Counts the passages of `point` and kills the process at the one that the settings name. Empty where they name another point, or none.
std::function<void()> stop_hook(const config::settings& s, config::stop_point point);

}  // namespace coreldove::app
