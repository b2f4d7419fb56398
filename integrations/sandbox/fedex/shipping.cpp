// Quotes, labels and their cancellation.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <ctime>
#include <iterator>

#include "integrations/sandbox/fedex/fedex.hpp"
#include "integrations/sandbox/fedex/label_pdf.hpp"
#include "integrations/sandbox/fedex/reading.hpp"
#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::string_view invalid_input = "INVALID.INPUT.EXCEPTION";
constexpr std::array<std::string_view, 6> transit_times{"", "ONE_DAY", "TWO_DAYS", "THREE_DAYS", "FOUR_DAYS", "FIVE_DAYS"};

std::string usd(domain::minor_units cents) { return domain::format_amount(cents, 2); }

std::tm utc_of(std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm out{};
  gmtime_r(&seconds, &out);
  return out;
}

std::string location_json(const fedex_place& p) {
  std::string out = R"({"city":)";
  append_json(out, p.city);
  out += R"(,"stateOrProvinceCode":)";
  append_json(out, p.state);
  out += R"(,"postalCode":)";
  append_json(out, p.postal_code);
  out += R"(,"countryCode":)";
  append_json(out, p.country);
  return out + "}";
}

/// The first thing that is wrong with the shipment of a request, or empty. `recipient`: where the recipient stands in it.
std::string complaint_about(const simdjson::dom::element& doc, std::string_view recipient) {
  if (text_at(doc, "/accountNumber/value").empty()) return "accountNumber.value: may not be empty";
  for (const std::string_view who : {std::string_view{"/requestedShipment/shipper"}, recipient}) {
    const auto place = place_at(doc, fmt::format("{}/address", who));
    if (place.country.size() != 2) return fmt::format("{}/address/countryCode: two letters are needed", who);
    if (place.postal_code.empty() && (place.country == "US" || place.country == "CA")) return fmt::format("{}/address/postalCode: may not be empty", who);
  }
  if (text_at(doc, "/requestedShipment/pickupType").empty()) return "requestedShipment.pickupType: may not be empty";
  if (!pounds_of(doc)) return "requestedShipment.requestedPackageLineItems: each package needs a weight in LB or KG above 0";
  return {};
}

std::string ship_complaint(const simdjson::dom::element& doc) {
  if (auto why = complaint_about(doc, "/requestedShipment/recipients/0"); !why.empty()) return why;
  for (const std::string_view needed :
       {"/labelResponseOptions", "/requestedShipment/serviceType", "/requestedShipment/packagingType", "/requestedShipment/shippingChargesPayment/paymentType",
        "/requestedShipment/labelSpecification/imageType", "/requestedShipment/labelSpecification/labelStockType"})
    if (text_at(doc, needed).empty()) return fmt::format("{}: may not be empty", needed.substr(1));
  for (const std::string_view who : {"/requestedShipment/shipper", "/requestedShipment/recipients/0"}) {
    if (text_at(doc, fmt::format("{}/address/streetLines/0", who)).empty()) return fmt::format("{}/address/streetLines: may not be empty", who.substr(1));
    if (text_at(doc, fmt::format("{}/address/city", who)).empty()) return fmt::format("{}/address/city: may not be empty", who.substr(1));
    if (text_at(doc, fmt::format("{}/contact/phoneNumber", who)).empty()) return fmt::format("{}/contact/phoneNumber: may not be empty", who.substr(1));
    if (text_at(doc, fmt::format("{}/contact/personName", who)).empty() && text_at(doc, fmt::format("{}/contact/companyName", who)).empty())
      return fmt::format("{}/contact: personName or companyName is needed", who.substr(1));
  }
  return {};
}

}  // namespace

