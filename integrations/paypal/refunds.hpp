#pragma once
// PayPal gives money back capture by capture; an order gives back an amount. What that takes is planned here, from the order as PayPal shows it. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/paypal/objects.hpp"
#include "integrations/paypal/outcomes.hpp"

namespace coreldove::integrations::paypal {

struct refund_part {
  std::string capture;     // PayPal's id
  std::string invoice_id;  // the operation's key; "<key>#<capture>" where several captures share the refund
  domain::minor_units amount = 0;
};

/// Either what is still to be done, in this order, or how it has ended.
struct refund_plan {
  std::vector<refund_part> parts;
  std::string first_reference;     // of a part that an earlier call has done
  std::optional<outcome> settled;  // nothing is to be sent
};

/// Parts that the operation has done before count, so that asking again gives back no more.
refund_plan plan_refund(const checkout_order& o, const expectation& want);

/// "ord_1/refund/3#2GG2…" is a part of a refund: nothing of its own.
bool is_part(std::string_view invoice_id);

}  // namespace coreldove::integrations::paypal
