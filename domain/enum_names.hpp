#pragma once
// Names of an enum's values, in the enum's own order: one table serves both directions.
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace coreldove::domain {

template <std::size_t N>
using enum_names = std::array<std::string_view, N>;

template <class Enum, std::size_t N>
constexpr std::string_view name_of(const enum_names<N>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

template <class Enum, std::size_t N>
constexpr std::optional<Enum> value_of(const enum_names<N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace coreldove::domain
