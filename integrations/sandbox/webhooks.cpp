#include "integrations/sandbox/webhooks.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "integrations/sandbox/faults.hpp"
#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/ledger.hpp"
#include "integrations/sandbox/state_log.hpp"

namespace coreldove::integrations::world {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t channels_max = 4;
constexpr std::uint64_t waiting_max = 20'000;  // ≈ 40 MB of events
constexpr int attempts_max = 4;
constexpr milliseconds first_pause{500};  // then 2 s, 8 s: a vendor's hours, shortened
constexpr std::chrono::seconds answer_timeout{10};

struct target {
  std::string base, host, port, path;
};

target parse_base(const std::string& base) {
  constexpr std::string_view scheme = "http://";
  if (base.empty()) return {};
  const auto slash = base.find('/', scheme.size());
  const std::string authority = base.starts_with(scheme) ? base.substr(scheme.size(), slash - scheme.size()) : std::string{};
  const auto colon = authority.rfind(':');
  target t{base, authority.substr(0, colon), colon == std::string::npos ? "80" : authority.substr(colon + 1), {}};
  if (slash != std::string::npos) t.path = base.substr(slash);
  while (t.path.ends_with('/')) t.path.pop_back();
  const bool digits = !t.port.empty() && t.port.find_first_not_of("0123456789") == std::string::npos;
  if (t.host.empty() || !digits || base.find_first_of(" \r\n\t") != std::string::npos)
    throw std::runtime_error("webhook_base is '" + base + "': it must be http://host[:port][/path], or empty");
  return t;
}

struct item {
  webhook hook;
  int attempts = 0;
  bool was_held = false;  // its turn came out of order on purpose: it lets nobody pass again
};
using item_ptr = std::shared_ptr<item>;

std::int64_t unix_ms() { return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

/// Everything but the counters, the base and send() itself runs on one strand.
struct webhook_sender::engine : std::enable_shared_from_this<webhook_sender::engine> {
  struct channel {
    explicit channel(const asio::strand<asio::io_context::executor_type>& s) : resolver(s), stream(s) {}
    asio::ip::tcp::resolver resolver;
    boost::beast::tcp_stream stream;
    boost::beast::flat_buffer input;
    http::response<http::string_body> answer;
    std::string wire, connected_to;
    item_ptr current;
    bool fresh = false;  // nothing has gone over this connection yet
  };

  engine(asio::io_context& io, ledger& b, faults& f, state_log& l) : strand(asio::make_strand(io)), book(b), mishaps(f), log(l) {
    for (std::size_t i = 0; i < channels_max; ++i) channels.push_back(std::make_unique<channel>(strand));
  }

  void accept(const item_ptr& it) {
    const auto f = mishaps.take_webhook(it->hook.vendor, it->hook.cause);
    if (is(f, fault_kind::late_webhook)) return after(f->delay, [self = shared_from_this(), it] { self->ready(it); });
    if (is(f, fault_kind::reordered_webhook)) {
      it->was_held = true;
      held[it->hook.vendor].push_back(it);
      return after(f->delay, [self = shared_from_this(), it] { self->let_go(it); });
    }
    ready(it);
    if (is(f, fault_kind::duplicate_webhook) && claim_place()) ready(std::make_shared<item>(*it));
  }

  void ready(const item_ptr& it) {
    queue.push_back(it);
    for (auto& c : channels) {
      if (queue.empty()) return;
      if (!c->current) next(*c);
    }
  }

  void next(channel& c) {
    c.current = nullptr;
    if (queue.empty()) return;
    c.current = queue.front();
    queue.pop_front();
    const target to = where();
    if (to.base.empty()) return finish(c, false, true);
    const webhook& w = c.current->hook;
    c.wire = fmt::format("POST {}/{} HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: {}\r\nUser-Agent: sandbox-{}\r\n{}{}Content-Length: {}\r\n\r\n", to.path,
                         w.vendor, to.host, to.port, w.content_type, w.vendor, w.headers,
                         w.sign == nullptr ? std::string{} : w.sign(w.secret, w.body, unix_ms() / 1000), w.body.size());
    c.wire += w.body;
    if (c.stream.socket().is_open() && c.connected_to == to.base)
      transmit(c);
    else
      connect(c, to);
  }

  void connect(channel& c, const target& to) {
    error_code ignored;
    c.stream.socket().close(ignored);
    c.input.clear();
    c.connected_to = to.base;
    c.fresh = true;
    c.resolver.async_resolve(to.host, to.port, [self = shared_from_this(), &c](error_code ec, asio::ip::tcp::resolver::results_type found) {
      if (ec) return self->finish(c, false, false);
      c.stream.expires_after(answer_timeout);
      c.stream.async_connect(found, [self, &c](error_code bad, const asio::ip::tcp::endpoint&) {
        if (bad) return self->finish(c, false, false);
        self->transmit(c);
      });
    });
  }

  void transmit(channel& c) {
    c.answer = {};
    c.stream.expires_after(answer_timeout);
    asio::async_write(c.stream, asio::buffer(c.wire), [self = shared_from_this(), &c](error_code ec, std::size_t) {
      if (ec) return self->broken(c);
      http::async_read(c.stream, c.input, c.answer, [self, &c](error_code bad, std::size_t) {
        if (bad) return self->broken(c);
        c.fresh = false;
        c.stream.expires_never();
        const bool took = c.answer.result_int() / 100 == 2;
        if (!c.answer.keep_alive()) c.stream.close();
        self->finish(c, took, false);
      });
    });
  }

  /// A kept connection may have been closed by the other side in the meantime: once more on a new one, not counted.
  void broken(channel& c) {
    c.stream.close();
    if (c.fresh) return finish(c, false, false);
    connect(c, where());
  }

  void finish(channel& c, bool took, bool give_up) {
    const item_ptr it = c.current;
    if (took) {
      note(it->hook);
      ++delivered;
      --waiting;
    } else if (give_up || ++it->attempts >= attempts_max) {
      ++failed;
      --waiting;
    } else {
      after(first_pause * (1 << (2 * (it->attempts - 1))), [self = shared_from_this(), it] { self->ready(it); });
    }
    if (!it->was_held)
      for (const item_ptr& h : std::exchange(held[it->hook.vendor], {})) queue.push_front(h);
    next(c);
  }

  void let_go(const item_ptr& it) {
    auto& here = held[it->hook.vendor];
    const auto found = std::find(here.begin(), here.end(), it);
    if (found == here.end()) return;
    here.erase(found);
    ready(it);
  }

  void note(const webhook& w) {
    const auto now = unix_ms();
    book.append({now, w.vendor, operation::webhook, w.event_id, w.reference, w.order_id, std::nullopt, {}});
    if (!log.enabled()) return;
    std::string line = fmt::format(R"({{"v":"webhook","at":{},"vendor":"{}","key":)", now, w.vendor);
    append_json(line, w.event_id);
    line += R"(,"reference":)";
    append_json(line, w.reference);
    line += R"(,"order_id":)";
    append_json(line, w.order_id);
    line += '}';
    log.append(line);
    log.flush();
  }

  template <class F>
  void after(milliseconds pause, F then) {
    auto timer = std::make_shared<asio::steady_timer>(strand, pause);
    timer->async_wait([timer, then = std::move(then)](error_code ec) {
      if (!ec) then();
    });
  }

  bool claim_place() {
    if (waiting.fetch_add(1) < waiting_max) return true;
    --waiting;
    ++dropped;
    return false;
  }

  target where() const {
    const std::lock_guard lock(base_mutex);
    return destination;
  }

  asio::strand<asio::io_context::executor_type> strand;
  ledger& book;
  faults& mishaps;
  state_log& log;
  mutable std::mutex base_mutex;
  target destination;
  std::atomic<bool> wanted{false};
  std::atomic<std::uint64_t> waiting{0}, delivered{0}, failed{0}, dropped{0};
  std::vector<std::unique_ptr<channel>> channels;
  std::deque<item_ptr> queue;
  std::map<std::string_view, std::vector<item_ptr>> held;  // by vendor: to be overtaken by the next one
};

webhook_sender::webhook_sender(asio::io_context& io, ledger& book, faults& mishaps, state_log& log)
    : engine_(std::make_shared<engine>(io, book, mishaps, log)) {}
webhook_sender::~webhook_sender() = default;

void webhook_sender::set_base(const std::string& base) {
  target t = parse_base(base);
  const std::lock_guard lock(engine_->base_mutex);
  engine_->wanted = !t.base.empty();
  engine_->destination = std::move(t);
}

std::string webhook_sender::base() const { return engine_->where().base; }

bool webhook_sender::wanted() const { return engine_->wanted.load(std::memory_order_relaxed); }

void webhook_sender::send(webhook w) {
  if (!wanted() || !engine_->claim_place()) return;
  asio::post(engine_->strand, [e = engine_, it = std::make_shared<item>(item{std::move(w)})] { e->accept(it); });
}

webhook_counts webhook_sender::counts() const { return {engine_->waiting, engine_->delivered, engine_->failed, engine_->dropped}; }

}  // namespace coreldove::integrations::world
