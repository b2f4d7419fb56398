#include "persistence/sqlite/wal_buffer.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

namespace coreldove::persistence::sqlite {
namespace {

constexpr std::size_t buffered_bytes_max = 4u << 20;
constexpr std::size_t bytes_per_write = 64u << 10;  // SQLite's own layer cannot take 128 KiB or more at once

sqlite3_vfs* system_vfs = nullptr;

/// An open log. The operating system's own file lies behind it, in the same piece of memory.
struct log_file : sqlite3_file {
  sqlite3_file* system = nullptr;
  std::vector<char> bytes;  // not written yet
  sqlite3_int64 from = 0;   // where they belong in the file

  sqlite3_int64 to() const { return from + static_cast<sqlite3_int64>(bytes.size()); }

  int flush() {
    for (std::size_t done = 0; done < bytes.size();) {
      const auto part = std::min(bytes.size() - done, bytes_per_write);
      const int code = system->pMethods->xWrite(system, bytes.data() + done, static_cast<int>(part), from + static_cast<sqlite3_int64>(done));
      if (code != SQLITE_OK) return code;
      done += part;
    }
    bytes.clear();
    return SQLITE_OK;
  }

  int write(const void* data, int size, sqlite3_int64 at) {
    const auto* begin = static_cast<const char*>(data);
    if (!bytes.empty() && at >= from && at + size <= to()) {  // a frame of this transaction once more
      std::memcpy(bytes.data() + (at - from), begin, static_cast<std::size_t>(size));
      return SQLITE_OK;
    }
    if (at != to() || bytes.size() + static_cast<std::size_t>(size) > buffered_bytes_max) {
      if (const int code = flush(); code != SQLITE_OK) return code;
      from = at;
    }
    bytes.insert(bytes.end(), begin, begin + size);
    return SQLITE_OK;
  }
};

log_file& log_of(sqlite3_file* f) { return *static_cast<log_file*>(f); }

/// Writes what is kept, then does the same thing to the system's file.
template <auto Method, class... Args>
int after_flush(sqlite3_file* f, Args... args) {
  auto& log = log_of(f);
  if (const int code = log.flush(); code != SQLITE_OK) return code;
  return (log.system->pMethods->*Method)(log.system, args...);
}

int close(sqlite3_file* f) {
  auto& log = log_of(f);
  const int written = log.flush();
  const int closed = log.system->pMethods->xClose(log.system);
  log.~log_file();
  return written != SQLITE_OK ? written : closed;
}

int write(sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
  try {
    return log_of(f).write(data, size, at);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
}

int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  auto& log = log_of(f);
  const bool kept = !log.bytes.empty() && at < log.to() && at + size > log.from;
  if (kept)
    if (const int code = log.flush(); code != SQLITE_OK) return code;
  return log.system->pMethods->xRead(log.system, to, size, at);
}

int lock(sqlite3_file* f, int level) { return log_of(f).system->pMethods->xLock(log_of(f).system, level); }
int unlock(sqlite3_file* f, int level) { return log_of(f).system->pMethods->xUnlock(log_of(f).system, level); }
int check_reserved_lock(sqlite3_file* f, int* out) { return log_of(f).system->pMethods->xCheckReservedLock(log_of(f).system, out); }
int file_control(sqlite3_file* f, int op, void* arg) { return log_of(f).system->pMethods->xFileControl(log_of(f).system, op, arg); }
int sector_size(sqlite3_file* f) { return log_of(f).system->pMethods->xSectorSize(log_of(f).system); }
int device_characteristics(sqlite3_file* f) { return log_of(f).system->pMethods->xDeviceCharacteristics(log_of(f).system); }

/// Version 1: no shared memory and no memory mapping, which SQLite uses for the database's file alone.
const sqlite3_io_methods log_methods{1,
                                     close,
                                     read,
                                     write,
                                     after_flush<&sqlite3_io_methods::xTruncate, sqlite3_int64>,
                                     after_flush<&sqlite3_io_methods::xSync, int>,
                                     after_flush<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
                                     lock,
                                     unlock,
                                     check_reserved_lock,
                                     file_control,
                                     sector_size,
                                     device_characteristics,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* f, int flags, int* out_flags) {
  if ((flags & SQLITE_OPEN_WAL) == 0) return system_vfs->xOpen(system_vfs, name, f, flags, out_flags);
  auto* log = new (f) log_file;
  log->system = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(f) + sizeof(log_file));
  const int code = system_vfs->xOpen(system_vfs, name, log->system, flags, out_flags);
  log->pMethods = code == SQLITE_OK ? &log_methods : nullptr;
  if (code != SQLITE_OK) log->~log_file();
  return code;
}

sqlite3_vfs make_vfs() {
  system_vfs = sqlite3_vfs_find(nullptr);
  sqlite3_vfs vfs = *system_vfs;
  vfs.zName = "wal_buffer";
  vfs.szOsFile = static_cast<int>(sizeof(log_file)) + system_vfs->szOsFile;
  vfs.xOpen = open;
  return vfs;
}

}  // namespace

const char* wal_buffer_vfs() {
  static sqlite3_vfs vfs = make_vfs();
  static const int registered = sqlite3_vfs_register(&vfs, 0);
  return registered == SQLITE_OK ? vfs.zName : nullptr;
}

}  // namespace coreldove::persistence::sqlite
