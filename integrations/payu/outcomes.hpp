#pragma once
// What PayU's answers mean for an order: the one place where its words become ours. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.hpp"
#include "integrations/http/message.hpp"
#include "integrations/payment_gateway.hpp"
#include "integrations/payu/objects.hpp"

namespace coreldove::integrations::payu {

inline constexpr std::string_view the_currency = "INR";  // PayU India's form has no field for another one
inline constexpr std::uint8_t the_digits = 2;

/// What the buyer has done with the form.
outcome authorization(const transaction& t, domain::minor_units amount, const std::string& txnid);

enum class wish : std::uint8_t { capture, cancellation, refund };

/// The fate of an action that PayU has taken in. Captures and cancellations are done when PayU says so; a refund is done when PayU has it in its books,
/// because the bank takes days.
outcome fate(const action& a, wish w, domain::minor_units amount, const std::string& payment_id);
/// The action under our token; nothing where there is none. A capture may be shown without its token: then the payment's only one is meant.
const action* find(const std::vector<action>& actions, wish w, std::string_view token);

/// What a refusal (status 0) means: retryable, already there, or final.
enum class refusal : std::uint8_t { nothing_happened, there_already, wrong_state, final };
refusal classify(const answer& a);
outcome refused(const answer& a);
outcome nothing_happened(const answer& a);

/// Taken in, but not settled: asked about again.
outcome queued(std::string_view status);
/// An answer that is not the service's: HTTP trouble of any kind.
outcome trouble(const http::response& r);
/// The same to a call that can have changed nothing.
outcome harmless_trouble(const http::response& r);
/// The same to a reading that had to say whether the buyer has paid.
outcome trouble_looking(const http::response& r);

}  // namespace coreldove::integrations::payu
