#include "persistence/sqlite/reserve.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace coreldove::persistence::sqlite {
namespace {

/// A log of 64 MB, when it is emptied in the background, brings some 6 MB of new pages: an order rewrites most of the pages that it touches.
constexpr std::uintmax_t size_bytes_max = 32u << 20;
constexpr std::uintmax_t share_of_free_room = 4;

std::uintmax_t suitable_size(const std::filesystem::path& file) {
  std::error_code none;
  const auto kept = std::filesystem::file_size(file, none);
  const auto held = none ? 0 : kept;
  const auto room = std::filesystem::space(file.has_parent_path() ? file.parent_path() : ".", none);
  return none ? held : std::max(held, std::min(size_bytes_max, room.available / share_of_free_room));
}

}  // namespace

reserve::reserve(const std::filesystem::path& store) : file_(store.string() + ".reserve"), size_bytes_(static_cast<std::int64_t>(suitable_size(file_))) {
  if (take()) return;
  spdlog::warn("{}: the disk has no room for it; the store may need help after the disk has been full", file_.string());
  size_bytes_ = 0;
}

bool reserve::take() {
  if (size_bytes_ == 0) return true;
  const int descriptor = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return false;
  const bool taken = posix_fallocate(descriptor, 0, size_bytes_) == 0;
  close(descriptor);
  return taken;
}

void reserve::give() {
  std::error_code gone_already;
  std::filesystem::resize_file(file_, 0, gone_already);
}

}  // namespace coreldove::persistence::sqlite
