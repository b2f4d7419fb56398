#pragma once
// The journal: the only way anything becomes true. One append is all that one command changed; many appends share one transaction (group commit).
//
// Promise: `done` runs once for each append, after the transaction that holds it is on disk or has failed. The primary key (stream, seq) is the fence:
// of two writers with the same expected version one gets `conflict`, and then nothing of its append is written. A failed transaction fails each append
// on its own where the cause is one append's; where it is the store's (disk full, I/O error) every append gets `unavailable` and healthy() turns false.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"
#include "domain/query.hpp"
#include "domain/result.hpp"

namespace coreldove::persistence {

struct event_record {
  std::string type;  // domain::type_name
  std::string data;  // JSON object, see codec
};

/// Everything lists and reads need of an order; written whole with each append.
struct order_row {
  domain::order_status status{};
  domain::payment_status payment{};
  domain::fulfillment_status fulfillment{};
  std::string customer_id, customer_email, currency;
  std::uint8_t currency_digits = 2;
  std::int64_t total = 0, captured = 0, refunded = 0;
  std::vector<std::string> skus;              // distinct
  std::vector<std::string> tracking_numbers;  // of its shipments; carriers' webhooks know nothing else
  domain::time_point created_at{}, updated_at{};
  std::optional<domain::time_point> confirmed_at, shipped_at, delivered_at;
  bool unfinished = false;  // work is open: start-up wakes this order
  std::string document;     // the order as the contract shows it; empty: not stored, readers make it of the events (see projection.hpp)
};

struct timer_change {
  domain::timer timer;
  bool set = true;  // false: remove
};

struct review_change {  // one row of the review queue, written whole
  std::uint32_t n = 0;
  domain::review_kind kind{};
  std::string state;  // open, approved, rejected
  domain::time_point opened_at{};
  std::string document;  // JSON, as GET ~/reviews shows it
};

struct outbox_entry {
  std::string kind;     // "email"
  std::string key;      // unique: "<order id>/email/<seq>"
  std::string payload;  // JSON
};

/// The first answer to a request with an idempotency key, kept for its repeats.
struct stored_answer {
  int status = 0;  // HTTP status
  std::uint64_t version = 0;
  std::string order_id, document;  // document empty: the order's own at that version, made again of its events
};

struct idempotency_record {
  std::string scope;  // who and what: "<principal> <METHOD> <route>"
  std::string key;
  std::string fingerprint;  // SHA-256 of the body, hex
  stored_answer answer;
  bool replaces = false;  // true: a later, better answer to the same request (Prefer: wait came to its end)
};

struct append {
  std::string stream;  // order id
  std::uint64_t expected_version = 0;
  domain::time_point at{};
  std::string by;  // principal, or "system"
  std::string trace_id;
  std::vector<event_record> events;
  order_row row;
  std::vector<domain::stock_movement> stock;
  std::vector<timer_change> timers;
  std::vector<review_change> reviews;
  std::vector<outbox_entry> outbox;
  std::optional<idempotency_record> idempotency;
};

/// Stock that an operator counted or a catalogue brought. Its own stream "sku/<sku>" keeps the history.
struct stock_adjustment {
  std::string sku, warehouse, reason, by;
  std::int64_t delta = 0;
  domain::time_point at{};
  std::optional<idempotency_record> idempotency = {};  // its answer's document is the caller's own
};

struct catalog {
  std::vector<domain::warehouse_info> warehouses;
  std::vector<domain::catalog_item> items;
  std::vector<domain::stock_row> levels;  // import: on_hand of rows that are not there yet, existing rows keep their stock. load_catalog: all rows
  std::uint64_t position = 0;             // load_catalog: of the last event that these levels include (read in one transaction with them)
};

/// What was set about the installation while it runs, as the next event of a stream of its own.
struct setting {
  std::string stream;                  // begins with settings_prefix
  std::uint64_t expected_version = 0;  // of the stream
  event_record event;
  domain::time_point at{};
  std::string by;
};
inline constexpr std::string_view settings_prefix = "settings/";

struct append_outcome {
  std::uint64_t version = 0;   // of the stream, afterwards
  std::uint64_t position = 0;  // of its last event, over all streams
};

/// A notice of a gateway, or a line of a settlement report, that no order could take in. A person looks at these.
struct kept_notice {
  std::string source, id, type;  // as in domain::notice_received; the same source and id are kept once
  domain::notice_verdict verdict{};
  std::string subject;  // an order's id, or the gateway's id of a payment
  std::string detail;
  domain::time_point at{};
};

using append_done = std::function<void(domain::result<append_outcome>)>;
using plain_done = std::function<void(domain::result<bool>)>;

class journal {
public:
  virtual ~journal() = default;
  /// From any thread; never blocks. Errors: conflict (somebody else wrote first, the stock does not allow it, or "idempotency key taken": look it up),
  /// unavailable (nothing is stored), timed_out (the disk failed while committing: stored or not, load the stream to find out).
  virtual void append(persistence::append item, append_done done) = 0;
  /// Errors: as append; wrong_state where on_hand would fall below reserved. The outcome's position is that of its event.
  virtual void adjust(stock_adjustment item, append_done done) = 0;
  virtual void import(persistence::catalog items, plain_done done) = 0;
  /// Takes delivered entries out of the outbox. Errors: unavailable; then they are still there.
  virtual void outbox_done(std::vector<std::string> keys, plain_done done) = 0;
  /// The store's own inbox; what is there already stays as it is. Errors: unavailable, timed_out; it may be tried again.
  virtual void keep(std::vector<kept_notice> notices, plain_done done) = 0;
  /// Errors: conflict (somebody else has set it meanwhile), unavailable, timed_out.
  virtual void set(setting item, append_done done) = 0;
  /// Appends taken in and not yet answered.
  virtual std::size_t queued() const = 0;
  /// False while the store refuses writes (tried again about every second).
  virtual bool healthy() const = 0;
};

}  // namespace coreldove::persistence
