#pragma once
// What Razorpay's answers mean for an order: the one place where its words become ours. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/http/message.hpp"
#include "integrations/payment_gateway.hpp"
#include "integrations/razorpay/objects.hpp"

namespace coreldove::integrations::razorpay {

/// What was asked, in Razorpay's units, for comparing the answer with.
struct expectation {
  std::int64_t amount = 0;
  std::string currency;
};

/// "soft", that is: may go through at another try or another gateway.
bool is_soft(std::string_view reason);

/// A payment that the shop's front end brought along.
outcome brought_along(const payment& p, const expectation& want);
/// What the buyer has done so far with a Razorpay order. A failed attempt is not the end: Checkout lets him try again; only his own cancelling is.
outcome paid_so_far(const std::vector<payment>& attempts, const expectation& want, const std::string& order_id);
outcome captured(const payment& p, const expectation& want);
/// Nothing needs to be done for a void; this says whether nothing is enough.
outcome let_go(const payment& p);
outcome refunded(const refund& r, const expectation& want, std::string_view payment_id);

/// Anything but a 2xx to a call that moves money.
outcome trouble(const http::response& r);
/// The same to a call after which no money is held whatever became of it.
outcome harmless_trouble(const http::response& r);
/// The same to a reading that had to say whether the buyer has paid: whatever went wrong, he may have.
outcome trouble_looking(const http::response& r);
/// An answer 2xx that could not be understood.
outcome unreadable();

}  // namespace coreldove::integrations::razorpay
