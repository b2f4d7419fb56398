#include "persistence/redis/event_feed.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <optional>
#include <utility>

namespace coreldove::persistence::redis {
namespace {

constexpr std::int64_t nothing_held = -1;
constexpr std::size_t bytes_max = 256 * 1024;  // of one command, about: it has to get through a slow line in a command's time

/// KEYS: the stream. Says where it ends, and which event that is as far as the entry is still there.
constexpr std::string_view look_script = R"(
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info.err then
  if string.find(info.err, 'no such key', 1, true) then return {'-1', '', ''} end
  return info
end
local found = {'-1', '', ''}
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then found[1] = string.match(info[i + 1], '^%d+') end
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last and string.match(last[1], '^%d+') == found[1] then
  for i = 1, #last[2], 2 do
    if last[2][i] == 'stream' then found[2] = last[2][i + 1] end
    if last[2][i] == 'type' then found[3] = last[2][i + 1] end
  end
end
return found)";

/// KEYS: the stream. ARGV: the position that the events follow (-1: the stream is not there), the length to keep, and of each event position, stream, type
/// and document. Stops at the first one that is refused, so the stream never has a gap.
constexpr std::string_view add_script = R"(
local after, top, added = tonumber(ARGV[1]), -1, 0
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info.err then
  if not string.find(info.err, 'no such key', 1, true) then return info end
else
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then top = tonumber(string.match(info[i + 1], '^%d+')) end
  end
end
if top < after or (after == -1 and top ~= -1) then return {'gap', '0', '0'} end
for i = 3, #ARGV, 4 do
  local position = tonumber(ARGV[i])
  if position > top then
    local id = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], ARGV[i] .. '-0',
                           'position', ARGV[i], 'stream', ARGV[i + 1], 'type', ARGV[i + 2], 'event', ARGV[i + 3])
    if type(id) == 'table' then return id end
    top = position
    added = added + 1
  end
end
return {'taken', string.format('%.0f', top), tostring(added)})";

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{n} : std::nullopt;
}

/// Three texts, as both scripts answer.
bool well_formed(const answer& a) {
  if (a.what != answer::kind::list || a.list.size() != 3) return false;
  for (const auto& x : a.list)
    if (x.what != answer::kind::text) return false;
  return true;
}

}  // namespace

/// Lives on while answers of the source are on their way to it.
struct event_feed::follower : std::enable_shared_from_this<event_feed::follower> {
  enum class phase : std::uint8_t { away, looking, reading, adding, idle, resting };

  follower(std::shared_ptr<client> c, feed_source s, feed_options o) : redis(std::move(c)), source(std::move(s)), options(std::move(o)) {}

  void committed() {
    {
      const std::lock_guard lock{mutex};
      news = true;
      if (now != phase::idle) return;  // what is under way will see to it
      now = phase::reading;
    }
    read();
  }

  void look() {
    std::uint64_t mine = 0;
    {
      const std::lock_guard lock{mutex};
      if (closed) return;
      now = phase::looking;
      mine = ++round;
    }
    ask({"EVAL", std::string{look_script}, "1", std::string{key}}, mine, [this, mine](const answer& a) { looked(mine, a); });
  }

  void looked(std::uint64_t mine, const answer& a) {
    const auto top = well_formed(a) ? number_in(a.list[0].text) : std::nullopt;
    if (!top) return rest(mine, "the event stream cannot be read");
    if (*top == nothing_held) return begin_anew(mine);
    const auto end = static_cast<std::uint64_t>(*top);
    if (end == 0) return go_on(mine, 0, 0);
    source.read(end - 1, 1, [self = shared_from_this(), mine, end, a](domain::result<std::vector<feed_event>> page) {
      if (!page) return self->rest(mine, {});
      const bool there = !page->empty() && page->front().position == end;
      const bool same = there && (a.list[1].text.empty() || (page->front().stream == a.list[1].text && page->front().type == a.list[2].text));
      if (same) return self->go_on(mine, static_cast<std::int64_t>(end), end);
      self->rest(mine, fmt::format("the stream {} is another store's: it ends with an event {} that is not in this journal; nothing is added to it", key, end));
    });
  }

  void begin_anew(std::uint64_t mine) {
    source.last_position([self = shared_from_this(), mine](domain::result<std::uint64_t> last) {
      if (!last) return self->rest(mine, {});
      self->go_on(mine, nothing_held, *last > self->options.length ? *last - self->options.length : 0);
    });
  }

  /// `end`: what the stream ends with. `from`: what it is to go on after.
  void go_on(std::uint64_t mine, std::int64_t end, std::uint64_t from) {
    {
      const std::lock_guard lock{mutex};
      if (round != mine || closed) return;
      stream_end = end;
      after = from;
      now = phase::reading;
    }
    read();
  }

