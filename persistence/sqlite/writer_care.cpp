// The writer's care for the store itself: faults, recovery, the write-ahead log.
#include <stdexcept>
#include <utility>

#include "persistence/sqlite/store_file.hpp"
#include "persistence/sqlite/writer.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// Size of the log from which it is emptied in the background, and from which commits wait for it because the background cannot keep up.
constexpr std::int64_t background_bytes = 64 << 20;
constexpr std::int64_t blocking_bytes = 512 << 20;

bool is_failed_sync(int code) { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

}  // namespace

store_fault writer::fault(const sqlite_error& e) {
  // A failed fsync inside COMMIT may still have left the commit record on disk; everything else has left nothing.
  const bool unknown = std::exchange(committing_, false) && is_failed_sync(e.code());
  try {
    connection_->tx.roll_back();
  } catch (const sqlite_error&) {
    // The connection is given up in any case.
  }
  connection_.reset();
  return {e.what(), unknown};
}

bool writer::recover() {
  try {
    // New descriptors: after a failed fsync the old ones would report success for pages that never reached the disk. The checkpoint brings what was
    // committed into the file and drops what was not from the log.
    connection_ = std::make_unique<connection>(open_for_writing(file_));
    empty_the_log();
    lists_.builder.restart();  // of the transaction that failed only the store knows whether it was written
    probe();
    return true;
  } catch (const std::exception&) {
    connection_.reset();
    return false;
  }
}

/// For good, so that its room is free again. Throws std::runtime_error where that takes the reserve and the disk has no room for a new one.
void writer::empty_the_log() {
  const auto empty = [this] { return sqlite3_wal_checkpoint_v2(connection_->db.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr); };
  if (const int failed = empty(); failed != SQLITE_OK && failed != SQLITE_BUSY) {
    reserve_.give();
    empty();
  }
  if (!reserve_.take()) throw std::runtime_error("the disk has no room for the reserve");
}

void writer::look_after_the_store(bool idle) {
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
