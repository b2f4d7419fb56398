#pragma once
// What the tests of the sandbox talk with: plain blocking sockets, so that they see exactly what goes over the wire.
#include <simdjson.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "integrations/sandbox/sandbox.hpp"

namespace coreldove::tests {

using headers = std::map<std::string, std::string>;

struct response {
  int status = 0;          // 0: the connection ended without an answer
  bool timed_out = false;  // no answer in time, the connection still open
  headers fields;          // names in lower case
  std::string body;

  simdjson::dom::element json() const;
  /// The text or the number at a JSON pointer, as text; "" where there is none, "null" for null.
  std::string at(std::string_view pointer) const;

private:
  mutable std::shared_ptr<simdjson::dom::parser> parser_ = std::make_shared<simdjson::dom::parser>();
};

/// One TCP connection to 127.0.0.1.
class wire {
public:
  explicit wire(std::uint16_t port);
  ~wire();
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;

  void send(std::string_view bytes);
  /// Up to and with `end`; shorter where the connection ended or the time was up.
  std::string read_until(std::string_view end, std::chrono::milliseconds patience = std::chrono::seconds{5});
  response read_response(std::chrono::milliseconds patience = std::chrono::seconds{5});
  bool closed() const { return closed_; }
  bool was_reset() const { return reset_; }

private:
  bool fill(std::chrono::steady_clock::time_point until);
  int fd_ = -1;
  std::string buffer_;
  bool closed_ = false, reset_ = false;
};

std::string request_text(std::string_view method, std::string_view target, const headers& fields, std::string_view body);
/// One request on a connection of its own.
response call(std::uint16_t port, std::string_view method, std::string_view target, const headers& fields = {}, std::string_view body = {},
              std::chrono::milliseconds patience = std::chrono::seconds{5});

std::vector<std::string> lines_of(std::string_view text);

/// A started sandbox with what most tests ask of it.
class sandbox_under_test {
public:
  explicit sandbox_under_test(integrations::sandbox_options options = {});
  std::uint16_t port() const { return box_.port(); }
  std::uint16_t smtp_port() const { return box_.smtp_port(); }
  integrations::sandbox& box() { return box_; }

  response get(std::string_view target) const { return call(port(), "GET", target); }
  response stripe(std::string_view method, std::string_view path, std::string_view form = {}, std::string_view key = {},
                  std::chrono::milliseconds patience = std::chrono::seconds{5}) const;
  /// Authorises 59.98 USD on tok_visa; the id.
  std::string authorized(std::string_view key = "ord_1/authorize/1") const;
  response fault(std::string_view json) const { return call(port(), "POST", "/faults", {}, json); }
  response advance(std::string_view number, std::string_view state) const;
  std::vector<std::string> ledger(std::string_view query = {}) const;

private:
  integrations::sandbox box_;
};

/// A server that takes webhooks and remembers them.
class catcher {
public:
  catcher();
  ~catcher();
  std::string base() const;
  /// Answers the next ones with these statuses, then 200.
  void answer_with(std::vector<int> statuses);

  struct caught {
    std::string path, body;
    headers fields;
  };
  /// Waits, five seconds at most, until `count` are there.
  std::vector<caught> wait_for(std::size_t count);

private:
  void serve(int fd);
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<caught> caught_;
  std::vector<int> statuses_, open_;
  std::vector<std::thread> workers_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace coreldove::tests
