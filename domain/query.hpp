#pragma once
// Questions about many orders, and the shapes of the answers. Documents are JSON texts ready to be sent; see persistence/codec for who writes them.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/events.hpp"
#include "domain/order_state.hpp"
#include "domain/stock.hpp"
#include "domain/time.hpp"

namespace coreldove::domain {

/// `GET ~/orders`. Everything is optional and joined by "and". Bounds are inclusive below, exclusive above.
struct order_query {
  std::optional<order_status> status;
  std::optional<payment_status> payment;
  std::optional<fulfillment_status> fulfillment;
  std::string customer_id, sku;
  std::optional<time_point> created_after, created_before;
  std::optional<std::string> min_total, max_total;  // decimals, compared with each order's total in its own currency
  std::string q;                                    // an order's id, or the beginning of a customer's id or e-mail address
  bool oldest_first = false;
  std::uint32_t limit = 50;  // 1..200
  std::string cursor;        // from a page before; opaque
};

struct document {
  std::string json;
  std::uint64_t version = 0;
  std::string customer_id;  // for the check of who may see it
};

struct page {
  std::vector<std::string> items;  // JSON documents
  std::string next_cursor;         // empty: this was the last page
  std::uint64_t total = 0;         // exact
};

struct stock_row {
  std::string sku, warehouse;
  stock_level level;
};

struct stock_page {
  std::vector<stock_row> rows;  // all warehouses of each SKU on the page, SKUs ascending
  std::string next_cursor;
  std::uint64_t total = 0;  // SKUs
};

struct review_query {
  std::string state = "open";  // open, approved, rejected, all
  std::optional<review_kind> kind;
  std::uint32_t limit = 50;
  std::string cursor;
};

/// One committed event as the history and the event stream show it.
struct history_entry {
  std::uint64_t position = 0;  // over all orders, ascending in commit order; resumes the event stream
  std::string stream;
  std::uint64_t seq = 0;
  std::string type;
  time_point at{};
  std::string by, trace_id;
  std::string data;  // JSON object
};

struct currency_figures {
  std::string currency;
  std::uint64_t orders = 0;
  minor_units total = 0, captured = 0, refunded = 0;
};

/// `GET ~/analytics/performance`, over the orders created in [from, to).
struct performance {
  std::vector<std::pair<order_status, std::uint64_t>> by_status;
  std::vector<currency_figures> by_currency;
  std::uint64_t orders = 0, confirmed = 0, shipped = 0, delivered = 0, open_reviews = 0;
  std::optional<std::int64_t> average_confirm_ms, average_ship_ms, average_deliver_ms;  // from created_at
};

}  // namespace coreldove::domain
