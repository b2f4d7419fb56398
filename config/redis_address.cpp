#include "config/redis_address.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace coreldove::config {
namespace {

constexpr std::string_view scheme = "redis://";
constexpr std::uint32_t database_max = 16'383;  // more than any server is set up for

template <class N>
bool read_number(std::string_view text, N& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned char byte = 0;
    const auto digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return out;
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 &&
         std::ranges::all_of(host, [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_'; });
}

bool is_ipv6(std::string_view host) {
  return host.find(':') != std::string_view::npos && host.size() <= 45 &&
         std::ranges::all_of(host, [](unsigned char c) { return std::isxdigit(c) != 0 || c == ':' || c == '.'; });
}

bool read_user(std::string_view text, redis_address& into) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;  // Redis knows no user without a password
  auto user = percent_decoded(text.substr(0, colon)), password = percent_decoded(text.substr(colon + 1));
  if (!user || !password || password->empty()) return false;
  into.user = std::move(*user);
  into.password = std::move(*password);
  return true;
}

bool read_server(std::string_view text, redis_address& into) {
  std::string_view host = text.substr(0, text.find(':')), rest = text.substr(host.size());
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  }
  if (bracketed ? !is_ipv6(host) : !is_name(host)) return false;
  into.host = host;
  if (rest.empty()) return true;
  return rest.starts_with(':') && read_number(rest.substr(1), into.port) && into.port != 0;
}

}  // namespace

std::optional<redis_address> parse_redis_address(std::string_view url) {
  redis_address out;
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    if (!read_user(url.substr(0, at), out)) return std::nullopt;
    url.remove_prefix(at + 1);
  }
  const auto slash = url.find('/');
  if (!read_server(url.substr(0, slash), out)) return std::nullopt;
  if (slash == std::string_view::npos || slash + 1 == url.size()) return out;
  if (!read_number(url.substr(slash + 1), out.database) || out.database > database_max) return std::nullopt;
  return out;
}

std::string_view redis_address_form() { return "the empty value or redis://USER:PASSWORD@HOST:PORT/DATABASE, all but HOST optional"; }

}  // namespace coreldove::config
