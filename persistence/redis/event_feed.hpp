#pragma once
// The journal as a Redis stream: every committed event at least once and in order, trimmed to a length. It follows the journal, not the actors: where it goes
// on is what Redis says it holds, so nothing is missed while Redis is away, and what was flushed is there again as far back as the stream is long.
//
// An entry's id is "<position>-0", and a batch is put in by a script that takes only what comes after the stream's end, and only where that is not before what
// the batch follows. So several nodes may do this at once, and a flush between two batches makes no gap.
//
//        connected                 holds nothing, or the journal's own          page        taken
//   away ─────────► looking ──────────────────────────────────────────► reading ───► adding ───► reading …
//                     ▲  └ refused, or another store's stream ► resting    │ empty          └ gap ► looking
//                     └────────────────── after a while ─────────┘         └► idle ── commit ─► reading
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/redis/client.hpp"

namespace coreldove::persistence::redis {

struct feed_event {
  std::uint64_t position = 0;
  std::string stream, type, document;  // document: as the HTTP event stream sends it
};

/// Where the events come from. `done` runs once, on any thread.
struct feed_source {
  std::function<void(std::uint64_t after, std::uint32_t limit, std::function<void(domain::result<std::vector<feed_event>>)> done)> read;
  std::function<void(std::function<void(domain::result<std::uint64_t>)> done)> last_position;
};

struct feed_options {
  std::uint64_t length = 100'000;  // entries kept at least; Redis trims in blocks
  std::uint32_t page = 200;        // events in one command: how long it keeps the server from others
  std::chrono::milliseconds rest{1'000};
  std::function<void(const std::string& problem)> state = {};               // empty: none; on any thread
  std::function<void(std::uint64_t events, std::uint64_t end)> added = {};  // on the client's thread; end: the last position in the stream
};

class event_feed final : public listener {
public:
  static constexpr std::string_view key = "coreldove:events";

  /// Of the source nothing is asked after the client's stop(); answers that come later are dropped.
  event_feed(std::shared_ptr<client> redis, feed_source source, feed_options options);
  ~event_feed() override;

  /// After commits; from any thread.
  void committed();
  void connected() override;
  void tick(std::chrono::steady_clock::time_point now) override;

private:
  struct follower;
  std::shared_ptr<follower> follower_;
};

}  // namespace coreldove::persistence::redis
