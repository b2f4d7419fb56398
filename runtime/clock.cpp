#include "runtime/clock.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace coreldove::runtime {
namespace {

class real_clock final : public clock {
public:
  domain::time_point now() const override { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }
  steady_point steady() const override { return std::chrono::steady_clock::now(); }
};

/// OpenSSL's generator, drawn in blocks: one call for many ids.
class real_random final : public random_source {
public:
  domain::entropy entropy() override {
    thread_local std::array<unsigned char, 4000> block;
    thread_local std::size_t used = block.size();
    domain::entropy out;
    if (used + out.size() > block.size()) {
      if (RAND_bytes(block.data(), static_cast<int>(block.size())) != 1) throw std::runtime_error("the system gives no random numbers");
      used = 0;
    }
    std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(used), out.size(), out.begin());
    used += out.size();
    return out;
  }
};

}  // namespace

clock& system_clock() {
  static real_clock c;
  return c;
}

random_source& system_random() {
  static real_random r;
  return r;
}

}  // namespace coreldove::runtime
