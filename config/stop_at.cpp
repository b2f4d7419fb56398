#include "config/stop_at.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace coreldove::config {
namespace {

/// In the order of stop_point.
constexpr std::array<std::string_view, 5> names{"before_commit", "after_commit", "before_call", "after_call", "before_answer"};

}  // namespace

std::optional<stop_at> parse_stop_at(std::string_view text) {
  const auto colon = text.find(':');
  const auto* const name = std::ranges::find(names, text.substr(0, colon));
  if (colon == std::string_view::npos || name == names.end()) return std::nullopt;
  stop_at out{static_cast<stop_point>(name - names.begin()), 0};
  const auto* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data() + colon + 1, end, out.nth);
  if (error != std::errc{} || read != end || out.nth == 0) return std::nullopt;
  return out;
}

std::string stop_at_form() { return fmt::format("POINT:N with POINT one of {} and N from 1", fmt::join(names, ", ")); }

}  // namespace coreldove::config
