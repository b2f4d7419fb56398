#include "integrations/fedex/answers.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "integrations/fedex/tracking.hpp"

namespace coreldove::integrations::fedex {

using domain::errc;
using domain::operation_outcome;
using nlohmann::json;

namespace {

constexpr std::size_t rates_max = 100;

std::optional<json> at(const json& j, const char* pointer) {
  const json::json_pointer where{pointer};
  if (!j.is_structured() || !j.contains(where)) return std::nullopt;
  return j.at(where);
}

std::string text_at(const json& j, const char* pointer) {
  const auto found = at(j, pointer);
  return found && found->is_string() ? found->get<std::string>() : std::string{};
}

bool is_success(const http::response& r) { return r.kind == http::reach::answered && r.status >= 200 && r.status < 300; }
json document(const http::response& r) { return json::parse(r.body, nullptr, false); }

outcome other(operation_outcome kind, std::string code, std::string message) { return {kind, {}, std::move(code), std::move(message), {}}; }
outcome unreadable() { return other(operation_outcome::unknown, "unreadable_answer", "FedEx answered with something that could not be read"); }
bool says_not_found(std::string_view code) { return code.ends_with(".NOTFOUND") || code == "NOT.FOUND.ERROR"; }

int days_of(const std::string& transit_time) {
  static constexpr std::array<std::string_view, 8> names{"SAME_DAY", "ONE_DAY", "TWO_DAYS", "THREE_DAYS", "FOUR_DAYS", "FIVE_DAYS", "SIX_DAYS", "SEVEN_DAYS"};
  for (std::size_t n = 0; n < names.size(); ++n)
    if (names[n] == transit_time) return static_cast<int>(n);
  return 0;  // not said
}

std::optional<rate> read_rate(const json& detail) {
  const auto charge = at(detail, "/ratedShipmentDetails/0/totalNetCharge");
  const auto currency = domain::currency::find(text_at(detail, "/ratedShipmentDetails/0/currency"));
  if (!charge || !charge->is_number() || !currency) return std::nullopt;
  rate out;
  out.service = text_at(detail, "/serviceType");
  out.amount = std::llround(charge->get<double>() * std::pow(10.0, currency->digits));
  out.currency = *currency;
  out.days = days_of(text_at(detail, "/operationalDetail/transitTime"));
  return out;
}

}  // namespace

api_error read_error(const http::response& r) {
  const auto body = document(r);
  api_error out{text_at(body, "/errors/0/code"), text_at(body, "/errors/0/message")};
  if (out.code.empty()) out.code = fmt::format("http_{}", r.status);
  return out;
}

outcome trouble(const http::response& r) {
  if (r.kind == http::reach::not_sent) return other(operation_outcome::not_done, std::string{r.error}, "FedEx was not reached");
  if (r.kind == http::reach::no_answer) return other(operation_outcome::unknown, std::string{r.error}, "no answer from FedEx");
  auto e = read_error(r);
  // 401 after a fresh token: the credentials; nothing happened, and the order is not to blame.
  if (r.status == 401 || r.status == 429) return other(operation_outcome::not_done, std::move(e.code), std::move(e.message));
  const bool clear_no = r.status >= 400 && r.status < 500 && r.status != 408 && r.status != 409;
  return other(clear_no ? operation_outcome::declined : operation_outcome::unknown, std::move(e.code), std::move(e.message));
}

domain::failure question_failed(const http::response& r) {
  if (r.kind != http::reach::answered) return {r.error == "timeout" ? errc::timed_out : errc::unavailable, fmt::format("FedEx: {}", r.error)};
  const auto e = read_error(r);
  const auto detail = fmt::format("FedEx: {} {}", e.code, e.message);
  if (says_not_found(e.code)) return {errc::not_found, detail};
  const bool clear_no = r.status >= 400 && r.status < 500 && r.status != 401 && r.status != 408 && r.status != 429;
  return {clear_no ? errc::invalid_input : errc::unavailable, detail};
}

outcome bought(const http::response& r) {
  if (!is_success(r)) return trouble(r);
  const auto body = document(r);
  const auto master = text_at(body, "/output/transactionShipments/0/masterTrackingNumber");
  auto number = text_at(body, "/output/transactionShipments/0/pieceResponses/0/trackingNumber");
  if (number.empty()) number = master;
  if (number.empty()) return unreadable();
  return {operation_outcome::done, master.empty() ? number : master, {}, {}, number};
}

outcome cancelled(const http::response& r, const std::string& tracking_number) {
  if (is_success(r)) {
    const auto body = document(r);
    const auto done = at(body, "/output/cancelledShipment");
    if (!done || !done->is_boolean()) return unreadable();
    if (done->get<bool>()) return {operation_outcome::done, tracking_number, {}, {}, tracking_number};
    return other(operation_outcome::declined, "not_cancelled", text_at(body, "/output/message"));
  }
  auto o = trouble(r);
  // It has been cancelled before: by this very call, its answer lost, or by hand.
  if (o.kind == operation_outcome::declined && (o.code == "CANCELSHIPMENT.TRACKINGNUMBER.DELETED" || o.code.ends_with(".ALREADY.CANCELLED")))
    return {operation_outcome::done, tracking_number, {}, {}, tracking_number};
  return o;
}

domain::result<std::vector<rate>> rates_of(const http::response& r) {
  if (!is_success(r)) return question_failed(r);
  const auto details = at(document(r), "/output/rateReplyDetails");
  if (!details || !details->is_array()) return domain::failure{errc::unavailable, "FedEx: unreadable rates"};
  std::vector<rate> out;
  for (const auto& detail : *details) {
    if (auto one = read_rate(detail); one && out.size() < rates_max) out.push_back(std::move(*one));
  }
  return out;
}

domain::result<std::vector<tracking_event>> events_of(const http::response& r) {
  if (!is_success(r)) return question_failed(r);
  auto parcels = read_tracking(r.body);
  if (!parcels || parcels->empty()) return domain::failure{errc::unavailable, "FedEx: unreadable tracking"};
  auto& first = parcels->front();
  if (first.error_code.empty()) return std::move(first.events);
  const auto detail = fmt::format("FedEx: {} {}", first.error_code, first.error_message);
  return domain::failure{says_not_found(first.error_code) ? errc::not_found : errc::unavailable, detail};
}

lookup found_by_reference(const http::response& r) {
  const auto not_known = [](std::string code, std::string message) {
    return lookup{lookup::state::not_known, other(operation_outcome::unknown, std::move(code), std::move(message))};
  };
  if (!is_success(r)) {
    auto o = trouble(r);
    if (r.kind == http::reach::answered && says_not_found(o.code)) return {lookup::state::absent, {}};
    return not_known(std::move(o.code), std::move(o.message));
  }
  const auto parcels = read_tracking(r.body);
  if (!parcels || parcels->empty()) return not_known("unreadable_answer", "FedEx answered with something that could not be read");
  for (const auto& p : *parcels) {
    if (!p.error_code.empty() && !says_not_found(p.error_code)) return not_known(p.error_code, p.error_message);
    const bool voided = state_of(p.latest_code) == domain::tracking_state::cancelled;
    if (p.error_code.empty() && !voided && !p.tracking_number.empty())
      return {lookup::state::found, {operation_outcome::done, p.tracking_number, {}, {}, p.tracking_number}};
  }
  return {lookup::state::absent, {}};
}

}  // namespace coreldove::integrations::fedex
