#pragma once
// The signatures and encodings that vendors put on what they send.
#include <cstdint>
#include <string>
#include <string_view>

namespace coreldove::integrations::world {

std::string hmac_sha256(std::string_view key, std::string_view message);  // 32 raw bytes
std::string hex(std::string_view bytes);
std::string base64(std::string_view bytes);
/// Nothing readable in `text`: empty.
std::string from_base64(std::string_view text);
/// `count` characters of [0-9A-Za-z] from the system's generator.
std::string random_word(std::size_t count);
std::uint64_t random_number();
/// Stable across runs and builds: FNV-1a, 64 bits.
std::uint64_t digest(std::string_view text, std::uint64_t seed = 14695981039346656037ULL);

}  // namespace coreldove::integrations::world
