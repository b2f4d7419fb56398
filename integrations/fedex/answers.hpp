#pragma once
// What FedEx's answers mean: the one place where its words become ours. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "integrations/carrier.hpp"
#include "integrations/http/message.hpp"

namespace coreldove::integrations::fedex {

struct api_error {
  std::string code, message;  // of the first error in the body; "http_503" where there is none
};
api_error read_error(const http::response& r);

/// Anything but a 2xx, for operations that change something.
outcome trouble(const http::response& r);
/// The same for questions: they change nothing, so the only thing that matters is whether to ask again.
domain::failure question_failed(const http::response& r);

outcome bought(const http::response& r);
outcome cancelled(const http::response& r, const std::string& tracking_number);
domain::result<std::vector<rate>> rates_of(const http::response& r);
domain::result<std::vector<tracking_event>> events_of(const http::response& r);

/// Whether a label with our reference is there already. found: `what` is the label; absent: FedEx knows none; else `what` says why that is not known.
struct lookup {
  enum class state { found, absent, not_known } now = state::not_known;
  outcome what;
};
lookup found_by_reference(const http::response& r);

}  // namespace coreldove::integrations::fedex
