// Loaded before the C library (LD_PRELOAD) into the program under test: disks that fail, a power cord at a chosen write, a wall clock that is set. SQLite is
// the only part of the program that writes at places in files and syncs them, so that is where these faults strike.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/interposer/control.hpp"

namespace {

coreldove::interposer::control* map_control() {
  const char* path = getenv(coreldove::interposer::path_variable);
  if (path == nullptr) return nullptr;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) abort();
  void* page = mmap(nullptr, sizeof(coreldove::interposer::control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (page == MAP_FAILED) abort();
  return static_cast<coreldove::interposer::control*>(page);
}

/// Null in a program that nobody controls.
coreldove::interposer::control* control() {
  static coreldove::interposer::control* const page = map_control();
  return page;
}

/// Counts down to the one that is meant; 0 means none.
bool is_the_one(std::atomic<std::int64_t>& counter) { return counter.load() > 0 && counter.fetch_sub(1) == 1; }

int fail(int error) {
  errno = error;
  return -1;
}

ssize_t write_at(int file, const void* bytes, size_t size, off_t where) {
  if (auto* c = control()) {
    ++c->writes;
    if (const int error = c->write_error) return fail(error);
    if (is_the_one(c->kill_at_write)) {
      syscall(SYS_pwrite64, file, bytes, size / 2, where);
      raise(SIGKILL);
    }
  }
  return syscall(SYS_pwrite64, file, bytes, size, where);
}

int sync_file(long number, int file) {
  if (auto* c = control()) {
    ++c->syncs;
    if (const int error = c->sync_error) return fail(error);
    if (is_the_one(c->kill_at_sync)) raise(SIGKILL);
  }
  return static_cast<int>(syscall(number, file));
}

std::int64_t clock_offset_s() {
  const auto* c = control();
  return c == nullptr ? 0 : c->clock_offset_s.load();
}

}  // namespace

extern "C" {

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t where) { return write_at(file, bytes, size, where); }
ssize_t pwrite(int file, const void* bytes, size_t size, off_t where) { return write_at(file, bytes, size, where); }
int fdatasync(int file) { return sync_file(SYS_fdatasync, file); }
int fsync(int file) { return sync_file(SYS_fsync, file); }

int clock_gettime(clockid_t clock, timespec* into) noexcept {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, into));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) into->tv_sec += clock_offset_s();
  return result;
}

int gettimeofday(timeval* into, void* zone) noexcept {
  const auto result = static_cast<int>(syscall(SYS_gettimeofday, into, zone));
  if (result == 0) into->tv_sec += clock_offset_s();
  return result;
}

time_t time(time_t* into) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}
}
