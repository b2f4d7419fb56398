#pragma once
// Reading: always what is committed. Calls return at once; `done` runs once on one of the store's own reader threads.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "domain/query.hpp"
#include "persistence/journal.hpp"
#include "persistence/stock_chain.hpp"

namespace coreldove::persistence {

template <class T>
using reply = std::function<void(domain::result<T>)>;

struct due_timer {
  std::string order_id;
  domain::timer timer;
};

struct stored_key {
  std::string fingerprint;
  stored_answer answer;
};

class store {
public:
  virtual ~store() = default;
  /// Errors of all: unavailable; not_found where one thing was asked for.
  virtual void load(std::string order_id, reply<std::vector<domain::history_entry>> done) = 0;  // whole stream, oldest first
  virtual void document(std::string order_id, reply<domain::document> done) = 0;
  virtual void list(domain::order_query query, reply<domain::page> done) = 0;
  virtual void history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) = 0;
  virtual void feed(std::uint64_t after_position, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) = 0;
  virtual void last_position(reply<std::uint64_t> done) = 0;
  virtual void reviews(domain::review_query query, reply<domain::page> done) = 0;
  virtual void stock(std::string from_sku_exclusive, std::uint32_t limit, reply<domain::stock_page> done) = 0;
  virtual void stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) = 0;
  /// Which order a parcel belongs to.
  virtual void order_of_parcel(std::string tracking_number, reply<std::string> done) = 0;
  virtual void past_orders(std::string customer_id, std::uint32_t limit, reply<std::vector<domain::past_order>> done) = 0;
  virtual void key(std::string scope, std::string key, reply<std::optional<stored_key>> done) = 0;
  virtual void performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) = 0;
  virtual void due_timers(domain::time_point until, std::uint32_t limit, reply<std::vector<due_timer>> done) = 0;
  virtual void unfinished(std::string after_order_id, std::uint32_t limit, reply<std::vector<std::string>> done) = 0;
  virtual void outbox(std::string after_key, std::uint32_t limit, reply<std::vector<outbox_entry>> done) = 0;
  /// The store's inbox, oldest first; `after`: how many to skip.
  virtual void kept_notices(std::uint64_t after, std::uint32_t limit, reply<std::vector<kept_notice>> done) = 0;
  virtual void load_catalog(reply<catalog> done) = 0;  // levels: on_hand and reserved as they stand
  /// What the events after one position did to the stock, up to another at most: some of them, `through` says how far. Bounded work.
  /// Errors also: internal where an event cannot be read.
  virtual void stock_ledger(std::uint64_t after_position, std::uint64_t until_position, reply<stock_ledger_page> done) = 0;
  virtual void ping(reply<bool> done) = 0;
};

}  // namespace coreldove::persistence
