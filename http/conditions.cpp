#include "http/conditions.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "domain/card_data.hpp"

namespace coreldove::http {
namespace {

constexpr std::size_t idempotency_key_bytes_max = 255;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

/// Takes the next item of a list whose items are parted by one of `separators`.
std::string_view take_item(std::string_view& rest, std::string_view separators) {
  const auto end = std::min(rest.find_first_of(separators), rest.size());
  const auto item = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return item;
}

std::optional<std::uint64_t> version_of(std::string_view tag) {
  if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
  std::uint64_t n = 0;
  const auto* end = tag.data() + tag.size() - 1;
  const auto [stop, error] = std::from_chars(tag.data() + 1, end, n);
  return error == std::errc{} && stop == end ? std::optional{n} : std::nullopt;
}

}  // namespace

std::string entity_tag(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }

outcome<std::optional<std::uint64_t>> parse_if_match(std::string_view value) {
  if (value.empty() || value == "*") return std::optional<std::uint64_t>{};
  if (const auto version = version_of(trimmed(value))) return std::optional{*version};
  return problem{problems::precondition_failed, "If-Match takes one entity tag, as the ETag field gave it, or *."};
}

bool none_match_holds(std::string_view value, std::uint64_t version) {
  if (trimmed(value) == "*") return true;
  while (!value.empty()) {
    auto tag = take_item(value, ",");
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (version_of(tag) == version) return true;
  }
  return false;
}

std::optional<std::chrono::seconds> parse_wait(std::string_view value) {
  while (!value.empty()) {
    const auto item = take_item(value, ",;");
    const auto equals = item.find('=');
    if (equals == std::string_view::npos || !equal_ignoring_case(trimmed(item.substr(0, equals)), "wait")) continue;
    auto number = trimmed(item.substr(equals + 1));
    if (number.size() > 2 && number.front() == '"' && number.back() == '"') number = number.substr(1, number.size() - 2);
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n);
    if (number.empty() || end != number.data() + number.size() || (error != std::errc{} && error != std::errc::result_out_of_range)) return std::nullopt;
    if (error == std::errc::result_out_of_range) n = number.front() == '-' ? -1 : wait_max.count();
    if (n < 0) return std::nullopt;
    return std::chrono::seconds{std::min<std::int64_t>(n, wait_max.count())};
  }
  return std::nullopt;
}

bool is_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= idempotency_key_bytes_max && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

std::string sha256_hex(std::string_view bytes) {
  constexpr std::string_view hex = "0123456789abcdef";
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);  // looking it up each time costs more than the hash
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) != 1) return {};
  std::string out;
  out.reserve(2 * size);
  for (unsigned i = 0; i < size; ++i) out.append(1, hex[digest[i] >> 4]).append(1, hex[digest[i] & 15]);
  return out;
}

outcome<actors::request> command_request(const request& rq) {
  actors::request out;
  out.principal = rq.who.name;
  out.trace_id = rq.trace_id;
  out.wait = parse_wait(rq.field("Prefer"));
  auto version = parse_if_match(rq.field("If-Match"));
  if (auto* p = std::get_if<problem>(&version)) return std::move(*p);
  out.expected_version = std::get<0>(version);
  const auto sent = std::any_of(rq.fields.begin(), rq.fields.end(), [](const header_field& f) { return equal_ignoring_case(f.name, "Idempotency-Key"); });
  if (!sent) return out;
  const auto key = rq.field("Idempotency-Key");
  if (!is_idempotency_key(key)) return problem{problems::malformed_request, "Idempotency-Key must be 1 to 255 visible ASCII characters."};
  if (domain::holds_card_number(key)) return problem{problems::card_data, "Idempotency-Key looks like a card number."};
  std::string scope;
  const auto verb = to_string(rq.method);
  scope.reserve(out.principal.size() + verb.size() + rq.path.size() + 2);
  scope.append(out.principal).append(" ").append(verb).append(" ").append(rq.path);
  out.key = actors::request_key{std::move(scope), std::string{key}, sha256_hex(rq.body)};
  return out;
}

}  // namespace coreldove::http
