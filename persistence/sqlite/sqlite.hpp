#pragma once
// The embedded store: one SQLite file with its write-ahead log and its lock beside it. One process at a time may write it.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "persistence/open_store.hpp"

namespace coreldove::persistence::sqlite {

struct sqlite_options {
  std::filesystem::path file;
  unsigned readers = 2;
  std::size_t max_queued = 20'000;                        // appends, and reads; beyond it the answer is `unavailable` at once
  std::function<void(std::uint64_t position)> on_commit;  // on the writer thread, after the answers
  commit_observers observe;
};

class sqlite_store final : public opened_store {
public:
  /// Creates or upgrades the store. Throws std::runtime_error with one sentence for the operator: written by a newer program, corrupt, in use by
  /// another process, not writable, on a network file system.
  explicit sqlite_store(sqlite_options options);
  ~sqlite_store() override;

  persistence::journal& journal() override;
  persistence::store& store() override;
  void find_api_key(std::string hash, reply<std::optional<api_key>> done) override;
  /// Also empties the write-ahead log.
  void stop() override;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace coreldove::persistence::sqlite
