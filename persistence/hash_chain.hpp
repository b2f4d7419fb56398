#pragma once
// Each event carries a SHA-256 over its own content and the hash of the event before it in its stream: changing, dropping or inserting one afterwards
// breaks every hash that follows, and `verify` finds it.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/time.hpp"

namespace coreldove::persistence {

using digest = std::array<std::uint8_t, 32>;

/// What an event's hash covers, besides the hash before it. A stream's first event follows a digest of zeros.
struct hashed_event {
  std::string_view stream;
  std::uint64_t seq = 0;
  std::string_view type;
  domain::time_point at{};
  std::string_view by, data;
};

digest chain(const digest& before, const hashed_event& e);

/// SHA-256 over fields, each told apart from its neighbours. One at a time per thread.
class field_hash {
public:
  field_hash();
  field_hash& number(std::uint64_t value);
  field_hash& text(std::string_view value);
  field_hash& hash(const digest& value);
  digest finish();
};

/// 64 lower-case hex digits, and back.
std::string to_hex(const digest& d);
std::optional<digest> digest_from_hex(std::string_view hex);

}  // namespace coreldove::persistence
