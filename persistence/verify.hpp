#pragma once
// Does everything in a store add up? Replays every event and compares what follows from it with what the store holds. Reads one snapshot, stream by
// stream: memory grows with the catalogue and the hours of trade, not with the orders.
//
// The events are what is true. What follows from them (rows, documents, lists, timers, reviews, stock, counters, messages) can be made again, and is where a
// repair_target is given. An event that was changed or is missing cannot be made up: it is reported, nothing of its order is touched, and neither is what
// sums up over all orders.
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
#include "persistence/stock_chain.hpp"

namespace coreldove::persistence {

/// An order as the store holds it, beside its events.
struct stored_order {
  order_row row;  // skus and tracking_numbers stay empty: see is_listed_under and order_of_parcel
  std::uint64_t version = 0;
  digest head{};
  std::vector<domain::timer> timers;   // by kind and n
  std::vector<review_change> reviews;  // by n
  std::vector<outbox_entry> outbox;    // messages about it that are still to be sent
  bool search_columns_fit = true;      // what the store derives from other columns for its own use
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
  /// A kept answer to a request with an idempotency key.
  struct kept_answer {
    std::string scope, key, order_id;
    std::uint64_t version = 0;
    std::uint64_t stored_version = 0;  // of that order; 0: there is none
  };
  virtual void each_answer(const std::function<void(const kept_answer&)>& see) = 0;  // those that name a version which the store does not have
  /// Positions are given out without gaps: a gap is where events were.
  struct positions {
    std::uint64_t events = 0, last = 0;
  };
  virtual positions count_positions() = 0;
  /// Rows that belong to no order. `listings` and `parcels`: also those that name an order which has no such SKU or parcel; slow, so only asked for where
  /// the counts do not fit.
  struct orphan {
    std::string table, name;  // name: enough to find the row again
  };
  virtual void each_orphan(bool listings, bool parcels, const std::function<void(const orphan&)>& see) = 0;
  struct row_counts {
    std::uint64_t listings = 0, parcels = 0;
  };
  virtual row_counts count_rows() = 0;

  // For certificates of the stock ledger (stock_certificate.hpp).
  virtual domain::result<stock_ledger_page> stock_ledger(std::uint64_t after, std::uint64_t until) = 0;
};

/// Where what is wrong is put right. Nothing is kept unless the caller does so in the end.
class repair_target {
public:
  virtual ~repair_target() = default;
  virtual void put_order(const std::string& id, std::uint64_t version, const digest& head, const order_row& row) = 0;  // row, document, lists, parcels
  virtual void put_timers(const std::string& id, const std::vector<domain::timer>& timers) = 0;
  virtual void put_reviews(const std::string& id, const std::vector<review_change>& reviews) = 0;
  virtual void put_message(const outbox_entry& message) = 0;
  virtual void remove_message(const std::string& key) = 0;
  virtual void put_stock(const domain::stock_row& row) = 0;
  virtual void put_figures(const std::map<figure_key, figure_values>& all) = 0;
  virtual void remove_orphan(const audit_source::orphan& row) = 0;
};

struct finding {
  std::string check;    // chain, event, projection, document, timers, reviews, outbox, keys, listing, money, stock, figures, orphans
  std::string subject;  // an order's id, "sku/<sku>", "SKU at warehouse", …
  std::string detail;
  std::string repair;  // what a repair does about it; empty: nothing, a person has to look
};

struct verification {
  std::vector<finding> findings;  // the first `findings_max`
  std::uint64_t findings_total = 0, repairable = 0;
  std::uint64_t orders = 0, events = 0, stock_rows = 0;
  std::uint64_t position = 0;  // of the last event
};

struct verify_options {
  domain::policy policy;
  std::size_t findings_max = 1'000;
  std::function<void(std::uint64_t orders)> progress;  // every thousand orders; may be empty
  /// The message that an event asks for, if any; `after` has just taken it in. Empty: messages are not looked at.
  std::function<std::optional<outbox_entry>(const domain::order& after, const domain::event&)> message_of = {};
  /// Whether a stored message would reach whom the wanted one is for: an older program may have worded it otherwise.
  std::function<bool(const outbox_entry& stored, const outbox_entry& wanted)> reaches = {};
  repair_target* repair = nullptr;  // what can be made again is put here; nothing: it is only said
};

verification verify(audit_source& source, const verify_options& options);

}  // namespace coreldove::persistence
