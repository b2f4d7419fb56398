#include "http/auth.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "http/conditions.hpp"

namespace coreldove::http {
namespace {

constexpr std::chrono::seconds remembered_for{10};
constexpr std::size_t remembered_max = 10'000;
constexpr std::size_t key_bytes_max = 512;

bool same(std::string_view a, std::string_view b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

problem refused(std::string_view detail) { return {problems::unauthorized, std::string{detail}}; }

problem too_many() {
  problem p{problems::rate_limited, "Too many wrong credentials came from this address."};
  p.retry_after_s = 3;
  return p;
}

}  // namespace

authenticator::authenticator(settings s, api_key_lookup lookup, runtime::clock& clock) : settings_(std::move(s)), lookup_(std::move(lookup)), clock_(clock) {}

std::optional<authenticator::answer> authenticator::check(const request& rq, bool patient, std::function<void(answer)> later) {
  const auto key = rq.field(settings_.key_field);
  const auto authorization = rq.field("Authorization");
  if (!key.empty() && !authorization.empty()) return problem{problems::malformed_request, "Send an API key or a token, not both."};
  if (!authorization.empty()) {
    constexpr std::string_view scheme = "Bearer ";
    if (!equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return refused("The Authorization field must say Bearer and a token.");
    return check_token(authorization.substr(scheme.size()), patient);
  }
  if (key.empty()) return refused("Send an API key in " + settings_.key_field + " or a token in Authorization: Bearer.");
  if (key.size() > key_bytes_max) return refused("The API key is not accepted.");
  if (settings_.dev_admin_key && same(key, dev_admin_key)) return principal{"key:dev-admin", "dev-admin", role::admin};
  auto digest = sha256_hex(key);
  if (auto who = recall(digest)) return std::move(*who);
  if (!patient) return too_many();
  lookup_(digest, [kept = cache_, now = clock_.now(), digest, later = std::move(later)](domain::result<std::optional<api_key_owner>> found) {
    if (!found) return later(problem_of(found.error()));
    if (!*found) return later(refused("The API key is not accepted."));
    principal who{"key:" + (*found)->id, (*found)->id, (*found)->role};
    remember(*kept, digest, who, now + remembered_for);
    later(std::move(who));
  });
  return std::nullopt;
}

authenticator::answer authenticator::check_token(std::string_view token, bool patient) {
  auto digest = sha256_hex(token);
  if (auto who = recall(digest)) return std::move(*who);
  if (!patient) return too_many();
  const auto now = clock_.now();
  const auto verified = verify_token(settings_.jwt_secret, token, now);
  if (!verified) return refused("The token is not accepted.");
  remember(*cache_, std::move(digest), verified->who, std::min<domain::time_point>(verified->expires_at, now + remembered_for));
  return verified->who;
}

std::optional<principal> authenticator::recall(const std::string& digest) {
  const std::lock_guard lock{cache_->mutex};
  const auto it = cache_->by_digest.find(digest);
  if (it == cache_->by_digest.end()) return std::nullopt;
  if (clock_.now() < it->second->until) return it->second->who;
  const auto entry = it->second;
  cache_->by_digest.erase(it);  // first: its key is a view into the entry
  cache_->entries.erase(entry);
  return std::nullopt;
}

void authenticator::remember(cache& into, std::string digest, const principal& who, domain::time_point until) {
  const std::lock_guard lock{into.mutex};
  if (into.by_digest.contains(digest)) return;
  if (into.entries.size() >= remembered_max) {
    into.by_digest.erase(into.entries.back().digest);
    into.entries.pop_back();
  }
  into.entries.push_front({std::move(digest), who, until});
  into.by_digest.emplace(into.entries.front().digest, into.entries.begin());
}

}  // namespace coreldove::http
