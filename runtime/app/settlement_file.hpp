#pragma once
// Settlement reports as the gateways give them, read into one form:
//   stripe    "Balance change from activity, itemized", with payment_intent_id and payment_metadata[order_id]; amounts in major units
//   paypal    Settlement Report (STL): record types RH FH SH CH SB …; amounts in hundredths, whatever the currency
//   razorpay  Settlement recon; with a column `type` amounts in minor units (API), with `transaction_entity` in major units (dashboard)
//   payu      Settlement details: payuid, txnid, requestaction, requestamount, requestdate; rupees
#include <string>
#include <string_view>
#include <vector>

#include "domain/settlement.hpp"

namespace coreldove::app {

struct settlement_file {
  std::string gateway;
  std::vector<domain::settled_money> lines;
  std::size_t others = 0;             // lines that move no money of orders: fees, payouts, adjustments
  std::vector<std::string> problems;  // one a line; with any of them nothing else counts
};

/// `gateway`: empty: found out from the columns.
settlement_file read_settlement_file(std::string_view text, std::string_view gateway);

}  // namespace coreldove::app
