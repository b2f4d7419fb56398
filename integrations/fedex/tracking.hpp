#pragma once
// FedEx's words about a parcel, as ours. The same shapes come as answers to questions and as webhooks.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/carrier.hpp"

namespace coreldove::integrations::fedex {

/// FedEx's status code, with the reason code of an exception. unknown for codes that are in no table: the parcel's state stays as it was.
domain::tracking_state state_of(std::string_view code, std::string_view exception_code = {}, std::string_view description = {});

/// "2026-11-22T18:14:47-05:00", with seconds and offset optional (then UTC). Nothing where it is no time.
std::optional<domain::time_point> parse_time(std::string_view text);

/// What a tracking answer says about one parcel.
struct tracked_parcel {
  std::string tracking_number, latest_code, error_code, error_message;
  std::vector<tracking_event> events;  // oldest first
};

/// From `output.completeTrackResults`; nothing where the bytes are no such answer.
std::optional<std::vector<tracked_parcel>> read_tracking(const std::string& body);

}  // namespace coreldove::integrations::fedex
