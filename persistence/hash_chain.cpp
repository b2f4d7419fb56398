#include "persistence/hash_chain.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace coreldove::persistence {
namespace {

struct free_digest {
  void operator()(EVP_MD* p) const { EVP_MD_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};

/// Fetched once: looking the algorithm up costs OpenSSL 3 more than hashing a small event.
const EVP_MD* sha256() {
  static const std::unique_ptr<EVP_MD, free_digest> md(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  return md.get();
}

void check(int ok) {
  if (ok != 1) throw std::runtime_error("SHA-256 failed");
}

EVP_MD_CTX* context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, free_digest> one(EVP_MD_CTX_new());
  return one.get();
}

void add(const void* bytes, std::size_t size) { check(EVP_DigestUpdate(context(), bytes, size)); }

}  // namespace

field_hash::field_hash() { check(EVP_DigestInit_ex2(context(), sha256(), nullptr)); }

/// Little-endian, so that a store can be moved between machines.
field_hash& field_hash::number(std::uint64_t value) {
  std::array<unsigned char, 8> bytes{};
  for (auto& b : bytes) b = static_cast<unsigned char>(value), value >>= 8;
  add(bytes.data(), bytes.size());
  return *this;
}

/// With the length in front: two different lists of fields never give the same bytes.
field_hash& field_hash::text(std::string_view value) {
  number(value.size());
  add(value.data(), value.size());
  return *this;
}

field_hash& field_hash::hash(const digest& value) {
  add(value.data(), value.size());
  return *this;
}

digest field_hash::finish() {
  digest out{};
  check(EVP_DigestFinal_ex(context(), out.data(), nullptr));
  return out;
}

digest chain(const digest& before, const hashed_event& e) {
  const auto at = static_cast<std::uint64_t>(e.at.time_since_epoch().count());
  return field_hash{}.hash(before).text(e.stream).number(e.seq).text(e.type).number(at).text(e.by).text(e.data).finish();
}

std::string to_hex(const digest& d) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * d.size());
  for (const auto byte : d) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

std::optional<digest> digest_from_hex(std::string_view hex) {
  digest out{};
  if (hex.size() != 2 * out.size()) return std::nullopt;
  const auto value = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = value(hex[2 * i]), low = value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

}  // namespace coreldove::persistence
