#include <iterator>
#include <utility>

#include "integrations/fedex/fedex.hpp"
#include "integrations/fedex/tracking.hpp"
#include "integrations/http/hmac.hpp"

namespace coreldove::integrations::fedex {

namespace {

class webhook final : public carrier_webhook {
public:
  explicit webhook(std::string security_token) : token_{std::move(security_token)} {}

  // FedEx signs no time: repeats are told by each event's source_id.
  domain::result<std::vector<tracking_event>> read(std::string_view signature, std::string_view raw_body, domain::time_point) const override {
    if (token_.empty()) return domain::failure{domain::errc::forbidden, "no security token is configured"};  // an empty key would let anybody sign
    if (!http::same_in_constant_time(signature, http::to_base64(http::hmac_sha256(token_, raw_body))))
      return domain::failure{domain::errc::forbidden, "the signature does not hold"};
    auto parcels = read_tracking(std::string{raw_body});
    if (!parcels) return domain::failure{domain::errc::malformed, "not a FedEx tracking push"};
    std::vector<tracking_event> out;
    for (auto& p : *parcels) std::move(p.events.begin(), p.events.end(), std::back_inserter(out));
    return out;
  }

private:
  std::string token_;
};

}  // namespace

std::unique_ptr<carrier_webhook> make_fedex_webhook(std::string security_token) { return std::make_unique<webhook>(std::move(security_token)); }

}  // namespace coreldove::integrations::fedex
