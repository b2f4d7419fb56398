#pragma once
// Facts about postal addresses, by country: a table, see address.hpp for the checks that read it.
#include <cstdint>
#include <span>
#include <string_view>

namespace coreldove::domain {

struct subdivision_rule {
  std::string_view code;           // ISO 3166-2 without the country's prefix; empty where there is none
  std::string_view names;          // other accepted spellings, joined by '|'
  std::string_view postal_prefix;  // pattern that its postal codes begin with; empty where unknown
};

/// What a country's addresses need besides a name and a first line.
enum address_part : std::uint8_t { no_part = 0, city_part = 1, state_part = 2, postal_code_part = 4 };

struct country_rule {
  std::string_view code;                           // ISO 3166-1 alpha-2
  std::uint8_t required;                           // of address_part
  std::string_view calling_code;                   // E.164, without the plus sign
  std::string_view postal_pattern;                 // of the whole code; empty where the country has none
  std::span<const subdivision_rule> subdivisions;  // only where the state is required; sorted by code
};

/// All countries, sorted by code.
std::span<const country_rule> country_rules();

}  // namespace coreldove::domain
