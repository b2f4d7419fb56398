#include "tests/program/program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace coreldove::program_test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::string unique_name(const char* what) {
  static std::atomic<int> count = 0;
  return what + std::to_string(++count);
}

}  // namespace

program::program(std::filesystem::path folder, const arguments& args, environment variables, std::filesystem::path err)
    : folder_(std::move(folder)), out_(folder_ / unique_name("out.")), err_(folder_ / unique_name("err.")) {
  variables.emplace("DATA_DIR", (folder_ / "var").string());
  std::vector<std::string> argv{CORELDOVE_BINARY}, env;
  argv.insert(argv.end(), args.begin(), args.end());
  for (const auto& [name, value] : variables) env.push_back(name + "=" + value);
  auto argv_pointers = pointers(argv), env_pointers = pointers(env);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, (err.empty() ? err_ : err).c_str(), O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
  const int failed = posix_spawn(&pid_, CORELDOVE_BINARY, &files, nullptr, argv_pointers.data(), env_pointers.data());
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) throw std::runtime_error("cannot start " CORELDOVE_BINARY);
}

program::~program() {
  if (has_ended()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool program::has_ended() {
  if (status_ >= 0) return true;
  int raw = 0;
  if (::waitpid(pid_, &raw, WNOHANG) != pid_) return false;
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return true;
}

std::string program::wait_for_line(const std::string& part, std::chrono::seconds at_most) {
  const auto until = std::chrono::steady_clock::now() + at_most;
  for (bool last = false; !last;) {
    last = has_ended() || std::chrono::steady_clock::now() > until;  // what was written before the end still counts
    const auto text = file_text(out_);
    for (const auto& line : lines_of(text.substr(0, text.rfind('\n') + 1)))
      if (line.find(part) != std::string::npos) return line;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return {};
}

void program::signal(int number) {
  if (!has_ended()) ::kill(pid_, number);
}

ended program::wait(std::chrono::seconds at_most) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd end{handle, POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(at_most).count();
  if (handle >= 0) {
    ::poll(&end, 1, static_cast<int>(milliseconds));
    ::close(handle);
  }
  if (!has_ended()) return {-1, file_text(out_), file_text(err_)};
  return {status_, file_text(out_), file_text(err_)};
}

ended run(const std::filesystem::path& folder, const arguments& args, environment variables) { return program{folder, args, std::move(variables)}.wait(); }

scratch::scratch() {
  static std::atomic<unsigned> made{0};
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  path_ = std::filesystem::path{testing::TempDir()} / ("coreldove_" + std::to_string(::getpid()) + "_" + test->name() + "_" + std::to_string(++made));
  std::filesystem::create_directories(path_);
}

scratch::~scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

}  // namespace coreldove::program_test