void fedex::quote(const request& rq, reply& out, bool declined) {
  const auto doc = read_document(rq.body);
  if (!doc) return refuse(rq, out, 400, invalid_input, "The body is not a JSON object.");
  if (const auto why = complaint_about(*doc, "/requestedShipment/recipient"); !why.empty()) return refuse(rq, out, 400, invalid_input, why);
  const auto from = place_at(*doc, "/requestedShipment/shipper/address"), to = place_at(*doc, "/requestedShipment/recipient/address");
  const bool abroad = from.country != to.country;
  const auto only = text_at(*doc, "/requestedShipment/serviceType");
  const fedex_service* wanted = find_fedex_service(only);
  if (declined || (!only.empty() && (wanted == nullptr || wanted->international != abroad)))
    return refuse(rq, out, 400, "SERVICE.PACKAGECOMBINATION.INVALID", "Invalid service and packaging combination.");
  const int zone = fedex_zone(from, to);
  const double pounds = pounds_of(*doc).value_or(0);
  open_answer(rq, out);
  out.body += R"({"rateReplyDetails":[)";
  bool first = true;
  for (const auto& s : fedex_services()) {
    if (s.international != abroad || (wanted != nullptr && &s != wanted)) continue;
    const auto days = static_cast<std::size_t>(fedex_days(s, zone));
    const auto price = usd(fedex_price(s, zone, pounds));
    const auto arrival = utc_of(world_.now_ms() + static_cast<std::int64_t>(days) * 86'400'000);
    fmt::format_to(std::back_inserter(out.body),
                   R"({0}{{"serviceType":"{1}","serviceName":"{2}","packagingType":"YOUR_PACKAGING","ratedShipmentDetails":[{{"rateType":"ACCOUNT",)"
                   R"("ratedWeightMethod":"ACTUAL","totalBaseCharge":{3},"totalNetCharge":{3},"totalNetFedExCharge":{3},"currency":"USD",)"
                   R"("shipmentRateDetail":{{"rateZone":"{4}","currency":"USD"}}}}],"operationalDetail":{{"transitTime":"{5}",)"
                   R"("deliveryDate":"{6:%Y-%m-%d}T20:00:00"}},"commit":{{"dateDetail":{{"dayFormat":"{6:%Y-%m-%d}T20:00:00"}}}}}})",
                   std::exchange(first, false) ? "" : ",", s.type, s.name, price, zone, transit_times[days], arrival);
  }
  fmt::format_to(std::back_inserter(out.body), R"(],"quoteDate":"{:%Y-%m-%d}","encoded":false}}}})", utc_of(world_.now_ms()));
}

void fedex::ship(const request& rq, reply& out, bool declined) {
  const auto doc = read_document(rq.body);
  if (!doc) return refuse(rq, out, 400, invalid_input, "The body is not a JSON object.");
  if (const auto why = ship_complaint(*doc); !why.empty()) return refuse(rq, out, 400, invalid_input, why);
  const auto from = place_at(*doc, "/requestedShipment/shipper/address"), to = place_at(*doc, "/requestedShipment/recipients/0/address");
  const fedex_service* service = find_fedex_service(text_at(*doc, "/requestedShipment/serviceType"));
  if (service == nullptr || service->international != (from.country != to.country))
    return refuse(rq, out, 400, "SERVICETYPE.NOT.ALLOWED", "This service type is not allowed for the origin and the destination.");
  const auto options = text_at(*doc, "/labelResponseOptions");
  if (options != "LABEL" && options != "URL_ONLY") return refuse(rq, out, 400, invalid_input, "labelResponseOptions: LABEL or URL_ONLY");
  if (declined) return refuse(rq, out, 422, "SHIPMENT.DESTINATION.NOTSERVED", "The destination is not served for this shipment.");

  const auto transaction = rq.header("x-customer-transaction-id");
  const auto reference = customer_reference(*doc);
  const auto order_in_key = order_id_in(transaction);
  fedex_parcel p;
  p.price = fedex_price(*service, fedex_zone(from, to), pounds_of(*doc).value_or(0));
  p.service = service;
  p.reference = texts_.put(reference);
  p.order_id = texts_.put(order_in_key.empty() ? order_id_in(reference) : order_in_key);
  p.account = texts_.put(text_at(*doc, "/accountNumber/value"));
  p.from = texts_.put(location_json(from));
  p.to = texts_.put(location_json(to));
  const auto now = world_.now_ms();
  const auto n = add(std::move(p), transaction, now);
  const auto& kept = parcels_[n];
  const auto number = number_of(n);
  open_answer(rq, out);
  fmt::format_to(std::back_inserter(out.body),
                 R"({{"transactionShipments":[{{"masterTrackingNumber":"{0}","serviceType":"{1}","serviceName":"{2}","shipDatestamp":"{3:%Y-%m-%d}",)"
                 R"("serviceCategory":"EXPRESS","pieceResponses":[{{"masterTrackingNumber":"{0}","trackingNumber":"{0}","packageSequenceNumber":1,)"
                 R"("netRateAmount":{4},"netChargeAmount":{4},"baseRateAmount":{4},"currency":"USD","customerReferences":[)",
                 number, service->type, service->name, utc_of(now), usd(kept.price));
  if (!reference.empty()) {
    out.body += R"({"customerReferenceType":"CUSTOMER_REFERENCE","value":)";
    append_json(out.body, reference);
    out.body += '}';
  }
  out.body += R"(],"packageDocuments":[)";
  append_label(out.body, kept, number, options == "URL_ONLY");
  fmt::format_to(std::back_inserter(out.body),
                 R"(]}}],"completedShipmentDetail":{{"shipmentRating":{{"actualRateType":"PAYOR_ACCOUNT_PACKAGE","shipmentRateDetails":[{{"rateType":)"
                 R"("PAYOR_ACCOUNT_PACKAGE","totalNetCharge":{},"currency":"USD"}}]}}}},"alerts":[]}}]}}}})",
                 usd(kept.price));
}

