#include "integrations/http/token_source.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace coreldove::integrations::http {

namespace {

constexpr std::chrono::seconds renewed_before_end{60};
constexpr std::chrono::milliseconds fetch_timeout_max{5'000};  // others wait for it, with deadlines of their own

struct grant {
  std::string token;
  std::chrono::seconds life{0};
};

std::optional<grant> read_grant(const response& r) {
  if (r.kind != reach::answered || r.status != 200) return std::nullopt;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view token;
  if (parser.parse(r.body).get(root) != simdjson::SUCCESS || root["access_token"].get(token) != simdjson::SUCCESS || token.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  if (root["expires_in"].get(seconds) != simdjson::SUCCESS) {
    std::string_view text;
    if (root["expires_in"].get(text) != simdjson::SUCCESS) return std::nullopt;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  return grant{std::string{token}, std::chrono::seconds{std::clamp<std::int64_t>(seconds, 0, 86'400)}};
}

}  // namespace

token_source::token_source(client& c, request fetch) : client_{c}, fetch_{std::move(fetch)} {
  fetch_.retry_on_stale = true;
  fetch_.timeout = std::min(fetch_.timeout, fetch_timeout_max);
}

void token_source::get(on_token done) {
  std::unique_lock lock{mutex_};
  if (clock::now() < renew_at_) {
    const auto token = token_;
    lock.unlock();
    return done(token, {});
  }
  waiting_.push_back(std::move(done));
  if (std::exchange(fetching_, true)) return;
  lock.unlock();
  client_.send(fetch_, [self = shared_from_this()](const response& r) { self->fetched(r); });
}

void token_source::drop(const std::string& token) {
  const std::lock_guard lock{mutex_};
  if (token_ == token) renew_at_ = ends_at_ = {};
}

void token_source::fetched(const response& r) {
  const auto now = clock::now();
  const auto got = read_grant(r);
  std::unique_lock lock{mutex_};
  if (got) {
    token_ = got->token;
    ends_at_ = now + got->life;
    // Short-lived ones are good for half their life, so that one that lives less than a minute is of some use.
    renew_at_ = ends_at_ - std::min<clock::duration>(renewed_before_end, got->life / 2);
  }
  // A renewal that failed does not matter as long as the old token still holds.
  const auto token = got || now < ends_at_ ? token_ : std::string{};
  fetching_ = false;
  const auto waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (const auto& done : waiting) done(token, r);
}

}  // namespace coreldove::integrations::http
