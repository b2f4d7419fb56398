#pragma once
// Lets nothing through to somebody who does not answer, and looks now and then whether he is back.
//
//   closed ──many failures──► open ──pause over──► half open ──good trials──► closed
//                              ▲                       │
//                              └──a trial fails, pause doubled──┘
#include <cstdint>
#include <string_view>

#include "domain/routing_policy.hpp"
#include "domain/time.hpp"

namespace coreldove::domain {

enum class circuit : std::uint8_t { closed, open, half_open };
std::string_view to_string(circuit c);

class circuit_breaker {
public:
  enum class pass : std::uint8_t { no, yes, trial };

  circuit_breaker() = default;
  explicit circuit_breaker(const breaker_rules& rules) : rules_(rules) {}

  /// May a call go out now? Every call that does reports its end once: answered, failed or taken back, with what it was told here.
  pass admit(time_point now);
  void answered(pass as, time_point now);
  void failed(pass as, time_point now);
  /// It has not gone out after all.
  void taken_back(pass as);
  /// It is known from elsewhere that nobody answers.
  void trip(time_point now);

  circuit state(time_point now) const;
  time_point open_until() const { return until_; }

private:
  void open(time_point now);
  void close();

  breaker_rules rules_;
  circuit state_ = circuit::closed;
  std::uint64_t history_ = 0;  // a bit for each call of the window, 1: failed
  std::uint32_t calls_ = 0, in_a_row_ = 0;
  std::uint32_t trials_ = 0, good_ = 0;  // half open: out, and answered
  time_point until_{}, last_trial_{};
  duration pause_{0};
};

}  // namespace coreldove::domain
