#pragma once
// Who is calling: an API key or a JSON Web Token, never both. What held a moment ago holds for about ten seconds more without being looked up again.
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "domain/result.hpp"
#include "domain/time.hpp"
#include "http/problem.hpp"
#include "http/role.hpp"
#include "runtime/clock.hpp"

namespace coreldove::http {

struct api_key_owner {
  std::string id;
  http::role role = role::customer;
};
/// Finds the owner of the key with this SHA-256 (hex). `done` runs exactly once, on any thread; nothing for a key that is unknown or revoked.
using api_key_lookup = std::function<void(std::string sha256_hex, std::function<void(domain::result<std::optional<api_key_owner>>)> done)>;

inline constexpr std::chrono::seconds token_leeway{30};
inline constexpr std::string_view token_issuer = "coreldove", token_audience = "coreldove-api";
inline constexpr std::string_view dev_admin_key = "dev-admin-key";

/// A signed JWT (HS256) for `coreldove token`.
std::string issue_token(std::string_view secret, role r, std::string_view subject, std::chrono::seconds ttl, domain::time_point now);

struct verified_token {
  principal who;
  domain::time_point expires_at;  // leeway included
};
/// HS256 and nothing else; exp, iat, iss, aud and sub must be there, and right; nbf is honoured. Nothing for any token that is not acceptable.
std::optional<verified_token> verify_token(std::string_view secret, std::string_view token, domain::time_point now);

class authenticator {
public:
  struct settings {
    std::string key_field = "X-API-Key";
    std::string jwt_secret;  // empty: no tokens are taken
    bool dev_admin_key = false;
  };
  authenticator(settings s, api_key_lookup lookup, runtime::clock& clock);

  using answer = outcome<principal>;
  /// Answers at once where it can. Nothing: the key is being looked up, and `later` runs once with the answer, on any thread. Without `patient` only
  /// credentials that are remembered are accepted; others are answered with rate-limited and not looked at.
  std::optional<answer> check(const request& rq, bool patient, std::function<void(answer)> later);

private:
  struct known {
    std::string digest;
    principal who;
    domain::time_point until;
  };
  /// Shared with look-ups under way, which may end after the server.
  struct cache {
    std::mutex mutex;
    std::list<known> entries;  // latest remembered first
    std::unordered_map<std::string_view, std::list<known>::iterator> by_digest;
  };
  std::optional<principal> recall(const std::string& digest);
  static void remember(cache& into, std::string digest, const principal& who, domain::time_point until);
  answer check_token(std::string_view token, bool patient);

  settings settings_;
  api_key_lookup lookup_;
  runtime::clock& clock_;
  std::shared_ptr<cache> cache_ = std::make_shared<cache>();
};

}  // namespace coreldove::http
