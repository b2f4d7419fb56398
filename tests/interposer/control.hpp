#pragma once
// What a test and the interposed program share: one page of a file that both have mapped. All zero: nothing is done.
#include <atomic>
#include <cstdint>

namespace coreldove::interposer {

/// The environment variable with the path of that file.
inline constexpr const char* path_variable = "INTERPOSER_CONTROL";

struct control {
  std::atomic<std::int64_t> clock_offset_s{0};     // added to the wall clock; the steady clock is left alone
  std::atomic<std::int64_t> kill_at_sync{0};       // the N-th fdatasync or fsync from now on does not happen: the process is killed instead
  std::atomic<std::int64_t> kill_at_write{0};      // of the N-th write at a place in a file only half gets there, then the process is killed
  std::atomic<std::int32_t> write_error{0};        // errno of every write at a place in a file, such as ENOSPC
  std::atomic<std::int32_t> sync_error{0};         // errno of every fdatasync and fsync
  std::atomic<std::uint64_t> syncs{0}, writes{0};  // so far
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free && std::atomic<std::int32_t>::is_always_lock_free);

}  // namespace coreldove::interposer
