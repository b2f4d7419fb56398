#pragma once
// The embedded store: one SQLite file with its write-ahead log and its lock beside it. One process at a time may write it.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "persistence/api_keys.hpp"
#include "persistence/journal.hpp"
#include "persistence/store.hpp"

namespace coreldove::persistence::sqlite {

/// Called on the writer thread; any may be empty.
struct commit_observers {
  std::function<void()> before_commit, after_commit;  // COMMIT itself; nobody has been told yet
  std::function<void(double)> commit_seconds;         // of the whole transaction, from taking the batch to the end of COMMIT
  std::function<void(std::size_t)> batch_size;        // appends
};

struct sqlite_options {
  std::filesystem::path file;
  unsigned readers = 2;
  std::size_t max_queued = 20'000;                        // appends, and reads; beyond it the answer is `unavailable` at once
  std::function<void(std::uint64_t position)> on_commit;  // on the writer thread, after the answers
  commit_observers observe;
};

class sqlite_store {
public:
  /// Creates or upgrades the store. Throws std::runtime_error with one sentence for the operator: written by a newer program, corrupt, in use by
  /// another process, not writable, on a network file system.
  explicit sqlite_store(sqlite_options options);
  ~sqlite_store();

  persistence::journal& journal();
  persistence::store& store();
  /// The unrevoked API key with this SHA-256 (hex), or nothing; on a reader thread.
  void find_api_key(std::string hash, reply<std::optional<api_key>> done);
  /// Commits what is queued, empties the write-ahead log and answers `unavailable` from then on. Again: nothing.
  void stop();

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace coreldove::persistence::sqlite
