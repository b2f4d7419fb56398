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

/// Every complaint about `a`, with pointers below `at` ("/billing_address"). Needed are `name`, `line1`, `country` and those of `city`, `state` and
/// `postal_code` that the country's post asks for. `country` is ISO 3166-1 alpha-2; `state`, where it is needed, an ISO 3166-2 subdivision without
/// the country's prefix, or its name; `phone` E.164 with an assigned calling code, of any country. Texts are at most 128 characters, lines 256, postal
/// codes 16, without control characters. An unknown country is one complaint, and `city`, `state` and `postal_code` are then not looked at further.
std::vector<field_error> check_address(const address& a, std::string_view at);

/// True where the state and the postal code contradict each other (the country's table of postal prefixes per state); a mild sign of fraud.
bool state_contradicts_postal_code(const address& a);

/// True where the phone number belongs to another country than the address; not an error, as people take their numbers with them.
bool phone_contradicts_country(const address& a);

}  // namespace coreldove::domain
