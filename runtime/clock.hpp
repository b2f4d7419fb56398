#pragma once
// Time and randomness as things that can be held by a test.
#include "domain/time.hpp"
#include "domain/ulid.hpp"

namespace coreldove::runtime {

class clock {
public:
  virtual ~clock() = default;
  virtual domain::time_point now() const = 0;
};

class random_source {
public:
  virtual ~random_source() = default;
  virtual domain::entropy entropy() = 0;  // thread-safe
};

clock& system_clock();
random_source& system_random();  // OpenSSL's generator

}  // namespace coreldove::runtime
