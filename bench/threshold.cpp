#include "bench/threshold.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace coreldove::bench {
namespace {

using unit = std::pair<std::string_view, double>;

/// Reads a non-negative decimal off the front.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(value) || std::signbit(value)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

template <std::size_t N>
std::optional<double> with_unit(std::string_view text, const std::array<unit, N>& units) {
  const auto value = take_number(text);
  if (!value) return std::nullopt;
  for (const auto& [name, factor] : units)
    if (text == name) return *value * factor;
  return std::nullopt;
}

std::optional<double> parse_bytes(std::string_view text) {
  static constexpr std::array<unit, 4> units{unit{"B", 1}, unit{"KiB", 1024.0}, unit{"MiB", 1024.0 * 1024}, unit{"GiB", 1024.0 * 1024 * 1024}};
  return with_unit(text, units);
}

std::optional<double> parse_plain(std::string_view text) {
  static constexpr std::array<unit, 1> units{unit{"", 1}};
  return with_unit(text, units);
}

bool name_measure(std::string_view name, threshold& out) {
  using measure = threshold::measure;
  static constexpr std::array<std::pair<std::string_view, measure>, 6> names{{{"mean", measure::mean},
                                                                              {"max", measure::max},
                                                                              {"rate", measure::rate},
                                                                              {"errors", measure::errors},
                                                                              {"cpu", measure::server_cpu},
                                                                              {"rss", measure::server_memory}}};
  for (const auto& [known, what] : names)
    if (name == known) {
      out.what = what;
      return !out.of || (what != measure::server_cpu && what != measure::server_memory);
    }
  if (!name.starts_with('p')) return false;
  name.remove_prefix(1);
  const auto percent = parse_plain(name);
  if (!percent || *percent <= 0 || *percent > 100) return false;
  out.what = measure::percentile;
  out.percent = *percent;
  return true;
}

std::optional<double> parse_bound(threshold::measure what, std::string_view text) {
  switch (what) {
    case threshold::measure::percentile:
    case threshold::measure::mean:
    case threshold::measure::max:
    case threshold::measure::server_cpu:
      return parse_nanoseconds(text);
    case threshold::measure::rate:
    case threshold::measure::errors:
      return parse_plain(text);
    case threshold::measure::server_memory:
      return parse_bytes(text);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_nanoseconds(std::string_view text) {
  static constexpr std::array<unit, 6> units{unit{"ns", 1}, unit{"us", 1e3}, unit{"ms", 1e6}, unit{"s", 1e9}, unit{"m", 60e9}, unit{"h", 3600e9}};
  return with_unit(text, units);
}

std::optional<threshold> parse_threshold(std::string_view text) {
  const auto at = text.find_first_of("<>");
  if (at == std::string_view::npos) return std::nullopt;
  threshold out;
  out.text = text;
  out.below = text[at] == '<';
  out.or_equal = text.substr(at + 1).starts_with('=');
  auto name = text.substr(0, at);
  for (std::size_t i = 0; i < operation_count; ++i)
    if (name.starts_with(operation_names[i]) && name.substr(operation_names[i].size()).starts_with('.')) {
      out.of = static_cast<operation>(i);
      name.remove_prefix(operation_names[i].size() + 1);
      break;
    }
  if (!name_measure(name, out)) return std::nullopt;
  const auto bound = parse_bound(out.what, text.substr(at + (out.or_equal ? 2 : 1)));
  if (!bound) return std::nullopt;
  out.bound = *bound;
  return out;
}

}  // namespace coreldove::bench
