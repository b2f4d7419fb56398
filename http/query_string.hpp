#pragma once
// The part of a target behind the question mark, and percent-encoding.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/result.hpp"
#include "domain/time.hpp"

namespace coreldove::http {

/// Undoes percent-encoding; nothing where the result would not be UTF-8 or would hold control characters. `plus_is_blank` as in query strings.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank);
/// For use in a path or a query.
std::string percent_encoded(std::string_view text);

/// RFC 3339 with any offset, or a date alone (midnight UTC).
std::optional<domain::time_point> parse_time(std::string_view text);
/// "2026-01-31T12:00:00.000Z"
std::string format_time(domain::time_point at);

/// The parameters of one request. Every value that is asked for is checked; complaints have the parameter's name as pointer. Parameters that nobody
/// asked for are complaints, too: a misspelt filter must not answer with everything.
class query_reader {
public:
  query_reader(std::string_view query, std::vector<domain::field_error>& errors);

  std::optional<std::string> text(std::string_view name, std::size_t bytes_max = 200);
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t min, std::uint64_t max);
  std::optional<domain::time_point> time(std::string_view name);
  /// `from` turns the text into the value, or nothing.
  template <class From>
  auto word(std::string_view name, From from, std::string_view allowed) -> decltype(from(std::string_view{})) {
    const auto t = text(name);
    if (!t) return {};
    auto value = from(std::string_view{*t});
    if (!value) complain(name, "unknown", "must be one of " + std::string{allowed});
    return value;
  }
  void complain(std::string_view name, std::string_view code, std::string message);
  /// To be called last.
  void finish();

private:
  struct parameter {
    std::string name, value;
    bool asked = false;
  };
  std::vector<parameter> parameters_;
  std::vector<domain::field_error>& errors_;
};

}  // namespace coreldove::http
