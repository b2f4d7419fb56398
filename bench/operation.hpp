#pragma once
// What the load generator can ask of a server.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace coreldove::bench {

enum class operation : std::uint8_t { create, get, list, fulfill };
inline constexpr std::size_t operation_count = 4;
inline constexpr std::array<std::string_view, operation_count> operation_names{"create", "get", "list", "fulfill"};
constexpr std::string_view to_string(operation op) { return operation_names[static_cast<std::size_t>(op)]; }

}  // namespace coreldove::bench
