#include "integrations/fedex/requests.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace coreldove::integrations::fedex {

using nlohmann::json;

namespace {

struct service {
  std::string_view method, at_home, abroad;
};
constexpr std::array services{
    service{"standard", "FEDEX_GROUND", "INTERNATIONAL_ECONOMY"},
    service{"economy", "FEDEX_GROUND", "FEDEX_INTERNATIONAL_CONNECT_PLUS"},
    service{"ground", "FEDEX_GROUND", "INTERNATIONAL_ECONOMY"},
    service{"expedited", "FEDEX_EXPRESS_SAVER", "FEDEX_INTERNATIONAL_PRIORITY"},
    service{"express", "FEDEX_2_DAY", "FEDEX_INTERNATIONAL_PRIORITY"},
    service{"two_day", "FEDEX_2_DAY", "FEDEX_INTERNATIONAL_PRIORITY"},
    service{"overnight", "STANDARD_OVERNIGHT", "FEDEX_INTERNATIONAL_PRIORITY"},
    service{"next_day", "STANDARD_OVERNIGHT", "FEDEX_INTERNATIONAL_PRIORITY"},
    service{"priority", "PRIORITY_OVERNIGHT", "INTERNATIONAL_FIRST"},
};

constexpr std::int64_t weight_grams_min = 100;  // FedEx refuses 0; the catalogue may not know better

json account(const options& o) { return {{"value", o.account_number}}; }
json weight(const parcel& p) { return {{"units", "KG"}, {"value", static_cast<double>(std::max(p.weight_grams, weight_grams_min)) / 1000.0}}; }

/// FedEx has numbers where we have exact amounts; a double carries them exactly enough to be printed with the right digits.
json money(std::int64_t amount, const domain::currency& currency) {
  return {{"amount", static_cast<double>(amount) / std::pow(10.0, currency.digits)}, {"currency", std::string{currency.name()}}};
}

void add_state(json& address, const std::string& country, const std::string& state) {
  if (!state.empty() && (country == "US" || country == "CA" || country == "PR")) address["stateOrProvinceCode"] = state;  // elsewhere FedEx refuses most
}

json shipper_address(const parcel& p) {
  // The catalogue knows a warehouse's name and region, not its street.
  json out{{"streetLines", {p.from.name}}, {"city", p.from.name}, {"postalCode", p.from.postal_code}, {"countryCode", p.from.country}};
  add_state(out, p.from.country, p.from.state);
  return out;
}

json recipient_address(const parcel& p) {
  json lines = json::array({p.to.line1});
  if (!p.to.line2.empty()) lines.push_back(p.to.line2);
  json out{{"streetLines", std::move(lines)}, {"city", p.to.city}, {"postalCode", p.to.postal_code}, {"countryCode", p.to.country}};
  add_state(out, p.to.country, p.to.state);
  return out;
}

std::string digits_of(const std::string& phone) {
  std::string out;
  std::copy_if(phone.begin(), phone.end(), std::back_inserter(out), [](char c) { return c >= '0' && c <= '9'; });
  return out;
}

bool is_abroad(const parcel& p) { return p.from.country != p.to.country; }

json customs(const parcel& p) {
  const auto value = money(p.value, p.currency);
  return {{"dutiesPayment", {{"paymentType", "SENDER"}}},
          {"isDocumentOnly", false},
          {"totalCustomsValue", value},
          {"commodities", json::array({{{"description", "Merchandise"},
                                        {"countryOfManufacture", p.from.country},
                                        {"quantity", 1},
                                        {"quantityUnits", "PCS"},
                                        {"unitPrice", value},
                                        {"customsValue", value},
                                        {"weight", weight(p)}}})}};
}

/// Texts come from customers: what is not UTF-8 is replaced, never thrown at.
std::string text_of(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string service_type(std::string_view shipping_method, bool abroad) {
  if (shipping_method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos && !shipping_method.empty())
    return std::string{shipping_method};
  const auto it = std::find_if(services.begin(), services.end(), [&](const service& s) { return s.method == shipping_method; });
  const auto& chosen = it == services.end() ? services.front() : *it;
  return std::string{abroad ? chosen.abroad : chosen.at_home};
}

std::string rate_request(const parcel& p, const options& o) {
  json shipment{{"shipper", {{"address", shipper_address(p)}}},
                {"recipient", {{"address", recipient_address(p)}}},
                {"pickupType", "USE_SCHEDULED_PICKUP"},
                {"rateRequestType", {"ACCOUNT"}},
                {"requestedPackageLineItems", json::array({{{"weight", weight(p)}}})}};
  if (is_abroad(p)) shipment["customsClearanceDetail"] = customs(p);
  return text_of({{"accountNumber", account(o)}, {"requestedShipment", std::move(shipment)}});
}

std::string ship_request(const parcel& p, const options& o) {
  const auto phone = digits_of(p.to.phone);
  json shipment{
      {"shipper", {{"contact", {{"companyName", p.from.name}, {"phoneNumber", o.phone}}}, {"address", shipper_address(p)}}},
      {"recipients",
       json::array({{{"contact", {{"personName", p.to.name}, {"phoneNumber", phone.empty() ? o.phone : phone}}}, {"address", recipient_address(p)}}})},
      {"serviceType", service_type(p.service, is_abroad(p))},
      {"packagingType", "YOUR_PACKAGING"},
      {"pickupType", "USE_SCHEDULED_PICKUP"},
      {"shippingChargesPayment", {{"paymentType", "SENDER"}}},
      {"labelSpecification", {{"imageType", "PDF"}, {"labelStockType", "PAPER_4X6"}}},
      {"totalWeight", weight(p)["value"]},
      {"requestedPackageLineItems",
       json::array(
           {{{"weight", weight(p)}, {"customerReferences", json::array({{{"customerReferenceType", "CUSTOMER_REFERENCE"}, {"value", p.reference}}})}}})}};
  if (is_abroad(p)) shipment["customsClearanceDetail"] = customs(p);
  // The label itself stays with FedEx, to be printed from there: it is larger than everything else together.
  return text_of({{"accountNumber", account(o)}, {"labelResponseOptions", "URL_ONLY"}, {"requestedShipment", std::move(shipment)}});
}

std::string cancel_request(const std::string& tracking_number, const options& o) {
  return text_of({{"accountNumber", account(o)}, {"trackingNumber", tracking_number}, {"deletionControl", "DELETE_ALL_PACKAGES"}, {"emailShipment", false}});
}

std::string track_request(const std::string& tracking_number) {
  return text_of({{"includeDetailedScans", true}, {"trackingInfo", json::array({{{"trackingNumberInfo", {{"trackingNumber", tracking_number}}}}})}});
}

std::string reference_request(const std::string& reference, const options& o) {
  return text_of({{"includeDetailedScans", false},
                  {"referencesInformation", {{"type", "CUSTOMER_REFERENCE"}, {"value", reference}, {"accountNumber", o.account_number}}}});
}

}  // namespace coreldove::integrations::fedex
