#pragma once
// Fills the list index from the store, on a thread of its own: when the store is opened, and after a fault that leaves open what was written.
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "persistence/list_index.hpp"

namespace coreldove::persistence::sqlite {

class list_builder {
public:
  list_builder(std::filesystem::path file, list_index& index);
  ~list_builder();

  /// Begins anew. From the writer's thread, or before it writes: between this and the next commit nothing may come.
  void restart();
  /// Gives up what is being read.
  void stop();

private:
  void run();
  bool read(std::uint64_t build);

  const std::filesystem::path file_;
  list_index& index_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::optional<std::uint64_t> wanted_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace coreldove::persistence::sqlite
