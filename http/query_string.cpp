#include "http/query_string.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace coreldove::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Reads exactly `digits` decimal digits at the front of `s` and takes them off.
std::optional<int> take_digits(std::string_view& s, std::size_t digits) {
  if (s.size() < digits) return std::nullopt;
  int n = 0;
  for (char c : s.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    n = n * 10 + (c - '0');
  }
  s.remove_prefix(digits);
  return n;
}

bool take(std::string_view& s, char c) {
  if (s.empty() || s.front() != c) return false;
  s.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& s) {
  const auto year = take_digits(s, 4);
  if (!year || !take(s, '-')) return std::nullopt;
  const auto month = take_digits(s, 2);
  if (!month || !take(s, '-')) return std::nullopt;
  const auto day = take_digits(s, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

/// "Z", "+02:00", "-05:30": how far local time is ahead of UTC.
std::optional<std::chrono::minutes> take_offset(std::string_view& s) {
  if (take(s, 'Z') || take(s, 'z')) return std::chrono::minutes{0};
  const bool behind = !s.empty() && s.front() == '-';
  if (!take(s, '-') && !take(s, '+')) return std::nullopt;
  const auto hours = take_digits(s, 2);
  if (!hours || !take(s, ':')) return std::nullopt;
  const auto minutes = take_digits(s, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::chrono::minutes ahead{*hours * 60 + *minutes};
  return behind ? -ahead : ahead;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return std::nullopt;
    out.push_back(c);
  }
  if (!simdjson::validate_utf8(out.data(), out.size())) return std::nullopt;
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out.push_back(c);
    else
      out.append(1, '%').append(1, hex[u >> 4]).append(1, hex[u & 15]);
  }
  return out;
}

std::optional<domain::time_point> parse_time(std::string_view s) {
  const auto day = take_date(s);
  if (!day) return std::nullopt;
  if (s.empty()) return domain::time_point{*day};
  if (!take(s, 'T') && !take(s, 't') && !take(s, ' ')) return std::nullopt;
  const auto hour = take_digits(s, 2);
  if (!hour || !take(s, ':')) return std::nullopt;
  const auto minute = take_digits(s, 2);
  if (!minute || !take(s, ':')) return std::nullopt;
  const auto second = take_digits(s, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  int ms = 0;
  if (take(s, '.')) {
    int scale = 100;
    if (s.empty() || s.front() < '0' || s.front() > '9') return std::nullopt;
    for (; !s.empty() && s.front() >= '0' && s.front() <= '9'; s.remove_prefix(1), scale /= 10) ms += (s.front() - '0') * scale;
  }
  const auto offset = take_offset(s);
  if (!offset || !s.empty()) return std::nullopt;
  return domain::time_point{*day} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second} + std::chrono::milliseconds{ms} -
         *offset;
}

std::string format_time(domain::time_point at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<std::chrono::milliseconds> time{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

query_reader::query_reader(std::string_view query, std::vector<domain::field_error>& errors) : errors_(errors) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto item = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (item.empty()) continue;
    const auto equals = std::min(item.find('='), item.size());
    const auto name = percent_decoded(item.substr(0, equals), true);
    const auto value = percent_decoded(item.substr(std::min(equals + 1, item.size())), true);
    if (!name || !value)
      complain("query", "encoding", "holds something that is not percent-encoded UTF-8");
    else if (std::any_of(parameters_.begin(), parameters_.end(), [&](const parameter& p) { return p.name == *name; }))
      complain(*name, "repeated", "may be given once");
    else
      parameters_.push_back({*name, *value});
  }
}

std::optional<std::string> query_reader::text(std::string_view name, std::size_t bytes_max) {
  for (auto& p : parameters_) {
    if (p.name != name) continue;
    p.asked = true;
    if (p.value.empty()) return std::nullopt;
    if (p.value.size() <= bytes_max) return p.value;
    complain(name, "too_long", fmt::format("must not be longer than {} bytes", bytes_max));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> query_reader::number(std::string_view name, std::uint64_t min, std::uint64_t max) {
  const auto t = text(name);
  if (!t) return std::nullopt;
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(t->data(), t->data() + t->size(), n);
  if (error == std::errc{} && end == t->data() + t->size() && n >= min && n <= max) return n;
  complain(name, "range", fmt::format("must be a whole number from {} to {}", min, max));
  return std::nullopt;
}

std::optional<domain::time_point> query_reader::time(std::string_view name) {
  const auto t = text(name);
  if (!t) return std::nullopt;
  const auto at = parse_time(*t);
  if (!at) complain(name, "time", "must be a time of RFC 3339 such as 2026-01-31T12:00:00Z (a + in an offset is written %2B)");
  return at;
}

void query_reader::complain(std::string_view name, std::string_view code, std::string message) {
  errors_.push_back({std::string{name}, std::string{code}, std::move(message)});
}

void query_reader::finish() {
  for (const auto& p : parameters_)
    if (!p.asked) complain(p.name, "unknown", "is not a parameter of this call");
}

}  // namespace coreldove::http
