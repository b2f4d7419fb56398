#include "domain/ulid.hpp"

#include <algorithm>

namespace coreldove::domain {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view order_prefix = "ord_";
constexpr std::size_t ulid_size = 26;
constexpr std::size_t time_size = 10;

/// Appends `value` as `digits` characters, the most significant first.
void append_base32(std::string& out, std::uint64_t value, std::size_t digits) {
  for (std::size_t left = digits; left > 0; --left) out += alphabet[(value >> (5 * (left - 1))) & 31U];
}

void append_ulid(std::string& out, time_point at, const entropy& random) {
  constexpr std::uint64_t time_mask = (std::uint64_t{1} << 48) - 1;
  append_base32(out, static_cast<std::uint64_t>(at.time_since_epoch().count()) & time_mask, time_size);
  for (std::size_t half = 0; half < 2; ++half) {  // 40 bits are 8 characters
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) bits = (bits << 8) | random[half * 5 + i];
    append_base32(out, bits, 8);
  }
}

}  // namespace

std::string make_ulid(time_point at, const entropy& random) {
  std::string out;
  out.reserve(ulid_size);
  append_ulid(out, at, random);
  return out;
}

std::string make_order_id(time_point at, const entropy& random) {
  std::string out;
  out.reserve(order_prefix.size() + ulid_size);
  out += order_prefix;
  append_ulid(out, at, random);
  return out;
}

bool is_order_id(std::string_view text) {
  if (text.size() != order_prefix.size() + ulid_size || !text.starts_with(order_prefix)) return false;
  text.remove_prefix(order_prefix.size());
  if (text.front() > '7') return false;  // 26 characters hold 130 bits, a ULID has 128
  return std::ranges::all_of(text, [](char c) { return alphabet.find(c) != std::string_view::npos; });
}

}  // namespace coreldove::domain
