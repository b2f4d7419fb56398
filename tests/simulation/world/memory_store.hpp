#pragma once
// Journal and store in memory, with the real one's promises and none of its threads: a transaction happens when the test calls commit_some, an answer arrives
// when it lets one go. What is committed survives crash(); what was queued, or not yet answered, does not. A transaction that is on its way to disk when the
// process dies is there afterwards as a whole or not at all, as the test chooses, and nobody has been told either way.
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "persistence/store.hpp"
#include "tests/simulation/world/bag.hpp"
#include "tests/simulation/world/durable.hpp"
#include "tests/simulation/world/simulated_clock.hpp"

namespace coreldove::simulation {

/// How a transaction ends.
enum class commit_fate {
  committed,
  failed,           // nothing is written and everybody gets `unavailable`; no writes for a second
  lost,             // nothing is written, and nobody can tell: `timed_out`
  written_unknown,  // all is written, and nobody can tell: `timed_out`
};
std::string_view to_string(commit_fate fate);

class memory_store final : public persistence::journal, public persistence::store {
public:
  memory_store(const simulated_clock& clock, domain::policy rules) : disk(std::move(rules)), clock_(clock) {}

  // ---- the test's side ---------------------------------------------------------------------------------------------------------------------------
  /// A transaction over the `at_most` oldest jobs is on its way to disk: nobody sees anything of it. Not while another one is.
  void begin_commit(std::size_t at_most);
  /// Its end. The answers wait, in order, in `commit_answers`.
  void end_commit(commit_fate fate = commit_fate::committed);
  std::size_t jobs_committing() const { return committing_.size(); }
  /// Both at once; one that was on its way is committed before.
  void commit_some(std::size_t at_most, commit_fate fate = commit_fate::committed);
  std::size_t jobs_waiting() const { return queue_.size(); }
  bool answer_commit();  // hands over the oldest answer; false where there is none
  bool commit_answers_waiting() const { return !commit_answers_.empty(); }
  bag& reads() { return reads_; }
  /// No space: every write fails until it is ended.
  void disk_full(bool full) { full_ = full; }
  bool full() const { return full_; }
  /// The next `times` reads that match fail with `unavailable`.
  void fail_reads(std::size_t times) { reads_to_fail_ = times; }
  /// The next `times` appends of this order (empty: of any) throw out of append(); nothing is taken in.
  void throw_on_append(std::size_t times, std::string order_id = {}) { append_throws_ = {std::move(order_id), times}; }
  /// Every append for which this holds throws; nothing ends it.
  void throw_on_append(std::function<bool(const persistence::append&)> when) { append_throws_when_ = std::move(when); }
  /// The same for adjust().
  void throw_on_adjust(std::size_t times) { adjust_throws_ = times; }
  /// The next `times` questions of this kind throw: "key", "past_orders", "due_timers", "outbox", "load_catalog".
  void throw_on_read(const std::string& what, std::size_t times) { reads_throw_[what] = times; }
  /// The next `times` loads of this order bring an event that no order can take in.
  void poison(const std::string& order_id, std::size_t times) { poisoned_[order_id] = times; }
  void heal() { poisoned_.clear(); }
  /// While closed, everything is ignored: who is asking is dead.
  void close() { open_ = false; }
  /// Forgets what is not on disk; open again. `reached_disk`: whether the transaction that was on its way did.
  void crash(bool reached_disk = false);

  durable disk;

  // ---- journal -----------------------------------------------------------------------------------------------------------------------------------
  void append(persistence::append item, persistence::append_done done) override;
  void adjust(persistence::stock_adjustment item, persistence::append_done done) override;
  void import(persistence::catalog items, persistence::plain_done done) override;
  void outbox_done(std::vector<std::string> keys, persistence::plain_done done) override;
  void keep(std::vector<persistence::kept_notice> notices, persistence::plain_done done) override;
  void set(persistence::setting item, persistence::append_done done) override;
  std::size_t queued() const override { return queue_.size() + committing_.size(); }
  bool healthy() const override { return !full_ && clock_.right() >= down_until_; }

  // ---- store -------------------------------------------------------------------------------------------------------------------------------------
  template <class T>
  using reply = persistence::reply<T>;
  void load(std::string order_id, reply<std::vector<domain::history_entry>> done) override;
  void document(std::string order_id, reply<domain::document> done) override;
  void list(domain::order_query query, reply<domain::page> done) override;
  void history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) override;
  void feed(std::uint64_t after_position, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) override;
  void last_position(reply<std::uint64_t> done) override;
  void reviews(domain::review_query query, reply<domain::page> done) override;
  void stock(std::string from_sku_exclusive, std::uint32_t limit, reply<domain::stock_page> done) override;
  void stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) override;
  void order_of_parcel(std::string tracking_number, reply<std::string> done) override;
  void past_orders(std::string customer_id, std::uint32_t limit, reply<std::vector<domain::past_order>> done) override;
  void key(std::string scope, std::string key, reply<std::optional<persistence::stored_key>> done) override;
  void performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) override;
  void due_timers(domain::time_point until, std::uint32_t limit, reply<std::vector<persistence::due_timer>> done) override;
  void unfinished(std::string after_order_id, std::uint32_t limit, reply<std::vector<std::string>> done) override;
  void outbox(std::string after_key, std::uint32_t limit, reply<std::vector<persistence::outbox_entry>> done) override;
  void kept_notices(std::uint64_t after, std::uint32_t limit, reply<std::vector<persistence::kept_notice>> done) override;
  void load_catalog(reply<persistence::catalog> done) override;
  void stock_ledger(std::uint64_t after_position, std::uint64_t until_position, reply<persistence::stock_ledger_page> done) override;
  void ping(reply<bool> done) override;

private:
  struct append_job {
    persistence::append item;
    persistence::append_done done;
  };
  struct adjust_job {
    persistence::stock_adjustment item;
    persistence::append_done done;
  };
  struct import_job {
    persistence::catalog items;
    persistence::plain_done done;
  };
  struct outbox_job {
    std::vector<std::string> keys;
    persistence::plain_done done;
  };
  struct set_job {
    persistence::setting item;
    persistence::append_done done;
  };
  struct keep_job {
    std::vector<persistence::kept_notice> notices;
    persistence::plain_done done;
  };
  using job = std::variant<append_job, adjust_job, import_job, outbox_job, keep_job, set_job>;

  /// Reads now or later, answers later still: between the question, the look and the answer anything may be committed.
  template <class T>
  void read(reply<T> done, std::function<domain::result<T>()> look);
  bool fails();
  void stumble(const char* what);
  void carry_out(job& j);
  void refuse(job& j, const domain::failure& why);

  const simulated_clock& clock_;
  std::deque<job> queue_, committing_;
  std::deque<std::function<void()>> commit_answers_;
  bag reads_;
  bool open_ = true, full_ = false;
  domain::time_point down_until_{};
  std::size_t reads_to_fail_ = 0, adjust_throws_ = 0;
  std::pair<std::string, std::size_t> append_throws_;
  std::function<bool(const persistence::append&)> append_throws_when_;
  std::map<std::string, std::size_t> poisoned_, reads_throw_;
};

}  // namespace coreldove::simulation
