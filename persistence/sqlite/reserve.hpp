#pragma once
// Room on the store's disk, kept back in a file beside it for the day on which there is none. Without it a disk could fill up with the write-ahead log itself:
// what is committed there can only leave it for the store's file, which could not grow, and so nothing would ever be freed again.
#include <cstdint>
#include <filesystem>

namespace coreldove::persistence::sqlite {

class reserve {
public:
  /// Takes some megabytes, less on a small disk; goes without, with a warning, where even that cannot be had.
  explicit reserve(const std::filesystem::path& store);

  /// Takes again what has been given. False where the disk does not have it.
  bool take();
  /// Lets the store have it.
  void give();

private:
  std::filesystem::path file_;
  std::int64_t size_bytes_;
};

}  // namespace coreldove::persistence::sqlite
