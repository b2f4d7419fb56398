#pragma once
// One thread, one epoll, many kept-alive connections with one request in flight on each. What is asked, and what becomes of the answers, is the
// workload's business.
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/operation.hpp"
#include "bench/options.hpp"
#include "bench/response_reader.hpp"

namespace coreldove::bench {

using clock = std::chrono::steady_clock;

/// What a request was, for the one who made it.
struct ticket {
  operation op{};
  std::size_t n = 0;
};

/// Why a request has no answer.
enum class trouble : std::uint8_t {
  closed,        // the server closed, or the network failed, after the request had gone out: its outcome is not known
  bad_response,  // not HTTP
  timed_out,
  unsent,  // open loop: due, but no connection came free before the run ended
};
inline constexpr std::array<std::string_view, 4> trouble_names{"closed", "bad response", "timed out", "unsent"};

class workload {
public:
  virtual ~workload() = default;
  /// Appends the next request to `out` (empty before); nothing once there is none left.
  virtual std::optional<ticket> next(std::string& out) = 0;
  /// `started`: when the request went out, or in an open loop should have.
  virtual void answered(const ticket& what, int status, std::string_view body, clock::time_point started, clock::time_point now) = 0;
  virtual void failed(const ticket& what, trouble why) = 0;
  /// A connection could not be made; the loop tries again.
  virtual void not_connected() = 0;
  /// After each batch of events: whatever is cheaper done once for many answers.
  virtual void round(clock::time_point now) = 0;
};

struct endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
  int family = AF_INET;
};
/// Looks the host up. Throws std::runtime_error with one sentence where that fails.
endpoint resolve(const address& where);

struct loop_settings {
  endpoint server;
  std::uint32_t connections = 1;
  double rate = 0;                            // requests a second of this loop; 0: closed loop
  std::optional<clock::time_point> begin_at;  // open loop: when the first request is due; now where not given
  std::optional<clock::time_point> stop_at;   // no new request afterwards
  clock::duration timeout = std::chrono::seconds{90};
  clock::duration patience = std::chrono::seconds{30};
};

class loop {
public:
  loop(loop_settings settings, workload& work);
  ~loop();
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Until the workload has nothing left, or stop_at has come, and every request has its answer or has timed out.
  /// False: given up, because no connection could be made for `patience`.
  bool run();

private:
  enum class phase : std::uint8_t { closed, connecting, idle, busy };
  struct connection {
    int fd = -1;
    phase state = phase::closed;
    response_reader reader;
    std::string out;
    std::size_t sent = 0;
    ticket what;
    clock::time_point started{};   // intended start
    clock::time_point deadline{};  // busy: of the answer; closed: when to try again
  };

  void open(connection& c);
  void shut(connection& c);
  void broken(connection& c, trouble why);
  void connected(connection& c);
  void handle(connection& c, std::uint32_t events);
  void read(connection& c);
  void finish(connection& c);
  void peer_closed(connection& c);
  void flush(connection& c);
  void offer(connection& c);
  bool start(connection& c, clock::time_point intended);
  void start_due();
  void sweep();
  void report_unsent();
  clock::duration pause() const;
  bool over() const;
  bool ending() const;
  clock::time_point intended_start(std::uint64_t n) const;

  loop_settings settings_;
  workload& work_;
  int epoll_ = -1;
  std::vector<connection> connections_;
  std::deque<connection*> idle_;  // open loop: free connections, taken in turn
  std::vector<char> buffer_;
  clock::time_point now_{}, begun_{}, last_contact_{}, next_sweep_{};
  std::uint64_t started_ = 0;  // open loop: requests that have left, in the order of their intended starts
  std::size_t busy_ = 0, open_ = 0;
  bool exhausted_ = false;
};

}  // namespace coreldove::bench
