#pragma once
// REDIS_URL taken apart: redis://[[user]:password@]host[:port][/database]
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coreldove::config {

struct redis_address {
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 6379;
  std::string user, password;  // percent-decoded; both may be empty
  std::uint32_t database = 0;
};

/// Nothing for a text of another form. rediss://, which asks for TLS, is of another form: the library that speaks with Redis has none.
std::optional<redis_address> parse_redis_address(std::string_view url);
std::string_view redis_address_form();  // what parse_redis_address takes, for complaints

}  // namespace coreldove::config
