#pragma once
// The address of a database, postgresql://USER:PASSWORD@HOST:PORT/DATABASE?…, as libpq reads it.
#include <string>
#include <string_view>

namespace coreldove::persistence::postgres {

/// With what keeps a lost network from holding a connection for minutes, unless the address says otherwise.
std::string with_limits(std::string_view address);

/// The address for people: without the user's name and password, and without options.
std::string shown(std::string_view address);

/// `text` without the address's password, should a library have quoted it.
std::string without_password(std::string text, std::string_view address);

}  // namespace coreldove::persistence::postgres
