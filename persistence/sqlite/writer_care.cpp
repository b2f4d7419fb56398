// The group commit's care for the store itself: faults, recovery, the write-ahead log.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

#include "persistence/sqlite/group_commit.hpp"
#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {
namespace {

constexpr auto retry_after = std::chrono::seconds{1};

/// Size of the log from which it is emptied in the background, and from which commits wait for it because the background cannot keep up.
constexpr std::int64_t background_bytes = 64 << 20;
constexpr std::int64_t blocking_bytes = 512 << 20;

bool is_failed_sync(int code) { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

}  // namespace

void group_commit::fault(batch b, const sqlite_error& e) {
  // A failed fsync inside COMMIT may still have left the commit record on disk; everything else has left nothing.
  const bool unknown = committing_ && is_failed_sync(e.code());
  committing_ = false;
  healthy_.store(false, std::memory_order_relaxed);
  spdlog::error("the store cannot be written: {}; {} waiting, no new ones are taken", e.what(), b.size());
  try {
    connection_->tx.roll_back();
  } catch (const sqlite_error&) {
    // The connection is given up in any case.
  }
  connection_.reset();
  retry_at_ = std::chrono::steady_clock::now() + retry_after;
  for (auto& j : b)
    j.result = domain::failure{unknown ? domain::errc::timed_out : domain::errc::unavailable, fmt::format("the store cannot be written: {}", e.what())};
  answer(b);
}

void group_commit::recover() {
  const auto moment = std::chrono::steady_clock::now();
  if (moment < retry_at_) return;
  retry_at_ = moment + retry_after;
  try {
    // New descriptors: after a failed fsync the old ones would report success for pages that never reached the disk. The checkpoint brings what was
    // committed into the file and drops what was not from the log.
    connection_ = std::make_unique<connection>(open_for_writing(options_.file));
    empty_the_log();
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    connection_->tx.begin();
    connection_->tx.probe(now);
    connection_->tx.commit();
    healthy_.store(true, std::memory_order_relaxed);
    spdlog::info("the store can be written again");
  } catch (const std::exception&) {
    connection_.reset();  // still not; the next try comes in a second
  }
}

/// For good, so that its room is free again. Throws std::runtime_error where that takes the reserve and the disk has no room for a new one.
void group_commit::empty_the_log() {
  const auto empty = [this] { return sqlite3_wal_checkpoint_v2(connection_->db.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr); };
  if (const int failed = empty(); failed != SQLITE_OK && failed != SQLITE_BUSY) {
    reserve_.give();
    empty();
  }
  if (!reserve_.take()) throw std::runtime_error("the disk has no room for the reserve");
}

void group_commit::look_after_the_log(bool idle) {
  const auto bytes = connection_->log_pages * connection_->page_size_bytes;
  bool nearly_empty = false;
  {
    const std::lock_guard lock(mutex_);
    nearly_empty = std::exchange(log_nearly_empty_, false);
  }
  // The rest after the background's part is small: doing it here lets the next commit start the log from its beginning.
  if (nearly_empty || bytes > blocking_bytes || (idle && bytes > 0)) {
    int left = 0, done = 0;
    sqlite3_wal_checkpoint_v2(connection_->db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &left, &done);
    if (left == done) connection_->log_pages = 0;
  } else if (bytes > background_bytes) {
    checkpointer_->start([this] {
      const std::lock_guard lock(mutex_);
      log_nearly_empty_ = true;
    });
  }
}

}  // namespace coreldove::persistence::sqlite
