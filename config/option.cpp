#include "config/option.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <type_traits>

namespace coreldove::config {
namespace {

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "1000.5" with 2 digits → 100050. No sign, no exponent.
std::optional<std::int64_t> parse_decimal(std::string_view text, std::size_t digits) {
  const auto point = text.find('.');
  const auto fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (point != std::string_view::npos && (fraction.empty() || fraction.size() > digits)) return std::nullopt;
  std::string all{text.substr(0, point)};
  if (all.empty()) return std::nullopt;
  all.append(fraction).append(digits - fraction.size(), '0');
  if (!std::ranges::all_of(all, [](unsigned char c) { return std::isdigit(c) != 0; })) return std::nullopt;
  return parse_whole(all);
}

std::string write_decimal(std::int64_t value, std::int64_t scale) {
  return scale == 100 ? fmt::format("{}.{:02}", value / 100, value % 100) : fmt::format("{}.{}", value / 10, value % 10);
}

struct unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr unit units[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};

std::optional<std::int64_t> span_milliseconds(std::string_view text) {
  const auto split = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = parse_whole(text.substr(0, split));
  const auto at = std::ranges::find(units, text.substr(split), &unit::name);
  std::int64_t out = 0;
  if (!count || at == std::end(units) || __builtin_mul_overflow(*count, at->milliseconds, &out)) return std::nullopt;
  return out;
}

std::string write_span(std::int64_t milliseconds) {
  for (const auto& u : {units[3], units[2], units[1]})
    if (milliseconds != 0 && milliseconds % u.milliseconds == 0) return fmt::format("{}{}", milliseconds / u.milliseconds, u.name);
  return fmt::format("{}ms", milliseconds);
}

std::optional<bool> parse_flag(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "off" || lower == "0") return false;
  return std::nullopt;
}

bool is_host_character(unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '[' || c == ']' || c == ':'; }

bool is_header_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

bool is_host(std::string_view text) { return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, is_host_character); }

// The authority must be there and must not carry credentials: those have settings of their own, and addresses are logged.
bool is_address(std::string_view text, std::initializer_list<std::string_view> schemes) {
  for (const auto scheme : schemes) {
    if (!text.starts_with(scheme)) continue;
    const auto rest = text.substr(scheme.size());
    const auto authority = rest.substr(0, rest.find('/'));
    return !authority.empty() && authority.front() != ':' && std::ranges::all_of(authority, is_host_character) &&
           std::ranges::all_of(rest, [](unsigned char c) { return c > ' ' && c < 127 && c != '?' && c != '#'; });
  }
  return false;
}

bool is_mailbox(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         std::ranges::none_of(text, [](unsigned char c) { return c <= ' ' || c == 127 || c == '<' || c == '>' || c == ','; });
}

bool fits(const option& o, std::string_view text) {
  const auto size = static_cast<std::int64_t>(text.size());
  switch (o.type) {
    case option_type::text:
    case option_type::path:
      return size >= o.min && size <= o.max && std::ranges::none_of(text, [](unsigned char c) { return std::iscntrl(c) != 0; });
    case option_type::host:
      return is_host(text);
    case option_type::header_name:
      return is_header_name(text);
    case option_type::one_of:
      return std::ranges::find(o.choices, text) != o.choices.end();
    case option_type::web_address:
      return is_address(text, {"http://", "https://"});
    case option_type::mail_address:
      return is_address(text, {"smtp://", "smtps://"}) && text.find('/', text.find("://") + 3) == std::string_view::npos;
    case option_type::mailbox:
      return is_mailbox(text);
    case option_type::file:
      return std::ifstream{std::string{text}}.good();
    case option_type::flag:
    case option_type::whole:
    case option_type::hundredths:
    case option_type::tenths:
    case option_type::span:
      break;
  }
  return false;
}

std::optional<std::int64_t> number(const option& o, std::string_view text) {
  std::optional<std::int64_t> value;
  if (o.type == option_type::whole) value = parse_whole(text);
  if (o.type == option_type::hundredths) value = parse_decimal(text, 2);
  if (o.type == option_type::tenths) value = parse_decimal(text, 1);
  if (o.type == option_type::span) value = span_milliseconds(text);
  if (value && (*value < o.min || *value > o.max)) value.reset();
  return value;
}

