#include <utility>

#include "integrations/http/hmac.hpp"
#include "integrations/operation_key.hpp"
#include "integrations/payu/hashes.hpp"
#include "integrations/payu/outcomes.hpp"
#include "integrations/payu/payu.hpp"

namespace coreldove::integrations::payu {

using domain::errc;
using domain::operation_kind;
using domain::operation_outcome;

namespace {

std::string field(const http::form_fields& f, std::string_view name) {
  const auto at = f.find(name);
  return at == f.end() ? std::string{} : at->second;
}

class webhook final : public payment_webhook {
public:
  webhook(std::string key, std::string salt) : key_{std::move(key)}, salt_{std::move(salt)} {}

  domain::result<payment_notice> read(const header_lookup&, std::string_view raw_body, domain::time_point) const override {
    if (salt_.empty()) return domain::failure{errc::forbidden, "no salt is configured"};  // an empty one would let anybody sign
    // A refund's news: nobody has signed it, so it changes nothing. What the adapter asks PayU for itself does.
    if (raw_body.starts_with('{')) return payment_notice{};
    const auto f = http::read_form(raw_body);
    if (!f || !f->contains("txnid") || !f->contains("hash")) return domain::failure{errc::malformed, "not a PayU payment"};
    if (field(*f, "key") != key_) return domain::failure{errc::forbidden, "it is another merchant's"};
    if (!http::same_in_constant_time(field(*f, "hash"), response_hash(*f, salt_))) return domain::failure{errc::forbidden, "the signature does not hold"};
    payment_notice out;
    out.type = "payment." + field(*f, "status");
    out.event_id = field(*f, "txnid") + '/' + field(*f, "mihpayid") + '/' + field(*f, "status") + '/' + field(*f, "unmappedstatus");
    out.order_id = field(*f, "udf1");
    out.idempotency_key = field(*f, "udf2");
    out.operation = operation_kind::authorize;
    out.what = {operation_outcome::awaiting_buyer, field(*f, "txnid"), {}, {}, {}};
    out.relevant = kind_of(out.idempotency_key) == operation_kind::authorize && order_of(out.idempotency_key) == out.order_id;
    return out;
  }

private:
  std::string key_, salt_;
};

}  // namespace

std::unique_ptr<payment_webhook> make_payu_webhook(std::string merchant_key, std::string merchant_salt) {
  return std::make_unique<webhook>(std::move(merchant_key), std::move(merchant_salt));
}

}  // namespace coreldove::integrations::payu
