#include "integrations/sandbox/state_log.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace coreldove::integrations::world {

namespace {
[[noreturn]] void fail(std::string_view what, const std::filesystem::path& file, std::string_view why) {
  throw std::runtime_error(fmt::format("sandbox state file {}: {} ({})", file.string(), what, why));
}
}  // namespace

state_log::~state_log() {
  flush();
  if (fd_ >= 0) ::close(fd_);
}

void state_log::open(const std::filesystem::path& file, const std::function<void(std::string_view)>& on_line) {
  file_ = file;
  std::uintmax_t whole = 0;
  if (std::ifstream in(file, std::ios::binary); in) {
    std::string line;
    for (std::size_t n = 1; std::getline(in, line) && !in.eof(); ++n) {  // eof: no line end, so the write was cut short
      try {
        on_line(line);
      } catch (const std::exception& e) {
        fail(fmt::format("line {} cannot be read", n), file, e.what());
      }
      whole += line.size() + 1;
    }
    if (in.bad()) fail("cannot be read", file, std::strerror(errno));
  }
  fd_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) fail("cannot be opened", file, std::strerror(errno));
  if (::ftruncate(fd_, static_cast<off_t>(whole)) != 0) fail("cannot be truncated to its last whole line", file, std::strerror(errno));
}

void state_log::append(std::string_view line) {
  const std::lock_guard lock(mutex_);
  waiting_.append(line).push_back('\n');
}

void state_log::flush() {
  const std::lock_guard lock(mutex_);
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const auto written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      spdlog::error("sandbox state file {}: {}; effects since then will be forgotten at the next start", file_.string(), std::strerror(errno));
      break;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  waiting_.clear();
}

}  // namespace coreldove::integrations::world
