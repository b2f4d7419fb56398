// The layer that gathers the log's writes: what is committed is in the log's file, and a reader of its own sees every commit.
#include "persistence/sqlite/wal_buffer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {
namespace {

class WalBuffer : public testing::Test {
protected:
  WalBuffer() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    writer_.emplace(folder_ / "store.db", access::write);
    writer_->execute(
        "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(n INTEGER, x BLOB);");
  }
  ~WalBuffer() override { std::filesystem::remove_all(folder_); }

  /// As another process would see it: through the system's own files.
  std::int64_t rows_seen() {
    database reader{folder_ / "store.db", access::read};
    return count(reader);
  }
  static std::int64_t count(database& db) {
    auto s = db.prepare("SELECT count(*) FROM t");
    auto r = s.query();
    return r.next() ? r.integer(0) : -1;
  }
  void insert(int rows, int bytes) {
    auto s = writer_->prepare("INSERT INTO t VALUES(?,zeroblob(?))");
    for (int i = 0; i < rows; ++i) s.run(i, bytes);
  }
  std::uintmax_t log_bytes() const { return std::filesystem::file_size(folder_ / "store.db-wal"); }

  std::filesystem::path folder_ = std::filesystem::path{testing::TempDir()} / ("wal_buffer_" + std::to_string(::getpid()));
  std::optional<database> writer_;
};

TEST_F(WalBuffer, PutsACommitIntoTheLogBeforeItIsOver) {
  const auto before = log_bytes();
  writer_->execute("BEGIN");
  insert(10, 3'000);
  EXPECT_EQ(log_bytes(), before);
  writer_->execute("COMMIT");
  EXPECT_GT(log_bytes(), before + 10 * 3'000);
  EXPECT_EQ(rows_seen(), 10);
}

TEST_F(WalBuffer, ReadsBackWhatALargeTransactionHasPutOutOfItsMemory) {
  writer_->execute("PRAGMA cache_size=10; BEGIN");
  insert(4'000, 2'000);
  EXPECT_EQ(count(*writer_), 4'000);
  EXPECT_EQ(rows_seen(), 0);
  writer_->execute("COMMIT");
  EXPECT_EQ(rows_seen(), 4'000);
}

TEST_F(WalBuffer, TakesASavepointAndAWholeTransactionBack) {
  writer_->execute("PRAGMA cache_size=10; BEGIN");
  insert(200, 2'000);
  writer_->execute("SAVEPOINT one");
  insert(500, 2'000);
  writer_->execute("ROLLBACK TO one; RELEASE one");
  insert(3, 100);
  writer_->execute("COMMIT");
  EXPECT_EQ(rows_seen(), 203);
  writer_->execute("BEGIN");
  insert(700, 2'000);
  writer_->execute("ROLLBACK");
  insert(1, 1);
  EXPECT_EQ(rows_seen(), 204);
}

TEST_F(WalBuffer, GoesOnAfterTheLogWasEmptied) {
  for (int i = 0; i < 3; ++i) {
    insert(20, 5'000);
    sqlite3_wal_checkpoint_v2(writer_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    EXPECT_EQ(log_bytes(), 0U);
  }
  insert(1, 1);
  EXPECT_EQ(rows_seen(), 61);
  writer_.reset();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "store.db-wal"));
}

}  // namespace
}  // namespace coreldove::persistence::sqlite
