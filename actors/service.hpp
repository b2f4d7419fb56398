#pragma once
// What the front end may ask of the engine. Every call returns at once; `done` runs exactly once, on some thread of the engine, and must not block.
// If an actor dies with a question in its hands, `done` gets `timed_out` (the outcome is not known; repeat with the same idempotency key).
#include <chrono>
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

namespace coreldove::runtime {
class seat;
}

namespace coreldove::actors {

template <class T>
using reply = std::function<void(domain::result<T>)>;

/// An idempotency key as the request brought it. `scope`: "<principal> <METHOD> <route>"; `fingerprint`: SHA-256 of the body in hex.
struct request_key {
  std::string scope, key, fingerprint;
};

struct request {
  std::string principal;                          // who asks, for the history
  std::string trace_id;                           // 32 hex digits
  std::optional<std::chrono::milliseconds> wait;  // Prefer: wait
  std::optional<std::uint64_t> expected_version;  // If-Match; else `stale`
  std::optional<request_key> key;
  /// It finishes what was accepted before, or its sender is slowed down anyway: only the hard limit of what may be in flight holds for it.
  bool ahead = false;
  std::shared_ptr<runtime::seat> seat = {};  // the engine's: taken when the command is let in, given back with the last copy at the latest
};

/// Whether somebody with this request::wait takes his time: he may queue where others are refused.
inline bool can_wait(std::optional<std::chrono::milliseconds> wait) { return wait && wait->count() > 0; }

/// An order after a command. `status` is the HTTP status of the contract: 202 stored; 201 the waited-for status has been reached; 200 done at once.
struct order_answer {
  int status = 0;
  std::uint64_t version = 0;
  std::string order_id, document;  // JSON
  bool replayed = false;           // the answer to an earlier request with the same key
};

/// The stock of one SKU after an adjustment.
struct stock_answer {
  std::vector<domain::stock_row> rows;
  bool replayed = false;
};

struct component_health {
  std::string name, state, detail;  // state: up, degraded, down
};

/// Header lookup by lower-case name, empty where missing; how webhooks see the request without knowing of Beast.
using header_lookup = std::function<std::string(std::string_view)>;

class service {
public:
  virtual ~service() = default;

  // Commands. Errors: invalid_input, wrong_state (with allowed), stale, key_reused, not_found, conflict, overloaded, unavailable, timed_out.
  virtual void place(domain::order_input input, request rq, reply<order_answer> done) = 0;
  virtual void tell(std::string order_id, domain::command what, request rq, reply<order_answer> done) = 0;
  virtual void adjust_stock(std::string sku, std::string warehouse, std::optional<std::int64_t> on_hand, std::optional<std::int64_t> delta, std::string reason,
                            request rq, reply<stock_answer> done) = 0;
  /// What a settlement report and the orders do not agree on: to the order, where there is one, else to the store's inbox. Taken in once each.
  virtual void payment_finding(std::string order_id, domain::take_finding what, reply<bool> done) = 0;
  /// A command that another node of the cluster sends here, and the answer to it (cluster/command_codec.hpp). `done` gets every failure as an answer.
  virtual void take_forwarded(std::string command, std::function<void(std::string answer)> done) = 0;
  /// A webhook of an outside system; true once it is durable. Errors: not_found (no such source), forbidden (signature), malformed.
  virtual void webhook(std::string source, header_lookup headers, std::string raw_body, std::string trace_id, reply<bool> done) = 0;

  /// Replaces what an operator has set about the routing of payments: {"pin", "drain", "weights"}; answers as `routing`. Errors also: invalid_input.
  virtual void set_routing(std::string json, request rq, reply<domain::document> done) = 0;

  // Reads: what is committed.
  virtual void document(std::string order_id, reply<domain::document> done) = 0;
  virtual void list(domain::order_query query, reply<domain::page> done) = 0;
  /// {"order_id", "shipments": [...]} as `GET ~/orders/{id}/tracking` shows it.
  virtual void tracking(std::string order_id, reply<domain::document> done) = 0;
  /// The order's books, and all that can be shown to a bank that asks about it.
  virtual void ledger(std::string order_id, reply<domain::document> done) = 0;
  virtual void evidence(std::string order_id, reply<domain::document> done) = 0;
  /// What gateways told that no order could take in, oldest first; cursor: how many to skip.
  virtual void payment_inbox(std::uint64_t after, std::uint32_t limit, reply<domain::page> done) = 0;
  /// JSON documents of the history rows, ready to be sent.
  virtual void history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<domain::page> done) = 0;
  virtual void stock(std::string from_sku_exclusive, std::uint32_t limit, reply<domain::stock_page> done) = 0;
  virtual void stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) = 0;
  /// A certificate of the stock ledger as it stands, JSON (persistence/stock_certificate.hpp).
  virtual void certificate(reply<std::string> done) = 0;
  virtual void reviews(domain::review_query query, reply<domain::page> done) = 0;
  virtual void performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) = 0;

  /// {"version", "controls", "gateways", "policy"}: what is set about the routing of payments, and what the router knows.
  virtual void routing(reply<domain::document> done) = 0;

  // The event stream.
  virtual void feed(std::uint64_t after_position, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) = 0;
  virtual void last_position(reply<std::uint64_t> done) = 0;
  /// `on_commit` runs after commits (several may be told as one) for as long as the returned object lives.
  virtual std::shared_ptr<void> watch(std::function<void()> on_commit) = 0;
  /// One event as the stream sends it: {"position","order_id","seq","type","at","by","data"}; with "sku" instead of "order_id" where it is about stock.
  virtual std::string feed_document(const domain::history_entry& e) const = 0;

  /// What GET ~/cluster shows: the nodes, their shards, what has changed hands, what is forwarded; that there are none, for a server by itself.
  virtual std::string cluster() const = 0;

  virtual domain::intake_rules intake() const = 0;
  virtual std::vector<component_health> health() const = 0;
  /// True while new orders are taken: store writable, long-lived actors up, not stopping.
  virtual bool ready() const = 0;
  /// Why a new order would be refused if it came now (overloaded, unavailable); nothing where it would be taken. `patient`: can_wait(). Costs next to nothing.
  virtual std::optional<domain::failure> busy(bool patient) const = 0;
};

}  // namespace coreldove::actors
