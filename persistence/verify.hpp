#pragma once
// Does everything in a store add up? Replays every event and compares what follows from it with what the store holds. Reads one snapshot, stream by
// stream: memory grows with the catalogue and the hours of trade, not with the orders.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/order.hpp"
#include "domain/query.hpp"
#include "persistence/figures.hpp"
#include "persistence/hash_chain.hpp"
#include "persistence/journal.hpp"

namespace coreldove::persistence {

/// An order as the store holds it, beside its events.
struct stored_order {
  order_row row;  // skus and tracking_numbers stay empty: see is_listed_under and order_of_parcel
  std::uint64_t version = 0;
  digest head{};
  std::vector<domain::timer> timers;   // by kind and n
  std::vector<review_change> reviews;  // by n
};

/// What verify asks of a store. May throw std::runtime_error where the store cannot be read.
class audit_source {
public:
  virtual ~audit_source() = default;
  /// Every event, by stream and then by seq.
  virtual void each_event(const std::function<void(const domain::history_entry&, const digest&)>& see) = 0;
  virtual std::optional<stored_order> order(const std::string& id) = 0;
  virtual bool is_listed_under(const std::string& id, const std::string& sku) = 0;
  virtual std::string order_of_parcel(const std::string& tracking_number) = 0;  // empty: of none
  virtual void each_stock_row(const std::function<void(const domain::stock_row&)>& see) = 0;
  virtual void each_figure(const std::function<void(const figure_key&, const figure_values&)>& see) = 0;
  /// Rows over all orders, to find those that no order accounts for.
  struct row_counts {
    std::uint64_t orders = 0, documents = 0, listings = 0, timers = 0, reviews = 0;
  };
  virtual row_counts count_rows() = 0;
};

struct finding {
  std::string check;    // chain, event, projection, document, timers, reviews, listing, money, stock, figures, orphans
  std::string subject;  // an order's id, "sku/<sku>", "SKU at warehouse", …
  std::string detail;
};

struct verification {
  std::vector<finding> findings;  // the first `findings_max`
  std::uint64_t findings_total = 0;
  std::uint64_t orders = 0, events = 0, stock_rows = 0;
};

struct verify_options {
  domain::policy policy;
  std::size_t findings_max = 1'000;
  std::function<void(std::uint64_t orders)> progress;  // every thousand orders; may be empty
};

verification verify(audit_source& source, const verify_options& options);

}  // namespace coreldove::persistence
