#include "integrations/fedex/tracking.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

namespace coreldove::integrations::fedex {

using domain::tracking_state;
using nlohmann::json;

namespace {

struct code_row {
  tracking_state state;
  std::string_view codes;  // blank-separated
};
// FedEx's table of tracking status codes (developer.fedex.com, Track API); four more of its codes name who is to blame for a delay and say no state.
constexpr std::array code_table{
    code_row{tracking_state::label_created, "OC OX SP DS DR EP RR RM RC RP LP RG RD"},
    code_row{tracking_state::picked_up, "PU PX AP OF PD"},
    code_row{tracking_state::in_transit, "IT IX AR DP AF AA AC AD AX EA EO FD PF PL PM SF LO TR AO CC CH CP OW"},
    code_row{tracking_state::out_for_delivery, "OD ED"},
    code_row{tracking_state::available_for_pickup, "HL HP"},
    code_row{tracking_state::exception, "DE SE CD DY DD"},
    code_row{tracking_state::delivered, "DL"},
    code_row{tracking_state::returning, "RS"},
    code_row{tracking_state::cancelled, "CA"},
};
constexpr std::string_view nobody_there = "08";  // of DE: customer not available or business closed

std::string text_at(const json& j, const char* key) {
  const auto it = j.is_object() ? j.find(key) : j.end();
  return it != j.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

const json& child(const json& j, const char* key) {
  static const json nothing;
  const auto it = j.is_object() ? j.find(key) : j.end();
  return it == j.end() || !j.is_object() ? nothing : *it;
}

std::string location_of(const json& scan) {
  const auto& at = child(scan, "scanLocation");
  std::string out;
  for (const char* part : {"city", "stateOrProvinceCode", "countryCode"}) {
    const auto text = text_at(at, part);
    if (!text.empty()) out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

std::optional<tracking_event> read_scan(const json& scan, const std::string& number) {
  const auto date = text_at(scan, "date");
  const auto at = parse_time(date);
  if (!at) return std::nullopt;
  const auto type = text_at(scan, "eventType"), exception = text_at(scan, "exceptionCode");
  tracking_event e;
  e.tracking_number = number;
  e.source_id = fmt::format("{}/{}/{}", date, type, exception);  // FedEx numbers its scans nowhere
  e.description = text_at(scan, "eventDescription");
  e.location = location_of(scan);
  e.occurred_at = *at;
  e.state = state_of(text_at(scan, "derivedStatusCode"), exception, e.description);
  if (e.state == tracking_state::unknown) e.state = state_of(type, exception, e.description);
  if (e.state == tracking_state::unknown) spdlog::info("fedex: a scan of a type that is in no table: {}", type.substr(0, 8));
  return e;
}

tracked_parcel read_parcel(const json& result, const std::string& asked_for) {
  tracked_parcel out;
  out.tracking_number = text_at(child(result, "trackingNumberInfo"), "trackingNumber");
  if (out.tracking_number.empty()) out.tracking_number = asked_for;
  out.latest_code = text_at(child(result, "latestStatusDetail"), "code");
  const auto& error = child(result, "error");
  out.error_code = text_at(error, "code");
  out.error_message = text_at(error, "message");
  for (const auto& scan : child(result, "scanEvents"))
    if (auto e = read_scan(scan, out.tracking_number)) out.events.push_back(std::move(*e));
  std::stable_sort(out.events.begin(), out.events.end(), [](const auto& a, const auto& b) { return a.occurred_at < b.occurred_at; });
  return out;
}

}  // namespace

tracking_state state_of(std::string_view code, std::string_view exception_code, std::string_view description) {
  if (code.size() != 2) return tracking_state::unknown;
  if (code == "DE" && exception_code == nobody_there) return tracking_state::attempted;
  if (code == "RS" && description.starts_with("Returned")) return tracking_state::returned;
  for (const auto& row : code_table)
    for (std::size_t at = 0; at < row.codes.size(); at += 3)
      if (row.codes.substr(at, 2) == code) return row.state;
  return tracking_state::unknown;
}

std::optional<domain::time_point> parse_time(std::string_view text) {
  using namespace std::chrono;
  const std::string copy{text.substr(0, 40)};
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, used = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &used) != 6) return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!date.ok() || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60) return std::nullopt;
  auto rest = std::string_view{copy}.substr(static_cast<std::size_t>(used));
  if (rest.starts_with('.')) rest = rest.substr(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  minutes offset{0};
  if (rest.starts_with('+') || rest.starts_with('-')) {
    int oh = 0, om = 0;
    if (std::sscanf(rest.data() + 1, "%2d:%2d", &oh, &om) != 2) return std::nullopt;  // NUL-terminated: the tail of `copy`
    offset = hours{oh} + minutes{om};
    if (rest.front() == '-') offset = -offset;
  } else if (!rest.empty() && rest != "Z") {
    return std::nullopt;
  }
  return domain::time_point{sys_days{date}} + hours{h} + minutes{mi} + seconds{s} - offset;
}

std::optional<std::vector<tracked_parcel>> read_tracking(const std::string& body) {
  const auto root = json::parse(body, nullptr, false);
  const auto& results = child(child(root, "output"), "completeTrackResults");
  if (!results.is_array()) return std::nullopt;
  std::vector<tracked_parcel> out;
  for (const auto& complete : results) {
    const auto& parcels = child(complete, "trackResults");
    if (!parcels.is_array()) return std::nullopt;
    for (const auto& one : parcels) out.push_back(read_parcel(one, text_at(complete, "trackingNumber")));
  }
  return out;
}

}  // namespace coreldove::integrations::fedex