void fedex::append_label(std::string& out, const fedex_parcel& p, const std::string& number, bool as_url) const {
  out += R"({"contentType":"LABEL","copiesToPrint":1,"docType":"PDF",)";
  if (as_url) {
    fmt::format_to(std::back_inserter(out), R"("url":"/fedex/document/v1/labels/{}.pdf"}})", number);
  } else {
    const auto pdf = label_pdf({"FedEx (sandbox, not for shipping)", std::string{p.service->type}, "TRK# " + number, std::string{p.reference.view()}});
    fmt::format_to(std::back_inserter(out), R"("encodedLabel":"{}"}})", base64(pdf));
  }
}

void fedex::show_label(const request& rq, reply& out) const {
  auto number = rq.path.substr(rq.path.rfind('/') + 1);
  if (number.ends_with(".pdf")) number.remove_suffix(4);
  const std::lock_guard lock(mutex_);
  const auto n = find(number);
  if (!n) return refuse(rq, out, 404, "NOT.FOUND.ERROR", "There is no such label.");
  const auto& p = parcels_[*n];
  out.content_type = "application/pdf";
  out.body = label_pdf({"FedEx (sandbox, not for shipping)", std::string{p.service->type}, fmt::format("TRK# {}", number), std::string{p.reference.view()}});
}

void fedex::cancel(const request& rq, reply& out, bool declined) {
  const auto doc = read_document(rq.body);
  if (!doc) return refuse(rq, out, 400, invalid_input, "The body is not a JSON object.");
  const auto account = text_at(*doc, "/accountNumber/value"), number = text_at(*doc, "/trackingNumber");
  if (account.empty()) return refuse(rq, out, 400, invalid_input, "accountNumber.value: may not be empty");
  const auto n = find(number);
  if (!n) return refuse(rq, out, 404, "TRACKING.TRACKINGNUMBER.NOTFOUND", "Tracking number cannot be found. Please correct the tracking number and try again.");
  const auto& p = parcels_[*n];
  if (p.account.view() != account) return refuse(rq, out, 403, "FORBIDDEN.ERROR", "The shipment belongs to another account.");
  const auto state = p.scans.back().state;
  if (state == domain::tracking_state::cancelled) return refuse(rq, out, 400, "SHIPMENT.ALREADY.CANCELLED", "The shipment has already been cancelled.");
  if (declined || state != domain::tracking_state::label_created)
    return refuse(rq, out, 422, "SHIPMENT.CANCELLATION.NOTALLOWED", "The shipment is on its way and can no longer be cancelled.");
  book_cancel(*n, rq.header("x-customer-transaction-id"), world_.now_ms());
  open_answer(rq, out);
  out.body += R"({"cancelledShipment":true,"cancelledHistory":true,"successMessage":"Success"}})";
}

}  // namespace coreldove::integrations::world
