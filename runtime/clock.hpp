#pragma once
// Time and randomness as things that can be held by a test.
#include <chrono>

#include "domain/time.hpp"
#include "domain/ulid.hpp"

namespace coreldove::runtime {

/// A moment for how long things take: never set, and of no meaning outside this process.
using steady_point = std::chrono::steady_clock::time_point;

class clock {
public:
  virtual ~clock() = default;
  /// The wall clock: for what is stored or shown. It may be set back or forward at any moment.
  virtual domain::time_point now() const = 0;
  virtual steady_point steady() const = 0;
};

class random_source {
public:
  virtual ~random_source() = default;
  virtual domain::entropy entropy() = 0;  // thread-safe
};

clock& system_clock();
random_source& system_random();  // OpenSSL's generator

}  // namespace coreldove::runtime
