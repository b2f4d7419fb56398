#pragma once
// Signatures and digests, and how their bytes are written down.
#include <string>
#include <string_view>

namespace coreldove::integrations::http {

/// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);
std::string sha256(std::string_view text);      // 32 bytes
std::string sha512(std::string_view text);      // 64 bytes
std::string to_hex(std::string_view bytes);     // lower case
std::string to_base64(std::string_view bytes);  // RFC 4648, padded
/// Takes as long for any two texts of equal length.
bool same_in_constant_time(std::string_view a, std::string_view b);

}  // namespace coreldove::integrations::http
