#pragma once
// What one transaction of the journal's writer does to the tables. Belongs to the writer thread; the group commit decides what goes into a transaction.
#include <optional>
#include <string>
#include <vector>

#include "persistence/journal.hpp"
#include "persistence/sqlite/event_writer.hpp"
#include "persistence/sqlite/order_writer.hpp"
#include "persistence/sqlite/stock_writer.hpp"

namespace coreldove::persistence::sqlite {

class transaction {
public:
  explicit transaction(database& db);

  void begin() { begin_.run(); }
  /// Writes what was summed up over the transaction. False where a row of stock would break its constraint.
  bool flush();
  void commit() { commit_.run(); }
  /// Also after a failed commit, where SQLite may have rolled back already.
  void roll_back();
  void set_savepoint() {
    savepoint_.run();
    orders_.mark_listed();
  }
  void release_savepoint() { release_.run(); }
  void roll_back_to_savepoint();

  /// On a failure of the append's own (conflict) nothing of it is written. Throws sqlite_error; a constraint then means that the append must be
  /// tried alone. `hashes`: chain_events where the stream is new, else empty.
  domain::result<append_outcome> apply(const append& item, const std::vector<digest>& hashes);
  domain::result<append_outcome> apply(const stock_adjustment& item);
  domain::result<append_outcome> apply(const setting& item);
  void apply(const catalog& items, domain::time_point now);
  void keep(const std::vector<kept_notice>& notices);
  void remove_outbox(const std::vector<std::string>& keys);
  /// Forgets answers older than `before`, at most `limit` of them.
  void purge_answers(domain::time_point before, std::size_t limit);
  void probe(domain::time_point now) { probe_.run(now.time_since_epoch().count()); }
  std::uint64_t position() const { return events_.position(); }
  /// What the committed transaction has changed for lists.
  std::vector<listed_order> take_listed() { return orders_.take_listed(); }

private:
  domain::result<append_outcome> adjust(const stock_adjustment& item);
  bool remember_answer(const append& item);
  void replace_answer(const append& item);
  void write_queues(const append& item);
  std::optional<domain::failure> write_order(const append& item, const std::vector<digest>& hashes);
  void forget();

  database& db_;
  event_writer events_;
  order_writer orders_;
  stock_writer stock_;
  statement begin_, commit_, savepoint_, release_, rollback_to_;
  statement put_timer_, remove_timer_, put_review_, put_outbox_, remove_outbox_, put_notice_;
  statement insert_answer_, remove_answer_, replace_answer_, oldest_answer_, purge_answers_;
  statement put_warehouse_, put_item_, probe_;
  std::optional<std::int64_t> oldest_answer_at_;  // nothing: not known
};

}  // namespace coreldove::persistence::sqlite
