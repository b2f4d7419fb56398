#include "persistence/postgres/replica.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <stdexcept>
#include <utility>

#include "persistence/postgres/tools.hpp"
#include "persistence/sql/store_reader.hpp"

namespace coreldove::persistence::postgres {
namespace {

/// A look is a few rows from memory: what takes longer is as good as away.
constexpr session quick{.statement_timeout = std::chrono::milliseconds{1'500}};

/// The same for a database and its copies, and for nothing else.
std::string identity_of(connection& db) { return db.rows_of("SELECT system_identifier||'/'||current_database() FROM pg_control_system()")[0][0].c_str(); }

}  // namespace

replica::replica(replica_options options) : options_(std::move(options)), thread_([this] { run(); }) {}

replica::~replica() {
  {
    const std::lock_guard guard{mutex_};
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (readers_) readers_->stop();
}

std::optional<std::chrono::milliseconds> replica::behind() const {
  const clock::time_point fresh_at{clock::duration{fresh_at_.load(std::memory_order_relaxed)}};
  if (fresh_at == clock::time_point::min()) return std::nullopt;
  const auto age = std::chrono::ceil<std::chrono::milliseconds>(clock::now() - fresh_at);
  return age <= options_.bound ? std::optional{age} : std::nullopt;
}

void replica::performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) {
  const auto pool = readers();
  if (!pool) return done(domain::failure{domain::errc::unavailable, "the replica has not been reached yet"});
  sql::store_reader reader(*pool);
  reader.performance(from, to, std::move(done));
}

void replica::run() {
  pthread_setname_np(pthread_self(), "replica");
  std::unique_lock guard{mutex_};
  while (!stop_) {
    guard.unlock();
    std::string problem;
    try {
      look();
    } catch (const std::exception& e) {
      replica_.reset();
      fresh_at_.store(clock::time_point::min().time_since_epoch().count(), std::memory_order_relaxed);
      problem = e.what();
    }
    const auto age = behind();
    if (problem.empty() && !age) problem = fmt::format("it is more than {} ms behind", options_.bound.count());
    if (options_.seen) options_.seen(age, problem);
    guard.lock();
    wake_.wait_for(guard, options_.look_every, [this] { return stop_; });
  }
}

void replica::look() {
  note_primary();
  const auto position = replayed();
  while (notes_.size() > 1 && notes_[1].log_end <= position) notes_.pop_front();
  const bool known = !notes_.empty() && notes_.front().log_end <= position;
  fresh_at_.store((known ? notes_.front().at : clock::time_point::min()).time_since_epoch().count(), std::memory_order_relaxed);
  open_readers();
}

/// Without the primary nothing is noted, and the replica grows older by the last note.
void replica::note_primary() {
  const auto at = clock::now();
  try {
    if (!primary_) {
      primary_ = std::make_unique<connection>(options_.primary, quick);
      primary_identity_ = identity_of(*primary_);
    }
    notes_.push_back({at, primary_->rows_of("SELECT (pg_current_wal_lsn()-'0/0')::int8")[0][0].as<std::int64_t>()});
  } catch (const std::exception&) {
    primary_.reset();
  }
  // Older ones are of no use: a replica that is there only now is too old.
  while (notes_.size() > 1 && at - notes_[1].at > options_.bound) notes_.pop_front();
}

std::int64_t replica::replayed() {
  if (!replica_) {
    auto fresh = std::make_unique<connection>(options_.address, quick);
    if (const auto identity = identity_of(*fresh); !primary_identity_.empty() && identity != primary_identity_)
      throw std::runtime_error("it is not a replica of this database");
    replica_ = std::move(fresh);
  }
  const auto rows = replica_->rows_of("SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn()-'0/0')::int8 END");
  if (rows[0][0].is_null()) throw std::runtime_error("it is not a replica: it takes writes");
  return rows[0][0].as<std::int64_t>();
}

void replica::open_readers() {
  if (readers()) return;
  auto pool = std::make_shared<sql::reader_pool>([this] { return open_reader(options_.address); }, options_.readers, options_.max_queued);
  const std::lock_guard guard{mutex_};
  readers_ = std::move(pool);
}

std::shared_ptr<sql::reader_pool> replica::readers() {
  const std::lock_guard guard{mutex_};
  return readers_;
}

}  // namespace coreldove::persistence::postgres
