#pragma once
// The command line of `coreldove bench`, read and checked as a whole.
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/operation.hpp"
#include "bench/threshold.hpp"

namespace coreldove::bench {

/// Where the server is. Only http://: the generator measures the server, not a TLS library.
struct address {
  std::string host = "127.0.0.1";
  std::string port = "8001";
  friend bool operator==(const address&, const address&) = default;
};

/// Shares of the operations, in any unit.
using mix = std::array<std::uint32_t, operation_count>;

struct options {
  enum class task { load, check_ids, limits };
  task what = task::load;

  address server;
  std::string api_key = "dev-admin-key";
  std::uint32_t connections = 64, threads = 1;
  std::uint64_t requests = 0;  // 0: as long as `duration`
  std::chrono::nanoseconds duration = std::chrono::seconds{30};
  double rate = 0;                                               // intended requests a second; 0: closed loop
  std::uint32_t wait = 0;                                        // seconds of Prefer: wait; 0: none
  std::chrono::nanoseconds timeout = std::chrono::seconds{90};   // of one request
  std::chrono::nanoseconds patience = std::chrono::seconds{30};  // how long no connection may succeed before the run gives up
  bench::mix mix{100, 0, 0, 0};

  std::uint32_t lines = 3;
  std::vector<std::string> skus;  // filled by default with BENCH-0001..BENCH-0050
  double zipf = 0;                // exponent of the SKUs' popularity; 0: uniform
  std::uint64_t customers = 0;    // 0: every order has a customer of its own
  std::optional<std::uint64_t> seed;
  bool idempotency_keys = false, email = false;
  std::string gateway = "stripe", token = "tok_visa";
  std::vector<std::string> list_queries;

  bool until_confirmed = false;
  std::chrono::nanoseconds confirm_within = std::chrono::minutes{5};
  std::string known_ids_file, ids_file, check_ids_file, json_file;
  std::vector<threshold> thresholds;
  int server_pid = 0;  // 0: not watched
  bool quiet = false;  // no progress lines

  std::string directory = ".";                              // limits: where the disk is measured
  std::chrono::nanoseconds each = std::chrono::seconds{2};  // limits: time per measurement
};

struct command_line {
  std::optional<options> go;  // nothing: `text` says why, or is the help that was asked for
  int exit_status = 0;
  std::string text;
};

command_line parse_command_line(const std::vector<std::string>& args);

/// "http://127.0.0.1:8001", also without a port (80) and with a slash at the end; IPv6 addresses in brackets.
std::optional<address> parse_url(std::string_view text);
/// "create=90,get=5,list=3,fulfill=2"; what is not named has no share, and at least one has to have one.
std::optional<mix> parse_mix(std::string_view text);
/// "BENCH-0001..BENCH-0050" (same letters, same number of digits), or names separated by commas. At most 100,000.
std::optional<std::vector<std::string>> parse_skus(std::string_view text);
/// "30s", "1m", "500ms".
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace coreldove::bench
