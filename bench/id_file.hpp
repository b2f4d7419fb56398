#pragma once
// Order ids in a text file, one per line: what was acknowledged, for the time after a crash.
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace coreldove::bench {

/// Appends to a file. Thread-safe; each write goes to the operating system at once, whole lines only.
class id_writer {
public:
  /// Throws std::system_error where the file can't be opened.
  explicit id_writer(const std::string& path);
  ~id_writer();
  id_writer(const id_writer&) = delete;
  id_writer& operator=(const id_writer&) = delete;
  /// `lines` end in a line feed each. Throws std::system_error.
  void write(std::string_view lines);

private:
  std::mutex mutex_;
  int fd_ = -1;
};

/// All lines that are ids: letters, digits, '_' and '-', at most 64 characters. Throws std::runtime_error naming the first line that is none.
std::vector<std::string> read_ids(const std::string& path);

}  // namespace coreldove::bench
