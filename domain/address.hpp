#pragma once
// Postal addresses and the per-country rules: which parts a country needs, how its postal code looks, which states it has.
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.hpp"

namespace coreldove::domain {

struct address {
  std::string name, line1, line2, city, state, postal_code, country, phone;
  friend bool operator==(const address&, const address&) = default;
};

/// Every complaint about `a`, with pointers below `at` ("/billing_address"). `country` is ISO 3166-1 alpha-2; `state` an ISO 3166-2
/// subdivision without the country's prefix, or its name; `phone` E.164. An unknown country is one complaint and ends the check.
std::vector<field_error> check_address(const address& a, std::string_view at);

/// True where the state and the postal code contradict each other (the country's table of postal prefixes per state); a mild sign of fraud.
bool state_contradicts_postal_code(const address& a);

}  // namespace coreldove::domain
