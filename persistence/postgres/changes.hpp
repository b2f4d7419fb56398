#pragma once
// What some jobs of the journal change in the database: worked out in memory, one job after another, then written with one statement for each table. Nothing is
// remembered of it before the caller knows that it stays.
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "persistence/group_commit.hpp"
#include "persistence/postgres/connection.hpp"
#include "persistence/postgres/memory.hpp"

namespace coreldove::persistence::postgres {

class changes {
public:
  changes(connection& db, memory& known) : db_(db), known_(known), position_(known.position) {}

  /// Sets each job's result; a job that is refused for what it asks changes nothing. Throws sql::error; the caller then takes back what has been written, and
  /// drops this object.
  void apply(batch b);
  /// It stays: the memory learns of it.
  void remember();

private:
  using outcome = domain::result<append_outcome>;
  using key = std::pair<std::string_view, std::string_view>;  // scope, key
  struct changed_order {
    const append* last = nullptr;  // its row is what is written
    order_head head;
    bool is_new = false;
  };
  struct new_row {
    std::uint64_t position = 0, seq = 0;  // of its last event
    std::string_view stream, by, trace_id;
    domain::time_point at{};
    std::span<const event_record> events;
    std::vector<digest> hashes;
  };
  struct changed_review {
    const review_change* first = nullptr;
    const review_change* last = nullptr;
  };
  struct movement {
    std::int64_t on_hand = 0, reserved = 0;
  };
  struct stream_event {  // of a stream without a row of its own
    std::string stream;
    event_record event;
    domain::time_point at{};
    std::string_view by;
  };
  struct stream_head {
    std::uint64_t version = 0;
    digest hash{};
  };

  // Appends and what leaves the outbox, many at a time.
  void apply_together(batch b);
  void look_up(batch b);
  void look_up_orders(batch b);
  void look_up_keys(batch b);
  void look_up_numbers(batch b);
  void look_up_figures();
  outcome take(const append_job& j);
  std::optional<domain::failure> take_order(const append_job& j);
  void take_queues(const append& item);
  void count(const order_figures& f, bool negative);
  const order_head* head_of(const std::string& id) const;

  void write();
  void insert_orders();
  void update_orders();
  void write_documents();
  void write_skus_and_parcels();
  void write_journal();
  void write_answers();
  void write_queues();
  void write_reviews();
  void write_stock();
  void write_figures();

  // One at a time.
  outcome apply_alone(job& j);
  outcome apply(const stock_adjustment& item);
  outcome apply(const setting& item);
  outcome apply(const catalog& items);
  outcome apply(const std::vector<kept_notice>& notices);
  bool take_key(const idempotency_record& i, domain::time_point at);
  bool adjust(const stock_adjustment& item);
  std::unordered_map<std::string, stream_head> heads_of(const std::vector<std::string>& streams);
  /// At the ends of their streams; the version of the last one's stream.
  std::uint64_t write_at_ends(const std::vector<stream_event>& events);

  connection& db_;
  memory& known_;
  std::uint64_t position_;
  std::unordered_map<std::string, order_head> heads_;  // as far as asked for or changed here
  std::set<key> taken_keys_;
  std::unordered_map<figure_key, figure_values, hash_figure_key> figures_;  // as they stand in the table

  // Of the jobs that are applied together; empty again once written.
  std::map<std::string_view, changed_order> orders_;
  std::vector<new_row> journal_;
  std::vector<std::pair<const append*, std::optional<std::string_view>>> new_answers_, better_answers_;
  std::map<std::tuple<std::string_view, int, std::uint32_t>, const timer_change*> timers_;
  std::map<std::pair<std::string_view, std::uint32_t>, changed_review> reviews_;
  std::vector<const outbox_entry*> outbox_;
  std::vector<std::string_view> delivered_;
  std::map<std::pair<std::string_view, std::string_view>, movement> stock_;
  std::map<std::string_view, std::string_view> parcels_;
  std::unordered_map<figure_key, figure_values, hash_figure_key> added_;  // to the figures
};

}  // namespace coreldove::persistence::postgres
