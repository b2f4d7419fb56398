#pragma once
// What a handler answers, and how: once, from any thread. Long answers come as a stream that is asked for its next piece only when the last one is on its way.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace coreldove::http {

inline constexpr std::string_view json_type = "application/json; charset=utf-8";
inline constexpr std::string_view problem_type = "application/problem+json; charset=utf-8";

/// The pieces of a body whose length is not known beforehand.
class body_stream {
public:
  virtual ~body_stream() = default;
  /// Asks for the next piece. `done` runs once, on any thread, with a piece that is not empty, or with last = true.
  virtual void next(std::function<void(std::string piece, bool last)> done) = 0;
  /// Sent while nothing else comes, so that both sides notice a dead line; empty: none.
  virtual std::string_view heartbeat() const { return {}; }
};

/// Takes a body while it arrives. Called on the connection's thread.
class body_sink {
public:
  virtual ~body_sink() = default;
  /// Takes all of `piece`. False: no more for now, until the function given to on_room runs.
  virtual bool write(std::string_view piece) = 0;
  virtual void end() = 0;
  /// `room` may run on any thread, any number of times.
  virtual void on_room(std::function<void()> room) = 0;
};

struct response {
  int status = 200;
  std::string_view content_type = json_type;  // static text; not sent with an empty body
  std::string headers;                        // complete lines, see add_header
  std::string body;
  std::shared_ptr<body_stream> stream;  // instead of `body`
  std::shared_ptr<body_sink> sink;      // wants the request's body as it comes; only for routes that stream

  void add_header(std::string_view name, std::string_view value) {
    headers.append(name).append(": ");
    for (char c : value)
      if (c != '\r' && c != '\n') headers.push_back(c);
    headers.append("\r\n");
  }
};

/// The connection, as far as answers are concerned.
class answer_sink {
public:
  virtual ~answer_sink() = default;
  virtual void answer(std::uint64_t slot, response r) = 0;
};

/// Answers one request, once; copies stand for the same request. A second answer, or one after the deadline, is dropped.
class responder {
public:
  responder(std::shared_ptr<answer_sink> sink, std::uint64_t slot) : sink_(std::move(sink)), slot_(slot) {}
  void operator()(response r) const { sink_->answer(slot_, std::move(r)); }

private:
  std::shared_ptr<answer_sink> sink_;
  std::uint64_t slot_;
};

}  // namespace coreldove::http
