#include "integrations/http/url.hpp"

#include <algorithm>
#include <charconv>

namespace coreldove::integrations::http {

namespace {

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
}

/// "host", "host:8080", "[::1]:8080" into `out`; false where it is none of these.
bool split_authority(std::string_view authority, url_parts& out) {
  const auto port_from = authority.starts_with('[') ? authority.find(']') : 0;
  if (port_from == std::string_view::npos) return false;
  const auto colon = authority.find(':', port_from);
  out.host = authority.substr(0, colon);
  out.authority = out.host;
  if (out.host.starts_with('[')) out.host = out.host.size() > 2 && out.host.ends_with(']') ? out.host.substr(1, out.host.size() - 2) : std::string_view{};
  if (out.host.empty()) return false;
  const std::uint16_t standard = out.tls ? 443 : 80;
  out.port = standard;
  if (colon == std::string_view::npos) return true;
  const auto digits = authority.substr(colon + 1);
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (ec != std::errc{} || end != digits.data() + digits.size() || out.port == 0) return false;
  if (out.port != standard) out.authority = authority;
  return true;
}

}  // namespace

std::optional<url_parts> parse_url(std::string_view url) {
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '#'; })) return std::nullopt;
  url_parts out;
  if (url.starts_with("https://")) {
    out.tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  const auto authority = url.substr(0, url.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos || !split_authority(authority, out)) return std::nullopt;
  out.target = url.substr(authority.size());
  if (out.target.empty()) out.target = "/";
  if (out.target.front() != '/') return std::nullopt;
  return out;
}

void append_percent_encoded(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(hex[byte >> 4U]);
    out.push_back(hex[byte & 0x0fU]);
  }
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  append_percent_encoded(out, text);
  return out;
}

}  // namespace coreldove::integrations::http
