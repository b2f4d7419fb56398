#include "persistence/redis/shared_buckets.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace coreldove::persistence::redis {
namespace {

/// KEYS: the buckets. ARGV: tokens a second, most tokens, and of each bucket what was taken and what the node believes is left. A bucket is kept as "<tokens>
/// <microseconds of the server's clock>", until it would be full.
constexpr std::string_view exchange_script = R"(
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local rate, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local left = {}
for i, key in ipairs(KEYS) do
  local taken, tokens = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local had, at = string.match(redis.call('GET', key) or '', '^(%S+) (%d+)$')
  if had then tokens = math.min(most, had + math.max(0, now - at) * rate / 1000000) - taken end
  redis.call('SET', key, string.format('%.6f %.0f', tokens, now), 'PX', string.format('%.0f', math.ceil((most - tokens) / rate * 1000) + 1000))
  left[i] = string.format('%.6f', tokens)
end
return left)";

std::string key_of(std::string_view kind, std::string_view name) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest.data());
  return fmt::format("coreldove:rate:{}:{:02x}", kind, fmt::join(digest.begin(), digest.begin() + 16, ""));
}

std::optional<double> decimal(const answer& a) {
  double value = 0;
  if (a.what != answer::kind::text) return std::nullopt;
  const auto [end, error] = std::from_chars(a.text.data(), a.text.data() + a.text.size(), value);
  return error == std::errc{} && end == a.text.data() + a.text.size() ? std::optional{value} : std::nullopt;
}

domain::result<std::vector<double>> tokens_in(const answer& a, std::size_t buckets) {
  if (a.what == answer::kind::refused) return domain::failure{domain::errc::internal, a.text};
  std::vector<double> out;
  for (const auto& x : a.list)
    if (const auto tokens = decimal(x)) out.push_back(*tokens);
  if (out.size() != buckets) return domain::failure{domain::errc::internal, "Redis gave an answer of another form."};
  return out;
}

}  // namespace

bool shared_buckets::exchange(std::span<const bucket_report> reports, std::function<void(domain::result<std::vector<double>>)> done) {
  command c{"EVAL", std::string{exchange_script}, std::to_string(reports.size())};
  c.reserve(c.size() + 2 + 3 * reports.size());
  for (const auto& r : reports) c.push_back(key_of(kind_, r.name));
  c.push_back(fmt::format("{:.9f}", policy_.per_second));
  c.push_back(fmt::format("{:.6f}", policy_.most));
  for (const auto& r : reports) {
    c.push_back(fmt::format("{:.6f}", r.taken));
    c.push_back(fmt::format("{:.6f}", r.tokens));
  }
  return redis_.ask(std::move(c), [n = reports.size(), done = std::move(done)](domain::result<answer> a) {
    if (!a) return done(std::move(a).error());
    done(tokens_in(*a, n));
  });
}

}  // namespace coreldove::persistence::redis
