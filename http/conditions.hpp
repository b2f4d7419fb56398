#pragma once
// The request fields that say on what condition, how patiently and under which key something is asked: If-Match, If-None-Match, Prefer, Idempotency-Key.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/service.hpp"
#include "http/problem.hpp"
#include "http/request.hpp"

namespace coreldove::http {

/// `"7"` for version 7.
std::string entity_tag(std::uint64_t version);

/// The version that must hold; nothing where the field is missing or "*". Problems: precondition-failed for a tag that no version can have.
outcome<std::optional<std::uint64_t>> parse_if_match(std::string_view value);
/// Weak comparison, as RFC 9110 wants it here.
bool none_match_holds(std::string_view value, std::uint64_t version);

inline constexpr std::chrono::seconds wait_max{60};
/// `Prefer: wait=N`, N from 0 to 60 seconds; more is cut to 60. Nothing where it is missing or makes no sense: preferences are never errors.
std::optional<std::chrono::seconds> parse_wait(std::string_view value);

/// 1 to 255 visible ASCII characters.
bool is_idempotency_key(std::string_view key);
/// SHA-256 in lower-case hex.
std::string sha256_hex(std::string_view bytes);

/// What every command takes along: who, trace, If-Match, Prefer, Idempotency-Key.
outcome<actors::request> command_request(const request& rq);

}  // namespace coreldove::http
