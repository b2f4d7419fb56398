#pragma once
// One HTTP request and its answer, as the vendors of the sandbox see them: plain views and text, no server library.
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coreldove::integrations::world {

/// The views live until answer() returns.
struct request {
  std::string_view method, path, query, body;  // path: below the vendor's mount ("/v1/refunds"), as sent
  std::vector<std::pair<std::string_view, std::string_view>> headers;

  /// The first header of that name (any case); empty where there is none.
  std::string_view header(std::string_view name) const;
};

/// answer: send it. close: the connection ends without an answer. reset: the same, at once and hard. hold: no answer, until the other side gives up.
enum class ending { answer, close, reset, hold };

struct reply {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string headers;  // further header lines, each with its CRLF
  std::string body;
  std::function<bool(std::string&)> more;  // appends the next piece of a long body; false: that was the last
  ending end = ending::answer;
  std::chrono::milliseconds delay{0};  // the answer leaves this much later

  /// Back to the beginning; keeps the memory.
  void clear();
  void add_header(std::string_view name, std::string_view value);
};

/// The world's own errors (not a vendor's): application/problem+json.
void problem(reply& out, int status, std::string_view title, std::string_view detail);

}  // namespace coreldove::integrations::world
