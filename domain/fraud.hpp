#pragma once
// A first fraud score by rules, with reasons a person can read. Scores are tenths of a point (0..1000) so that no floating point decides about money.
#include <cstdint>
#include <string>
#include <vector>

#include "domain/order_input.hpp"
#include "domain/time.hpp"

namespace coreldove::domain {

struct fraud_reason {
  std::string code;         // "velocity", "amount_vs_history", "address_mismatch", "disposable_email", "postal_code_mismatch", …
  std::int32_t points = 0;  // tenths
  std::string detail;       // no personal data
  friend bool operator==(const fraud_reason&, const fraud_reason&) = default;
};

struct fraud_assessment {
  std::int32_t score = 0;  // tenths of a point, 0..1000
  std::string decision;    // "accept" or "review"
  std::vector<fraud_reason> reasons;
  friend bool operator==(const fraud_assessment&, const fraud_assessment&) = default;
};

/// One earlier order of the same customer, newest first where a list of them is asked for.
struct past_order {
  time_point at;
  minor_units total = 0;
  domain::currency currency;
};

/// Pure: the same input, history and time give the same score. `threshold` in tenths.
fraud_assessment assess(const order_input& input, const std::vector<past_order>& history, time_point now, std::int32_t threshold);

}  // namespace coreldove::domain
