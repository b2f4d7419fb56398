// GET ~/events/stream: everything that is committed, as server-sent events, from any position on and without a gap.
#include <charconv>
#include <memory>
#include <mutex>

#include "domain/ulid.hpp"
#include "http/handlers/handlers.hpp"
#include "http/problem.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {
namespace {

constexpr std::uint32_t events_per_page = 200;

/// Reads the feed page by page, as fast as the client takes it. At the end of the feed it waits for the next commit.
class event_stream final : public body_stream, public std::enable_shared_from_this<event_stream> {
public:
  event_stream(actors::service& engine, std::uint64_t after, std::string order_id) : engine_(engine), after_(after), order_id_(std::move(order_id)) {}

  void start() {
    watch_ = engine_.watch([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_commit();
    });
  }

  void next(std::function<void(std::string, bool)> done) override {
    {
      const std::lock_guard lock{mutex_};
      done_ = std::move(done);
    }
    fetch();
  }

  std::string_view heartbeat() const override { return ": still here\n\n"; }

private:
  void on_commit() {
    {
      const std::lock_guard lock{mutex_};
      committed_ = true;
      if (!idle_) return;  // the page under way will see to it
      idle_ = false;
    }
    fetch();
  }

  void fetch() {
    std::uint64_t after = 0;
    {
      const std::lock_guard lock{mutex_};
      committed_ = false;
      after = after_;
    }
    engine_.feed(after, events_per_page, [weak = weak_from_this()](domain::result<std::vector<domain::history_entry>> page) {
      if (const auto self = weak.lock()) self->on_page(std::move(page));
    });
  }

  void on_page(domain::result<std::vector<domain::history_entry>> page) {
    std::function<void(std::string, bool)> done;
    std::string piece;
    bool again = false;
    {
      const std::lock_guard lock{mutex_};
      if (page && !page->empty()) after_ = page->back().position;
      if (page) piece = text_of(*page);
      if (!page || !piece.empty())
        done.swap(done_);
      else if (!page->empty() || committed_)
        again = true;
      else
        idle_ = true;
    }
    if (again) return fetch();
    if (done) done(std::move(piece), !page);  // where the store does not answer the stream ends; the client resumes it later
  }

  std::string text_of(const std::vector<domain::history_entry>& entries) const {
    std::string out;
    for (const auto& e : entries) {
      if (!order_id_.empty() && e.stream != order_id_) continue;
      out.append("id: ").append(std::to_string(e.position)).append("\nevent: ").append(e.type);
      out.append("\ndata: ").append(engine_.feed_document(e)).append("\n\n");
    }
    return out;
  }

  actors::service& engine_;
  std::mutex mutex_;
  std::uint64_t after_;
  std::string order_id_;
  std::function<void(std::string, bool)> done_;
  bool committed_ = false;  // since the last page was asked for
  bool idle_ = false;       // the feed is read to its end, and a piece is asked for
  std::shared_ptr<void> watch_;
};

void begin_stream(app& a, std::uint64_t after, std::string order_id, const responder& reply) {
  const auto stream = std::make_shared<event_stream>(a.engine, after, std::move(order_id));
  stream->start();
  response r;
  r.content_type = "text/event-stream; charset=utf-8";
  r.add_header("X-Accel-Buffering", "no");
  r.stream = stream;
  reply(std::move(r));
}

}  // namespace

void stream_events(app& a, const request& rq, responder reply) {
  std::vector<domain::field_error> errors;
  query_reader q{rq.query, errors};
  auto after = q.number("after", 0, INT64_MAX);
  auto order_id = q.text("order_id").value_or("");
  if (!order_id.empty() && !domain::is_order_id(order_id)) q.complain("order_id", "invalid", "must be an order's id");
  q.finish();
  const auto last = rq.field("Last-Event-ID");
  if (!last.empty()) {
    std::uint64_t position = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), position);
    if (error != std::errc{} || end != last.data() + last.size() || position > INT64_MAX) q.complain("Last-Event-ID", "invalid", "must be an event's id");
    after = position;
  }
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  if (after) return begin_stream(a, *after, std::move(order_id), reply);
  a.engine.last_position([&a, order_id = std::move(order_id), where = context_of(rq), reply](domain::result<std::uint64_t> position) {
    if (!position) return reply(to_response(position.error(), where));
    begin_stream(a, *position, order_id, reply);
  });
}

}  // namespace coreldove::http
