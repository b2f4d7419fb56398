// Where parcels are: for who asks, and for who is told.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include "integrations/sandbox/fedex/fedex.hpp"
#include "integrations/sandbox/fedex/reading.hpp"
#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

using domain::tracking_state;

namespace {

constexpr std::size_t numbers_max = 30;  // FedEx's limit per call
constexpr std::string_view hub = R"({"city":"MEMPHIS","stateOrProvinceCode":"TN","postalCode":"38118","countryCode":"US"})";

constexpr std::array statuses{
    fedex_status{tracking_state::label_created, "OC", "Shipment information sent to FedEx", "", ""},
    fedex_status{tracking_state::picked_up, "PU", "Picked up", "", ""},
    fedex_status{tracking_state::in_transit, "IT", "In transit", "", ""},
    fedex_status{tracking_state::out_for_delivery, "OD", "On FedEx vehicle for delivery", "", ""},
    fedex_status{tracking_state::available_for_pickup, "HL", "Ready for pickup", "", ""},
    fedex_status{tracking_state::attempted, "DE", "Delivery exception", "08", "Customer not available or business closed"},
    fedex_status{tracking_state::exception, "SE", "Shipment exception", "29", "Rerouted"},
    fedex_status{tracking_state::delivered, "DL", "Delivered", "", ""},
    fedex_status{tracking_state::returning, "RS", "Returning package to shipper", "", ""},
    fedex_status{tracking_state::returned, "RS", "Returned to shipper", "", ""},
    fedex_status{tracking_state::cancelled, "CA", "Shipment cancelled by sender", "", ""},
};

std::string_view location_of(const fedex_parcel& p, tracking_state s) {
  switch (s) {
    case tracking_state::label_created:
    case tracking_state::picked_up:
    case tracking_state::returned:
    case tracking_state::cancelled:
      return p.from.view();
    case tracking_state::in_transit:
    case tracking_state::exception:
    case tracking_state::returning:
      return hub;
    default:
      return p.to.view();
  }
}

void append_scan(std::string& out, const fedex_parcel& p, const fedex_parcel::scan& s) {
  const auto& status = fedex_status_of(s.state);
  const auto seconds = static_cast<std::time_t>(s.at_ms / 1000);
  std::tm at{};
  gmtime_r(&seconds, &at);
  fmt::format_to(std::back_inserter(out),
                 R"({{"date":"{:%Y-%m-%dT%H:%M:%S}+00:00","eventType":"{}","eventDescription":"{}","exceptionCode":"{}","exceptionDescription":"{}",)"
                 R"("scanLocation":{},"derivedStatusCode":"{}","derivedStatus":"{}"}})",
                 at, status.code, status.description, status.exception_code, status.exception, location_of(p, s.state), status.code, status.description);
}

void append_not_found(std::string& out, std::string_view number, std::string_view code, std::string_view message) {
  out += R"({"trackingNumber":)";
  append_json(out, number);
  out += R"(,"trackResults":[{"trackingNumberInfo":{"trackingNumber":)";
  append_json(out, number);
  fmt::format_to(std::back_inserter(out), R"(,"trackingNumberUniqueId":"","carrierCode":""}},"error":{{"code":"{}","message":"{}"}}}}]}})", code, message);
}

std::string fedex_signature(std::string_view secret, std::string_view body, std::int64_t) {
  return fmt::format("fdx-signature: {}\r\n", base64(hmac_sha256(secret, body)));
}

/// Ends of a parcel's life; from there it goes nowhere.
constexpr bool is_end(tracking_state s) { return s == tracking_state::delivered || s == tracking_state::returned || s == tracking_state::cancelled; }

/// Why a parcel can't go from one state to the other, or empty. On the road the order is free, as it is in reality; skipping is allowed.
std::string objection(tracking_state from, tracking_state to) {
  const auto name = [](tracking_state s) { return domain::to_string(s); };
  if (is_end(from)) return fmt::format("The parcel is {}: it goes nowhere from there.", name(from));
  if (to == tracking_state::label_created) return fmt::format("The parcel is {}: its label was made once and for all.", name(from));
  if (to == tracking_state::cancelled && from != tracking_state::label_created)
    return fmt::format("The parcel is {}: only a parcel not yet picked up is cancelled.", name(from));
  if (to == tracking_state::picked_up && from != tracking_state::label_created)
    return fmt::format("The parcel is {}: it has been picked up already.", name(from));
  if (to == tracking_state::returned && from != tracking_state::returning) return fmt::format("The parcel is {}: it has to be returning first.", name(from));
  if (from == tracking_state::returning && to != tracking_state::returned && to != tracking_state::exception && to != tracking_state::in_transit)
    return "The parcel is returning: it can be in_transit, exception or returned next.";
  return {};
}

}  // namespace

const fedex_status& fedex_status_of(tracking_state s) {
  return *std::find_if(statuses.begin(), statuses.end() - 1, [&](const fedex_status& x) { return x.state == s; });
}

