#pragma once
// `coreldove serve`: the server, from the settings to the last commit.
#include "config/settings.hpp"

namespace coreldove::app {

/// Runs until SIGTERM or SIGINT. Returns the process's exit status.
int serve(const config::settings&);

}  // namespace coreldove::app
