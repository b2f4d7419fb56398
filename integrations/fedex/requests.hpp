#pragma once
// The JSON that FedEx is asked with. Pure.
#include <string>
#include <string_view>

#include "integrations/carrier.hpp"
#include "integrations/fedex/fedex.hpp"

namespace coreldove::integrations::fedex {

/// The order's shipping method as one of FedEx's services, which differ at home and abroad. FedEx's own names are kept; an unknown one ships as standard.
std::string service_type(std::string_view shipping_method, bool abroad);

std::string rate_request(const parcel& p, const options& o);
std::string ship_request(const parcel& p, const options& o);
std::string cancel_request(const std::string& tracking_number, const options& o);
std::string track_request(const std::string& tracking_number);
/// Finds a shipment by the reference that ship_request gave it.
std::string reference_request(const std::string& reference, const options& o);

}  // namespace coreldove::integrations::fedex
