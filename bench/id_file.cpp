#include "bench/id_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace coreldove::bench {
namespace {

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
  });
}

}  // namespace

id_writer::id_writer(const std::string& path) : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
}

id_writer::~id_writer() { ::close(fd_); }

void id_writer::write(std::string_view lines) {
  const std::scoped_lock lock{mutex_};
  while (!lines.empty()) {
    const auto n = ::write(fd_, lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::system_error(errno, std::generic_category(), "writing ids");
    lines.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::vector<std::string> read_ids(const std::string& path) {
  std::ifstream in{path};
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<std::string> out;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty()) continue;
    if (!is_id(line)) throw std::runtime_error(path + ": line " + std::to_string(number) + " is no order id");
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace coreldove::bench
