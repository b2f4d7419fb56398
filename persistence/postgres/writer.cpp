#include "persistence/postgres/writer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "persistence/postgres/changes.hpp"

namespace coreldove::persistence::postgres {
namespace {

constexpr auto answers_kept = std::chrono::hours{24 * 7};
/// A transaction takes milliseconds. What takes this long is stuck behind somebody's lock.
constexpr auto statement_limit = std::chrono::seconds{10};

domain::failure refusal(const sql::error& e) {
  if (e.is_constraint()) return {domain::errc::conflict, e.what()};
  return {domain::errc::internal, e.what()};
}

/// Without these a crash of the database takes acknowledged orders with it.
void refuse_forgetful_server(connection& db) {
  for (const char* name : {"fsync", "full_page_writes"})
    if (const std::string on = db.rows_of(fmt::format("SHOW {}", name))[0][0].c_str(); on != "on")
      throw std::runtime_error(fmt::format("its server runs with {} = {}, and would lose orders in a crash", name, on));
}

/// What the server's own setting says more (remote_write, remote_apply) stays.
void wait_for_disk(connection& db) { db.run("SELECT set_config('synchronous_commit','on',false) WHERE current_setting('synchronous_commit')='off'"); }

}  // namespace

writer::writer(std::string address, commit_observers observe, std::chrono::milliseconds longest_pause,
               const std::function<std::unique_ptr<write_right>(connection&)>& claim)
    : address_(std::move(address)),
      observe_(std::move(observe)),
      session_{.statement_timeout = statement_limit, .by_index = true, .idle_in_transaction = longest_pause},
      db_(std::make_unique<connection>(address_, session_)) {
  refuse_forgetful_server(*db_);
  right_ = claim(*db_);
  learn();
}

void writer::learn() {
  wait_for_disk(*db_);
  memory_ = {};
  last_ = {};
  learn_greatest();
}

void writer::learn_greatest() {
  const auto greatest = db_->rows_of("SELECT (SELECT max(position) FROM journal),(SELECT max(no) FROM orders)");
  if (!greatest[0][0].is_null()) memory_.position = greatest[0][0].as<std::uint64_t>();
  memory_.numbers = order_numbers(greatest[0][1].is_null() ? std::nullopt : std::optional(greatest[0][1].as<std::int64_t>()));
}

void writer::begin() {
  now_ = right_->begin(*db_);
  memory_.fenced = 0;
  if (now_.map != last_.map) {
    memory_.mine = right_->shards(*db_);
    memory_.heads.clear();  // a shard that has come back may have been somebody else's in between
  }
  if (now_.number > last_.number + 1) {
    learn_greatest();
    memory_.figures.clear();
  }
  // The memory is right for this point now, whether this transaction is committed or not.
  last_ = {now_.number - std::min<std::uint64_t>(now_.number, 1), now_.map};
}

void writer::write(batch b) {
  try {
    if (!commit_together(b)) commit_carefully(b);
  } catch (const sql::error& e) {
    throw fault(e);
  }
}

void writer::look_after_the_store(bool idle) {
  if (!idle) return;
  try {
    right_->check(*db_);
  } catch (const sql::error& e) {
    throw fault(e);
  }
}

store_fault writer::fault(const sql::error& e) {
  // Without an answer to COMMIT nobody knows; whatever goes wrong before it leaves nothing.
  const bool unknown = std::exchange(committing_, false) && !e.is_the_statements_own();
  lost_ = dynamic_cast<const taken_over*>(&e) != nullptr;
  db_.reset();
  retry_after_ = backoff_.next();
  return {e.what(), unknown};
}

bool writer::commit_together(batch b) {
  begin();
  changes all(*db_, memory_);
  try {
    all.apply(b);
  } catch (const sql::error& e) {
    if (!e.is_the_statements_own()) throw;
    db_->run("ROLLBACK");
    return false;
  }
  all.remember();
  purge_answers(2 * b.size());
  commit();
  return true;
}

void writer::commit_carefully(batch b) {
  begin();
  apply_carefully(b);
  commit();
}

void writer::apply_carefully(batch b) {
  db_->run("SAVEPOINT half");
  changes some(*db_, memory_);
  try {
    some.apply(b);
    db_->run("RELEASE half");
    some.remember();
    return;
  } catch (const sql::error& e) {
    if (!e.is_the_statements_own()) throw;
    db_->run("ROLLBACK TO half; RELEASE half");
    if (b.size() == 1) b.front().result = refusal(e);
  }
  if (b.size() == 1) return;
  apply_carefully(b.first(b.size() / 2));
  apply_carefully(b.subspan(b.size() / 2));
}

void writer::purge_answers(std::size_t limit) {
  const auto cutoff = (std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) - answers_kept).time_since_epoch().count();
  if (!memory_.oldest_answer_at) {
    auto oldest = db_->query("SELECT at FROM idempotency ORDER BY n LIMIT 1");
    if (!oldest.next()) return;
    memory_.oldest_answer_at = oldest.integer(0);
  }
  if (*memory_.oldest_answer_at >= cutoff) return;
  db_->execute("DELETE FROM idempotency WHERE n IN (SELECT n FROM idempotency ORDER BY n LIMIT ?) AND at<?", limit, cutoff);
  memory_.oldest_answer_at.reset();
}

void writer::commit() {
  if (observe_.before_commit) observe_.before_commit();
  committing_ = true;
  db_->run("COMMIT");
  committing_ = false;
  last_ = now_;
  backoff_.reset();
  if (memory_.fenced > 0 && observe_.fenced) observe_.fenced(memory_.fenced);
  if (observe_.after_commit) observe_.after_commit();
}

bool writer::recover() {
  if (lost_) return false;
  try {
    auto fresh = std::make_unique<connection>(address_, session_);
    if (right_->take_again(*fresh)) {
      db_ = std::move(fresh);
      learn();
      return true;
    }
  } catch (const taken_over& e) {
    lost_ = true;
    spdlog::error("{}", e.what());
  } catch (const sql::error&) {
    db_.reset();
  }
  retry_after_ = backoff_.next();
  return false;
}

}  // namespace coreldove::persistence::postgres
