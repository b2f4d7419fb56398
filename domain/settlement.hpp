#pragma once
// A gateway's settlement report against the orders' own books: which lines and which bookings have no counterpart, and where amounts differ. Pure.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.hpp"
#include "domain/time.hpp"

namespace coreldove::domain {

enum class settled_kind : std::uint8_t { payment, refund, dispute, dispute_won };
std::string_view to_string(settled_kind);

/// One movement of money, as the report lists it or as an order has booked it.
struct settled_money {
  std::string id;  // report: the gateway's id of the line; booked: "<order id>/<seq of the event>"
  settled_kind kind{};
  std::vector<std::string> references;  // the gateway's ids that tell what it is about
  std::string order_id;                 // report: empty where the line does not carry it
  minor_units amount = 0;               // above zero, before fees
  std::string currency;
  time_point at{};
};

/// unmatched: no order has booked it. missing: an order has, but the report does not list it. over, under: the report lists more, or less.
enum class settlement_fault : std::uint8_t { unmatched, missing, over, under };
std::string_view to_string(settlement_fault);

struct settlement_finding {
  settlement_fault what{};
  std::string id;        // the same each time the same report is compared
  std::string order_id;  // empty: of no order
  std::string detail;    // a sentence for a person
};

struct settlement_result {
  std::vector<settlement_finding> findings;
  std::size_t lines = 0, matched = 0;
};

/// `booked`: all that orders have booked with that gateway, whenever. Missing is only what was booked between the first and the last line of the report.
settlement_result compare_settlement(std::string_view gateway, const std::vector<settled_money>& report, const std::vector<settled_money>& booked);

}  // namespace coreldove::domain