std::string write_number(const option& o, std::int64_t value) {
  if (o.type == option_type::hundredths) return write_decimal(value, 100);
  if (o.type == option_type::tenths) return write_decimal(value, 10);
  if (o.type == option_type::span) return write_span(value);
  return fmt::to_string(value);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_span(std::string_view text) {
  const auto value = span_milliseconds(text);
  return value ? std::optional{std::chrono::milliseconds{*value}} : std::nullopt;
}

std::optional<std::string> read_value(const option& o, std::string_view text, settings& into) {
  const bool good = std::visit(
      [&](auto member) {
        auto& target = into.*member;
        using value_type = std::remove_reference_t<decltype(target)>;
        if constexpr (std::is_same_v<value_type, bool>) {
          const auto flag = parse_flag(text);
          if (flag) target = *flag;
          return flag.has_value();
        } else if constexpr (std::is_same_v<value_type, std::string>) {
          const bool right = fits(o, text);
          if (right) target = text;
          return right;
        } else if constexpr (std::is_same_v<value_type, config::environment>) {
          const auto at = std::ranges::find(o.choices, text);
          if (at != o.choices.end()) target = static_cast<config::environment>(at - o.choices.begin());
          return at != o.choices.end();
        } else {
          const auto value = number(o, text);
          if constexpr (std::is_same_v<value_type, std::chrono::milliseconds>) {
            if (value) target = std::chrono::milliseconds{*value};
          } else {
            if (value) target = static_cast<value_type>(*value);
          }
          return value.has_value();
        }
      },
      o.where);
  return good ? std::nullopt : std::optional{allowed(o)};
}

std::string write_value(const option& o, const settings& from) {
  return std::visit(
      [&](auto member) -> std::string {
        const auto& value = from.*member;
        using value_type = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<value_type, bool>)
          return value ? "true" : "false";
        else if constexpr (std::is_same_v<value_type, std::string>)
          return value;
        else if constexpr (std::is_same_v<value_type, config::environment>)
          return std::string{o.choices[static_cast<std::size_t>(value)]};
        else if constexpr (std::is_same_v<value_type, std::chrono::milliseconds>)
          return write_number(o, value.count());
        else
          return write_number(o, static_cast<std::int64_t>(value));
      },
      o.where);
}

std::string allowed(const option& o) {
  switch (o.type) {
    case option_type::text:
    case option_type::path:
      return o.min > 0 ? fmt::format("{} to {} characters without control characters", o.min, o.max)
                       : fmt::format("at most {} characters without control characters", o.max);
    case option_type::host:
      return "a host name or an IP address";
    case option_type::header_name:
      return "up to 64 letters, digits, - and _";
    case option_type::one_of:
      return fmt::format("one of {}", fmt::join(o.choices, ", "));
    case option_type::flag:
      return "true or false";
    case option_type::whole:
      return fmt::format("a whole number from {} to {}", o.min, o.max);
    case option_type::hundredths:
      return fmt::format("an amount such as 1000.00, from {} to {}", write_number(o, o.min), write_number(o, o.max));
    case option_type::tenths:
      return fmt::format("a score such as 75.0, from {} to {}", write_number(o, o.min), write_number(o, o.max));
    case option_type::span:
      return fmt::format("a time with its unit (ms, s, m, h), from {} to {}", write_span(o.min), write_span(o.max));
    case option_type::web_address:
      return "an address such as http://127.0.0.1:8100 (http or https, no credentials, no query)";
    case option_type::mail_address:
      return "an address such as smtp://127.0.0.1:2525 (smtp or smtps, no credentials, no path)";
    case option_type::mailbox:
      return "a mailbox such as orders@example.com";
    case option_type::file:
      return "a file that can be read";
  }
  return {};
}

std::string without_credentials(std::string text) {
  const auto scheme = text.find("://"), at = text.rfind('@');
  if (scheme == std::string::npos) return text;
  if (at != std::string::npos && at > scheme) text.replace(scheme + 3, at - scheme - 3, "***");
  constexpr std::string_view password = "password=";
  for (auto found = text.find(password); found != std::string::npos; found = text.find(password, found)) {
    found += password.size();
    text.replace(found, std::min(text.find('&', found), text.size()) - found, "***");
  }
  return text;
}

std::string shown(const option& o, std::string_view text) {
  if (o.secret) return "(hidden)";
  constexpr std::size_t length_max = 80;  // enough to recognise a value by, short enough for one line
  const auto visible = without_credentials(std::string{text});
  auto length = std::min(visible.size(), length_max);
  while (length > 0 && length < visible.size() && (static_cast<unsigned char>(visible[length]) & 0xC0U) == 0x80U) --length;  // not inside a UTF-8 character
  std::string out = "\"";
  for (const unsigned char c : std::string_view{visible}.substr(0, length)) {
    if (std::iscntrl(c) != 0)
      out += fmt::format("\\x{:02x}", c);
    else
      out += static_cast<char>(c);
  }
  return out + (visible.size() > length ? "…\"" : "\"");
}

}  // namespace coreldove::config