  void read() {
    std::uint64_t mine = 0, from = 0;
    {
      const std::lock_guard lock{mutex};
      if (closed) return;
      mine = round;
      from = after;
      news = false;
    }
    source.read(from, options.page, [self = shared_from_this(), mine](domain::result<std::vector<feed_event>> page) {
      if (!page) return self->rest(mine, {});
      if (page->empty()) return self->at_the_end(mine);
      self->add(mine, std::move(*page));
    });
  }

  void at_the_end(std::uint64_t mine) {
    bool more = false;
    {
      const std::lock_guard lock{mutex};
      if (round != mine || closed) return;
      more = news;
      now = more ? phase::reading : phase::idle;
    }
    if (more) return read();
    report({});
  }

  void add(std::uint64_t mine, std::vector<feed_event> page) {
    command c{"EVAL", std::string{add_script}, "1", std::string{key}};
    c.reserve(c.size() + 2 + 4 * page.size());
    {
      const std::lock_guard lock{mutex};
      if (round != mine || closed) return;
      now = phase::adding;
      c.push_back(std::to_string(stream_end));
    }
    c.push_back(std::to_string(options.length));
    std::size_t bytes = 0;
    for (auto& e : page) {
      if (bytes >= bytes_max) break;  // the others are read again
      bytes += e.stream.size() + e.type.size() + e.document.size();
      c.push_back(std::to_string(e.position));
      c.push_back(std::move(e.stream));
      c.push_back(std::move(e.type));
      c.push_back(std::move(e.document));
    }
    ask(std::move(c), mine, [this, mine](const answer& a) { was_added(mine, a); });
  }

  void was_added(std::uint64_t mine, const answer& a) {
    if (well_formed(a) && a.list[0].text == "gap") return look();
    const auto top = well_formed(a) ? number_in(a.list[1].text) : std::nullopt;
    const auto added = well_formed(a) ? number_in(a.list[2].text) : std::nullopt;
    if (!top || !added || *top < 0) return rest(mine, "the event stream cannot be written");
    report({});
    if (options.added) options.added(static_cast<std::uint64_t>(*added), static_cast<std::uint64_t>(*top));
    go_on(mine, *top, static_cast<std::uint64_t>(*top));
  }

  /// Looks again after a while. Empty: the store did not answer, or Redis went; both say so themselves.
  void rest(std::uint64_t mine, const std::string& problem) {
    {
      const std::lock_guard lock{mutex};
      if (round != mine || closed) return;
      now = phase::resting;
      again_at = std::chrono::steady_clock::now() + options.rest;
    }
    if (!problem.empty()) report(problem);
  }

  void ask(command c, std::uint64_t mine, std::function<void(const answer&)> done) {
    const bool taken = redis->ask(std::move(c), [self = shared_from_this(), mine, done = std::move(done)](const domain::result<answer>& a) {
      if (!a) return self->rest(mine, {});
      {
        const std::lock_guard lock{self->mutex};
        if (self->round != mine || self->closed) return;
      }
      if (a->what == answer::kind::refused) return self->rest(mine, "the event stream is not written: " + a->text);
      done(*a);
    });
    if (!taken) rest(mine, {});
  }

  void tick(std::chrono::steady_clock::time_point time) {
    {
      const std::lock_guard lock{mutex};
      if (now != phase::resting || time < again_at) return;
    }
    look();
  }

  void report(const std::string& problem) {
    {
      const std::lock_guard lock{told_mutex};
      if (told == problem) return;
      told = problem;
    }
    if (!problem.empty()) spdlog::warn("Redis: {}", problem);
    if (options.state) options.state(problem);
  }

  const std::shared_ptr<client> redis;
  const feed_source source;
  const feed_options options;

  std::mutex mutex;  // guards what follows
  phase now = phase::away;
  bool news = false, closed = false;
  std::uint64_t round = 0;  // of looking: answers to an earlier one are dropped
  std::int64_t stream_end = nothing_held;
  std::uint64_t after = 0;
  std::chrono::steady_clock::time_point again_at{};

  std::mutex told_mutex;
  std::string told;
};

event_feed::event_feed(std::shared_ptr<client> redis, feed_source source, feed_options options)
    : follower_(std::make_shared<follower>(std::move(redis), std::move(source), std::move(options))) {}

event_feed::~event_feed() {
  const std::lock_guard lock{follower_->mutex};
  follower_->closed = true;
}

void event_feed::committed() { follower_->committed(); }
void event_feed::connected() { follower_->look(); }
void event_feed::tick(std::chrono::steady_clock::time_point now) { follower_->tick(now); }

}  // namespace coreldove::persistence::redis
