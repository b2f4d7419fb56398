#pragma once
// What vendors tell by themselves, as bytes with a signature. Parcels in FedEx's own form, read by the product's own adapter; payments in a plain form of the
// simulation's, since what matters here begins after a gateway's adapter has read its vendor's.
#include <memory>
#include <string>
#include <string_view>

#include "integrations/carrier.hpp"
#include "tests/simulation/world/outside_world.hpp"

namespace coreldove::simulation {

inline constexpr std::string_view signature_header = "fdx-signature";

std::shared_ptr<const integrations::carrier_webhook> parcel_notices();
std::shared_ptr<const integrations::payment_webhook> payment_notices();

/// One scan of a parcel. `at` is told in whole seconds.
std::string scan_body(const std::string& tracking_number, domain::tracking_state state, domain::time_point at);
/// What has become of one operation.
std::string payment_body(const call& c, const integrations::outcome& what);
/// What the vendor puts beside the body.
std::string signature_of(const std::string& body);

}  // namespace coreldove::simulation
