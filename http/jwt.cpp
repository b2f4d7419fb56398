// JSON Web Tokens by cpp-jwt. Its verifier reads the system's clock, takes algorithm names in any case and compares signatures byte by byte, so only its
// signing and its decoding are used here, and the comparison and the claims are looked at by our own rules.
#include <openssl/crypto.h>

#include <algorithm>
#include <cstdint>
#include <exception>

#include "http/auth.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <jwt/jwt.hpp>
#pragma GCC diagnostic pop

namespace coreldove::http {
namespace {

constexpr std::size_t subject_bytes_max = 128;
constexpr std::size_t token_bytes_max = 4096;  // the JSON library copies nested values by recursion: what fits in here stays within a stack

jwt::string_view view(std::string_view s) { return {s.data(), s.size()}; }

struct token_parts {
  std::string_view signed_text, signature;
};

/// Three non-empty parts of base64url: cpp-jwt's decoder must not see anything else.
std::optional<token_parts> split(std::string_view token) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; };
  if (token.size() > token_bytes_max || !std::all_of(token.begin(), token.end(), plain)) return std::nullopt;
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || first == 0 || last <= first + 1 || last + 1 == token.size()) return std::nullopt;
  if (token.substr(first + 1, last - first - 1).find('.') != std::string_view::npos) return std::nullopt;
  return token_parts{token.substr(0, last), token.substr(last + 1)};
}

bool signature_holds(std::string_view secret, const token_parts& parts) {
  const auto [mac, error] = jwt::HMACSign<jwt::algo::HS256>::sign(view(secret), view(parts.signed_text));
  if (error || mac.empty()) return false;
  auto expected = jwt::base64_encode(mac.data(), mac.size());
  expected.resize(jwt::base64_uri_encode(expected.data(), expected.size()));
  return expected.size() == parts.signature.size() && CRYPTO_memcmp(expected.data(), parts.signature.data(), expected.size()) == 0;
}

std::optional<std::int64_t> seconds_of(const nlohmann::json& claims, const char* name) {
  const auto it = claims.find(name);
  if (it == claims.end() || !it->is_number()) return std::nullopt;
  constexpr double exact_max = 9'007'199'254'740'992.0;
  const auto n = it->get<double>();
  if (!(n >= 0 && n < exact_max)) return std::nullopt;
  return static_cast<std::int64_t>(n);
}

bool is_text(const nlohmann::json& claims, const char* name, std::string_view wanted) {
  const auto it = claims.find(name);
  return it != claims.end() && it->is_string() && it->get_ref<const std::string&>() == wanted;
}

bool is_for_us(const nlohmann::json& claims) {
  const auto it = claims.find("aud");
  if (it == claims.end()) return false;
  if (!it->is_array()) return is_text(claims, "aud", token_audience);
  return std::any_of(it->begin(), it->end(), [](const nlohmann::json& e) { return e.is_string() && e.get_ref<const std::string&>() == token_audience; });
}

std::optional<verified_token> judge(const nlohmann::json& header, const nlohmann::json& claims, domain::time_point now) {
  if (!header.is_object() || !claims.is_object() || !is_text(header, "alg", "HS256")) return std::nullopt;
  for (const char* name : {"crit", "jku", "jwk", "x5u", "x5c"})
    if (header.contains(name)) return std::nullopt;
  const auto issued = seconds_of(claims, "iat"), expires = seconds_of(claims, "exp");
  if (!issued || !expires || !is_text(claims, "iss", token_issuer) || !is_for_us(claims)) return std::nullopt;
  const auto leeway = token_leeway.count();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (seconds >= *expires + leeway || *issued > seconds + leeway) return std::nullopt;
  if (claims.contains("nbf")) {
    const auto from = seconds_of(claims, "nbf");
    if (!from || *from > seconds + leeway) return std::nullopt;
  }
  const auto subject = claims.find("sub"), role_name = claims.find("role");
  if (subject == claims.end() || !subject->is_string() || role_name == claims.end() || !role_name->is_string()) return std::nullopt;
  const auto& who = subject->get_ref<const std::string&>();
  const auto r = role_from(role_name->get_ref<const std::string&>());
  const bool visible = std::all_of(who.begin(), who.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!r || who.empty() || who.size() > subject_bytes_max || !visible) return std::nullopt;
  return verified_token{{"user:" + who, who, *r}, domain::time_point{std::chrono::seconds{*expires + leeway}}};
}

}  // namespace

std::string issue_token(std::string_view secret, role r, std::string_view subject, std::chrono::seconds ttl, domain::time_point now) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  jwt::jwt_object token{jwt::params::algorithm("HS256"), jwt::params::secret(std::string{secret})};
  token.add_claim("iss", std::string{token_issuer})
      .add_claim("aud", std::string{token_audience})
      .add_claim("sub", std::string{subject})
      .add_claim("role", std::string{to_string(r)})
      .add_claim("iat", issued)
      .add_claim("exp", issued + ttl.count());
  return token.signature();
}

std::optional<verified_token> verify_token(std::string_view secret, std::string_view token, domain::time_point now) {
  const auto parts = split(token);
  if (secret.empty() || !parts || !signature_holds(secret, *parts)) return std::nullopt;
  try {
    std::error_code error;
    const auto decoded = jwt::decode(view(token), jwt::params::algorithms({"HS256"}), error, jwt::params::verify(false));
    if (error) return std::nullopt;
    return judge(decoded.header().create_json_obj(), decoded.payload().create_json_obj(), now);
  } catch (const std::exception&) {
    return std::nullopt;  // cpp-jwt and its JSON library throw on claims of unexpected types
  }
}

}  // namespace coreldove::http
