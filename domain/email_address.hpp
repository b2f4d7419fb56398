#pragma once
// E-mail addresses in the form that mail servers agree on (RFC 5321 without quoted local parts and address literals).
#include <string_view>

namespace coreldove::domain {

/// local@domain: a dot-atom of at most 64 characters, and two or more labels of letters, digits and hyphens; 254 characters in all.
bool is_email_address(std::string_view text);

/// True where the domain, or one above it, is a well-known provider of throw-away addresses.
bool is_disposable(std::string_view email);

}  // namespace coreldove::domain
