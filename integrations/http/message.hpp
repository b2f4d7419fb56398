#pragma once
// What goes out to, and comes back from, another HTTP server. Plain data; nothing here touches a socket.
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace coreldove::integrations::http {

/// Header fields as one flat text of "Name: value\r\n" lines: one allocation for all of them, and a constant beginning is copied, not rebuilt.
class header_block {
public:
  /// A name that is no token, or a value with control characters, spoils the block: a request with it is never sent (see `valid`).
  header_block& add(std::string_view name, std::string_view value);
  /// The first field of that name, whatever its case; empty where there is none.
  std::string_view find(std::string_view name) const;
  bool valid() const { return valid_; }
  const std::string& text() const { return text_; }

private:
  std::string text_;
  bool valid_ = true;
};

struct request {
  std::string method = "GET";
  std::string url = {};       // absolute, http or https
  header_block headers = {};  // without Host, Content-Length and Connection: those are the client's
  std::string body = {};
  std::chrono::milliseconds timeout{10'000};  // for all of it: waiting for a connection, connecting, TLS, writing, reading
  std::string trace_id = {};                  // 32 lower-case hex digits: goes out as `traceparent`
  bool retry_on_stale = false;                // may be sent twice: safe by itself, or the other side drops repeats by a key
  // Asked right before the first byte goes out, on a thread of the client: how long this process is still the one to send it. Nothing left: not_sent,
  // "withdrawn". What the other side has not received by then it never does, even where this process stands still or the network is cut. Empty: no bound.
  std::function<std::chrono::milliseconds()> time_left = {};
};

/// How far an exchange got.
enum class reach : std::uint8_t {
  not_sent,   // the other side has not seen it: refused, no address, TLS failed, no connection in time
  no_answer,  // it may have seen it; lost, too late, or the answer was unreadable
  answered,
};

struct response {
  reach kind = reach::no_answer;
  int status = 0;  // the rest only where answered
  header_block headers;
  std::string body;        // has room behind its end for a SIMD parser's padding
  std::string_view error;  // else, one word: bad_request, overloaded, dns, refused, connect, tls, timeout, lost, malformed, too_large, stopped, withdrawn
};

using on_response = std::function<void(response)>;

}  // namespace coreldove::integrations::http
