#pragma once
// The reading port over a database: every question goes to the pool of readers.
#include "persistence/api_keys.hpp"
#include "persistence/list_index.hpp"
#include "persistence/sql/reader_pool.hpp"
#include "persistence/store.hpp"

namespace coreldove::persistence::sql {

class store_reader final : public store {
public:
  /// `index`: by which lists are found; nullptr: by the database.
  explicit store_reader(reader_pool& pool, const list_index* index = nullptr) : pool_(pool), index_(index) {}

  void load(std::string order_id, reply<std::vector<domain::history_entry>> done) override;
  void document(std::string order_id, reply<domain::document> done) override;
  void list(domain::order_query query, reply<domain::page> done) override;
  void history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) override;
  void feed(std::uint64_t after_position, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) override;
  void last_position(reply<std::uint64_t> done) override;
  void reviews(domain::review_query query, reply<domain::page> done) override;
  void stock(std::string from_sku_exclusive, std::uint32_t limit, reply<domain::stock_page> done) override;
  void stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) override;
  void past_orders(std::string customer_id, std::uint32_t limit, reply<std::vector<domain::past_order>> done) override;
  void key(std::string scope, std::string key, reply<std::optional<stored_key>> done) override;
  void performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) override;
  void due_timers(domain::time_point until, std::uint32_t limit, reply<std::vector<due_timer>> done) override;
  void unfinished(std::string after_order_id, std::uint32_t limit, reply<std::vector<std::string>> done) override;
  void outbox(std::string after_key, std::uint32_t limit, reply<std::vector<outbox_entry>> done) override;
  void order_of_parcel(std::string tracking_number, reply<std::string> done) override;
  void kept_notices(std::uint64_t after, std::uint32_t limit, reply<std::vector<kept_notice>> done) override;
  void load_catalog(reply<catalog> done) override;
  void stock_ledger(std::uint64_t after_position, std::uint64_t until_position, reply<stock_ledger_page> done) override;
  void ping(reply<bool> done) override;

  void find_api_key(std::string hash, reply<std::optional<api_key>> done);

private:
  reader_pool& pool_;
  const list_index* index_;
};

}  // namespace coreldove::persistence::sql
