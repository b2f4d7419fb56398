#pragma once
// Runs the built executable the way a person would: with arguments and an environment, in a folder of its own.
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace coreldove::program_test {

using arguments = std::vector<std::string>;
using environment = std::map<std::string, std::string>;

struct ended {
  int status = -1;  // exit status; 128 + signal where a signal ended it
  std::string out, err;
};

/// A started program. Its streams go to files in `folder`. Killed where it is still running at the end of the test.
class program {
public:
  /// The environment holds nothing but `variables` and DATA_DIR=`folder`/var unless that is among them.
  /// `err`: where its standard error goes instead.
  program(std::filesystem::path folder, const arguments& args, environment variables = {}, std::filesystem::path err = {});
  ~program();
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  /// The first complete line of standard output with `part` in it; empty where none comes before the program ends or the time is up.
  std::string wait_for_line(const std::string& part, std::chrono::seconds at_most = std::chrono::seconds{20});
  /// Nothing where it has ended.
  void signal(int number);
  pid_t pid() const { return pid_; }
  bool running() { return !has_ended(); }
  /// Waits for the end; status -1 where the time is up first.
  ended wait(std::chrono::seconds at_most = std::chrono::seconds{20});

private:
  bool has_ended();

  std::filesystem::path folder_, out_, err_;
  pid_t pid_ = -1;
  int status_ = -1;
};

/// Runs it to its end.
ended run(const std::filesystem::path& folder, const arguments& args, environment variables = {});

/// A fresh folder for the running test, removed at its end.
class scratch {
public:
  scratch();
  ~scratch();
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

std::string file_text(const std::filesystem::path& path);
std::vector<std::string> lines_of(const std::string& text);

}  // namespace coreldove::program_test
