#pragma once
// Moves committed pages from the write-ahead log into the store's file on a thread of its own, so that commits need not wait for it.
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

namespace coreldove::persistence::sqlite {

class checkpointer {
public:
  explicit checkpointer(std::filesystem::path file);
  ~checkpointer();

  /// Starts one unless one is running; `done` runs on the checkpointer's thread.
  void start(std::function<void()> done);

private:
  void run();

  std::filesystem::path file_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::function<void()> wanted_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace coreldove::persistence::sqlite
