#pragma once
// Absolute http(s) addresses, taken apart for connecting.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coreldove::integrations::http {

struct url_parts {
  bool tls = false;
  std::string_view host;       // without the brackets of an IPv6 address
  std::string_view authority;  // as it goes into Host: the default port left out
  std::string_view target;     // path and query, "/" at least
  std::uint16_t port = 0;
};

/// Views into `url`. Nothing for another scheme, a user name, a fragment, control characters, blanks, or bytes beyond ASCII.
std::optional<url_parts> parse_url(std::string_view url);

/// RFC 3986: everything but unreserved characters as %XX; for path segments, query values and form fields.
void append_percent_encoded(std::string& out, std::string_view text);
std::string percent_encoded(std::string_view text);

}  // namespace coreldove::integrations::http
