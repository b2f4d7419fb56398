#pragma once
// The world's memory across restarts: one JSON line per effect, only ever appended. Thread-safe.
//
// append() collects lines, flush() hands them to the operating system; the server flushes before the answers leave, so an answered effect
// survives the death of the process (not of the machine: there is no fsync).
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace coreldove::integrations::world {

class state_log {
public:
  state_log() = default;
  ~state_log();
  state_log(const state_log&) = delete;
  state_log& operator=(const state_log&) = delete;

  /// Feeds every whole line of the file to `on_line`, cuts off a torn last one, and opens the file for appending.
  /// Throws std::runtime_error; also where on_line does.
  void open(const std::filesystem::path& file, const std::function<void(std::string_view)>& on_line);
  bool enabled() const { return fd_ >= 0; }
  /// `line` without its line end.
  void append(std::string_view line);
  void flush();

private:
  std::mutex mutex_;
  std::string waiting_;
  std::filesystem::path file_;
  int fd_ = -1;
};

}  // namespace coreldove::integrations::world
