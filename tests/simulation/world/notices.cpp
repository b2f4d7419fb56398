#include "tests/simulation/world/notices.hpp"

#include <nlohmann/json.hpp>

#include "integrations/fedex/fedex.hpp"
#include "integrations/http/hmac.hpp"
#include "persistence/codec/event_codec.hpp"

namespace coreldove::simulation {
namespace {

using nlohmann::json;

const std::string secret = "what the vendor and the engine both know";

/// FedEx's status codes; "Returned" in the description tells the end of a return from its beginning.
std::pair<std::string, std::string> code_of(domain::tracking_state state) {
  using enum domain::tracking_state;
  switch (state) {
    case picked_up:
      return {"PU", "Picked up"};
    case out_for_delivery:
      return {"OD", "On FedEx vehicle for delivery"};
    case exception:
      return {"DE", "Delivery exception"};
    case delivered:
      return {"DL", "Delivered"};
    case returned:
      return {"RS", "Returned to shipper"};
    default:
      return {"IT", "In transit"};
  }
}

class payment_reader final : public integrations::payment_webhook {
public:
  domain::result<integrations::payment_notice> read(const integrations::header_lookup& headers, std::string_view raw_body, domain::time_point) const override {
    if (headers(signature_header) != signature_of(std::string{raw_body})) return domain::failure{domain::errc::forbidden, "the signature does not hold"};
    const auto told = json::parse(raw_body);
    integrations::payment_notice n;
    n.event_id = told["key"];
    n.order_id = told["order"];
    n.operation = static_cast<domain::operation_kind>(told["operation"].get<int>());
    n.idempotency_key = told["key"];
    n.what.kind = static_cast<domain::operation_outcome>(told["outcome"].get<int>());
    n.what.reference = told["reference"];
    n.what.code = told["code"];
    n.relevant = true;
    return n;
  }
};

}  // namespace

std::shared_ptr<const integrations::carrier_webhook> parcel_notices() { return integrations::fedex::make_fedex_webhook(secret); }
std::shared_ptr<const integrations::payment_webhook> payment_notices() { return std::make_shared<payment_reader>(); }

std::string scan_body(const std::string& tracking_number, domain::tracking_state state, domain::time_point at) {
  const auto [code, words] = code_of(state);
  const auto date = persistence::format_time(std::chrono::floor<std::chrono::seconds>(at));
  const json scan{{"date", date}, {"eventType", code}, {"eventDescription", words}, {"derivedStatusCode", code}};
  const json parcel{{"trackingNumberInfo", {{"trackingNumber", tracking_number}}}, {"scanEvents", json::array({scan})}};
  const json complete{{"trackingNumber", tracking_number}, {"trackResults", json::array({parcel})}};
  return json{{"output", {{"completeTrackResults", json::array({complete})}}}}.dump();
}

std::string payment_body(const call& c, const integrations::outcome& what) {
  return json{{"key", c.key},
              {"order", c.order_id},
              {"operation", static_cast<int>(c.kind)},
              {"outcome", static_cast<int>(what.kind)},
              {"reference", what.reference},
              {"code", what.code}}
      .dump();
}

std::string signature_of(const std::string& body) { return integrations::http::to_base64(integrations::http::hmac_sha256(secret, body)); }

}  // namespace coreldove::simulation
