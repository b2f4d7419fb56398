#pragma once
// The key that tokens are signed with: JWT_SECRET_KEY, or outside production one that is made on first use and kept in DATA_DIR, so that
// `coreldove token` and a server on the same data agree without any setting.
#include <string>

#include "config/settings.hpp"

namespace coreldove::app {

/// Throws std::runtime_error with one sentence where the file can neither be read nor made.
std::string signing_key(const config::settings& s);

/// 32 random bytes in hex.
std::string random_key();

}  // namespace coreldove::app