void fedex::append_track(std::string& out, std::uint32_t n, bool all_scans) const {
  const auto& p = parcels_[n];
  const auto number = number_of(n);
  const auto& latest = p.scans.back();
  const auto& status = fedex_status_of(latest.state);
  auto to = std::back_inserter(out);
  fmt::format_to(to,
                 R"({{"trackingNumber":"{0}","trackResults":[{{"trackingNumberInfo":{{"trackingNumber":"{0}","trackingNumberUniqueId":"{1}~{0}~FX",)"
                 R"("carrierCode":"FDXE"}},"additionalTrackingInfo":{{"packageIdentifiers":[{{"type":"CUSTOMER_REFERENCE","values":[)",
                 number, n);
  if (!p.reference.view().empty()) append_json(out, p.reference.view());
  fmt::format_to(to, R"(]}}]}},"latestStatusDetail":{{"code":"{0}","derivedCode":"{0}","statusByLocale":"{1}","description":"{1}","scanLocation":{2}}},)",
                 status.code, status.description, location_of(p, latest.state));
  fmt::format_to(to, R"("serviceDetail":{{"type":"{}","description":"{}"}},"scanEvents":[)", p.service->type, p.service->name);
  const std::size_t shown = all_scans ? p.scans.size() : 1;
  for (std::size_t i = 0; i < shown; ++i) {  // newest first
    if (i > 0) out.push_back(',');
    append_scan(out, p, p.scans[p.scans.size() - 1 - i]);
  }
  out += "]}]}";
}

void fedex::track_numbers(const request& rq, reply& out, bool declined) {
  const auto doc = read_document(rq.body);
  simdjson::dom::array asked;
  if (!doc || doc->at_pointer("/trackingInfo").get(asked) != simdjson::SUCCESS || asked.size() == 0)
    return refuse(rq, out, 400, "TRACKING.TRACKINGNUMBER.EMPTY", "Please provide tracking number.");
  if (asked.size() > numbers_max) return refuse(rq, out, 400, "TRACKING.TRACKINGNUMBERS.EXCEEDSLIMIT", "At most 30 tracking numbers per request.");
  if (declined) return refuse(rq, out, 403, "FORBIDDEN.ERROR", "We could not authorize your credentials. Please check your permissions and try again.");
  bool all_scans = false;
  if (doc->at_pointer("/includeDetailedScans").get(all_scans) != simdjson::SUCCESS) all_scans = text_at(*doc, "/includeDetailedScans") == "true";
  open_answer(rq, out);
  out.body += R"({"completeTrackResults":[)";
  bool first = true;
  for (const simdjson::dom::element one : asked) {
    if (!std::exchange(first, false)) out.body.push_back(',');
    const auto number = text_at(one, "/trackingNumberInfo/trackingNumber");
    if (const auto n = find(number))
      append_track(out.body, *n, all_scans);
    else
      append_not_found(out.body, number, "TRACKING.TRACKINGNUMBER.NOTFOUND",
                       "Tracking number cannot be found. Please correct the tracking number and try again.");
  }
  out.body += "]}}";
}

void fedex::track_references(const request& rq, reply& out, bool declined) {
  const auto doc = read_document(rq.body);
  const auto value = doc ? text_at(*doc, "/referencesInformation/value") : std::string{};
  if (value.empty()) return refuse(rq, out, 400, "TRACKING.REFERENCEVALUE.EMPTY", "Please provide a reference value.");
  const auto account = text_at(*doc, "/referencesInformation/accountNumber");
  if (account.empty() && text_at(*doc, "/referencesInformation/destinationPostalCode").empty())
    return refuse(rq, out, 400, "TRACKING.REFERENCEINFO.INCOMPLETE", "Please provide an account number, or the destination's country and postal code.");
  if (declined) return refuse(rq, out, 403, "FORBIDDEN.ERROR", "We could not authorize your credentials. Please check your permissions and try again.");
  bool all_scans = false;
  if (doc->at_pointer("/includeDetailedScans").get(all_scans) != simdjson::SUCCESS) all_scans = text_at(*doc, "/includeDetailedScans") == "true";
  std::vector<std::uint32_t> matches;
  for (auto [it, end] = by_reference_.equal_range(value); it != end; ++it)
    if (account.empty() || parcels_[it->second].account.view() == account) matches.push_back(it->second);
  std::sort(matches.begin(), matches.end());
  open_answer(rq, out);
  out.body += R"({"completeTrackResults":[)";
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (i > 0) out.body.push_back(',');
    append_track(out.body, matches[i], all_scans);
  }
  if (matches.empty())
    append_not_found(out.body, "", "TRACKING.REFERENCENUMBER.NOTFOUND", "Reference number cannot be found. Please correct the reference number and try again.");
  out.body += "]}}";
}

std::optional<domain::result<moved_shipment>> fedex::advance(std::string_view tracking_number, tracking_state to) {
  const std::lock_guard lock(mutex_);
  const auto n = find(tracking_number);
  if (!n) return std::nullopt;
  if (auto why = objection(parcels_[*n].scans.back().state, to); !why.empty()) return domain::failure{domain::errc::wrong_state, std::move(why)};
  // FedEx's scans have whole seconds and no number: each gets a second of its own, so that nobody takes two for one.
  const auto at = std::max(world_.now_ms(), parcels_[*n].scans.back().at_ms + 1000);
  scan(*n, to, at);
  send_webhook(*n);
  return moved_shipment{std::string{tracking_number}, std::string{name()}, std::string{domain::to_string(to)}, std::string{fedex_status_of(to).code}, at};
}

void fedex::send_webhook(std::uint32_t n) {
  if (!world_.hooks->wanted()) return;
  webhook w{name(),
            operation::label,
            fmt::format("fdx_{}", ++last_event_),
            number_of(n),
            std::string{parcels_[n].order_id.view()},
            {},
            world_.options.fedex_webhook_secret,
            fedex_signature};
  w.body = fmt::format(R"({{"transactionId":"{}","output":{{"completeTrackResults":[)", transaction_id());
  append_track(w.body, n, false);
  w.body += "]}}";
  world_.hooks->send(std::move(w));
}

}  // namespace coreldove::integrations::world
