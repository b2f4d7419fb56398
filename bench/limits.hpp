#pragma once
// What the machine itself allows, measured beside every run of the suite, so that figures of different machines can be compared: HTTP over loopback
// with nothing behind it, flushes to disk, and rows into SQLite.
#include <string>

#include "bench/options.hpp"

namespace coreldove::bench {

struct machine_limits {
  std::uint32_t echo_connections = 0;
  double echo_per_second = 0;     // POST of an order answered at once by a one-thread stub; the generator shares the machine
  double echo_cpu_us = 0;         // what the stub used for one of them: nothing that answers a request costs less here
  double flushes_per_second = 0;  // 4 KiB appended, then fdatasync, one after another
  double flush_p50_ms = 0, flush_p99_ms = 0;
  double rows_per_second = 0;          // SQLite, WAL, synchronous=FULL, transactions of 256 rows of 600 bytes
  double transactions_per_second = 0;  // the same with one row each
};

/// Each for `asked.each`; the echo over `asked.connections`, at `asked.rate` where there is one. Files are made in, and removed from, `asked.directory`.
/// Throws std::runtime_error.
machine_limits measure(const options& asked);

std::string table_of(const machine_limits& m);
std::string json_of(const machine_limits& m);

}  // namespace coreldove::bench
