#include "http/tracing.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

namespace coreldove::http {
namespace {

bool is_lower_hex(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return c == '0'; });
}

/// Unique, not secret: an ordinary generator will do.
std::string new_trace_id() {
  constexpr std::string_view hex = "0123456789abcdef";
  thread_local std::mt19937_64 generator = [] {
    std::random_device seed;
    std::seed_seq words{seed(), seed(), seed(), seed(), seed(), seed(), seed(), seed()};
    return std::mt19937_64{words};
  }();
  std::string out;
  out.reserve(32);
  for (int half = 0; half < 2; ++half) {
    auto bits = generator();
    for (int i = 0; i < 16; ++i, bits >>= 4) out.push_back(hex[bits & 15]);
  }
  if (is_zero(out)) out.back() = '1';
  return out;
}

}  // namespace

std::string trace_id_from(std::string_view v) {
  constexpr std::size_t length = 55;  // version "00": 2-32-16-2 hex digits with dashes between; later versions may go on
  if (v.size() < length || v[2] != '-' || v[35] != '-' || v[52] != '-') return new_trace_id();
  const auto version = v.substr(0, 2), trace = v.substr(3, 32), parent = v.substr(36, 16), flags = v.substr(53, 2);
  const bool valid = is_lower_hex(version) && version != "ff" && is_lower_hex(trace) && !is_zero(trace) && is_lower_hex(parent) && !is_zero(parent) &&
                     is_lower_hex(flags) && (version == "00" ? v.size() == length : v.size() == length || v[length] == '-');
  return valid ? std::string{trace} : new_trace_id();
}

}  // namespace coreldove::http
