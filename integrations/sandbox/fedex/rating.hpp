#pragma once
// What a parcel costs and how long it takes: made up, but always the same for the same parcel, farther is dearer, faster is dearer.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "domain/money.hpp"

namespace coreldove::integrations::world {

struct fedex_service {
  std::string_view type, name;
  bool international = false;
  int days = 0;                                               // 0: by distance
  domain::minor_units base = 0, per_zone = 0, per_pound = 0;  // US cents
};

std::span<const fedex_service> fedex_services();
/// nullptr for what FedEx does not have.
const fedex_service* find_fedex_service(std::string_view type);

struct fedex_place {
  std::string country, postal_code, state, city;
};

/// 2 (next door) to 8 (other coast) inside a country; 9 to 12 across borders.
int fedex_zone(const fedex_place& from, const fedex_place& to);
domain::minor_units fedex_price(const fedex_service& s, int zone, double pounds);
int fedex_days(const fedex_service& s, int zone);

}  // namespace coreldove::integrations::world
