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

void add(EVP_MD_CTX* context, const void* bytes, std::size_t size) { check(EVP_DigestUpdate(context, bytes, size)); }

/// Little-endian, so that a store can be moved between machines.
void add_number(EVP_MD_CTX* context, std::uint64_t value) {
  std::array<unsigned char, 8> bytes{};
  for (auto& b : bytes) b = static_cast<unsigned char>(value), value >>= 8;
  add(context, bytes.data(), bytes.size());
}

/// With the length in front: two different events never give the same bytes.
void add_text(EVP_MD_CTX* context, std::string_view text) {
  add_number(context, text.size());
  add(context, text.data(), text.size());
}

}  // namespace

digest chain(const digest& before, const hashed_event& e) {
  thread_local const std::unique_ptr<EVP_MD_CTX, free_digest> context(EVP_MD_CTX_new());
  check(EVP_DigestInit_ex2(context.get(), sha256(), nullptr));
  add(context.get(), before.data(), before.size());
  add_text(context.get(), e.stream);
  add_number(context.get(), e.seq);
  add_text(context.get(), e.type);
  add_number(context.get(), static_cast<std::uint64_t>(e.at.time_since_epoch().count()));
  add_text(context.get(), e.by);
  add_text(context.get(), e.data);
  digest out{};
  check(EVP_DigestFinal_ex(context.get(), out.data(), nullptr));
  return out;
}

}  // namespace coreldove::persistence
