// POST ~/orders/bulk: one order a line in, one result a line out, in the same order, both at once. A bounded number of rows is under way at a time; when
// the client does not read the results, its rows are not read either. So a stream slows down by itself, and its rows pass the door without being refused.
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "http/conditions.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/order_intake.hpp"
#include "http/json_reader.hpp"
#include "http/json_text.hpp"

namespace coreldove::http {
namespace {

constexpr std::size_t rows_under_way_max = 64;
constexpr std::size_t result_bytes_max = 4 * 1024 * 1024;  // unread results; a client may send some ten thousand rows before it reads
constexpr std::size_t row_bytes_max = 1024 * 1024;

class bulk_intake final : public body_stream, public body_sink, public std::enable_shared_from_this<bulk_intake> {
public:
  bulk_intake(app& a, principal who, actors::request common) : app_(a), who_(std::move(who)), common_(std::move(common)) {}

  // The request's side.
  bool write(std::string_view piece) override {
    while (!piece.empty()) {
      const auto end = std::min(piece.find('\n'), piece.size());
      if (partial_.size() <= row_bytes_max) partial_.append(piece.substr(0, end));
      if (end < piece.size()) take_line();
      piece.remove_prefix(std::min(end + 1, piece.size()));
    }
    const std::lock_guard lock{mutex_};
    full_ = crowded();
    return !full_;
  }

  void end() override {
    take_line();
    std::unique_lock lock{mutex_};
    ended_ = true;
    hand_out(std::move(lock));
  }

  void on_room(std::function<void()> room) override { room_ = std::move(room); }

  // The answer's side.
  void next(std::function<void(std::string, bool)> done) override {
    std::unique_lock lock{mutex_};
    done_ = std::move(done);
    hand_out(std::move(lock));
  }

private:
  bool crowded() const { return results_.size() - finished_ > rows_under_way_max || ready_bytes_ > result_bytes_max; }

  void take_line() {
    std::string_view line = partial_;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    ++line_number_;
    if (!line.empty()) take_row(line);
    partial_.clear();
  }

  void take_row(std::string_view row) {
    std::size_t at = 0;
    {
      const std::lock_guard lock{mutex_};
      at = first_ + results_.size();
      results_.emplace_back();
    }
    const auto line = line_number_;
    if (row.size() > row_bytes_max) return finish(at, refused(line, {problems::content_too_large, "A row may have one MiB."}));
    auto rq = common_;
    rq.ahead = true;
    auto root = read_json_copy(row);
    if (const auto* p = std::get_if<problem>(&root)) return finish(at, refused(line, *p));
    std::vector<domain::field_error> errors;
    const auto own_key = field_reader{std::get<0>(root), "", errors}.text("idempotency_key", false, 255);
    if (!errors.empty()) return finish(at, refused(line, {problems::invalid_input, "", std::move(errors), {}, 0}));
    if (own_key) {
      if (!is_idempotency_key(*own_key)) return finish(at, refused(line, bad_key("invalid", "must be 1 to 255 visible ASCII characters")));
      rq.key = actors::request_key{common_scope(), *own_key, {}};
    } else if (rq.key) {
      rq.key->scope.append("#").append(std::to_string(line));  // not to the key: a row of another request may have one that looks like it
    } else {
      return finish(at, refused(line, bad_key("required", "send Idempotency-Key with the request, or idempotency_key in each row")));
    }
    rq.key->fingerprint = sha256_hex(row);
    auto input = read_order_input(app_, who_, std::get<0>(root), row);
    if (const auto* p = std::get_if<problem>(&input)) return finish(at, refused(line, *p));
    app_.engine.place(std::get<domain::order_input>(std::move(input)), std::move(rq),
                      [self = shared_from_this(), at, line](domain::result<actors::order_answer> a) {
                        self->finish(at, a ? placed(line, *a) : refused(line, problem_of(a.error())));
                      });
  }

  static problem bad_key(std::string_view code, std::string_view message) {
    return {problems::invalid_input, "", {{"/idempotency_key", std::string{code}, std::string{message}}}, {}, 0};
  }

  std::string common_scope() const { return who_.name + " POST " + std::string{api_prefix} + "/orders/bulk"; }

  static std::string placed(std::uint64_t line, const actors::order_answer& a) {
    std::string out = "{\"line\":" + std::to_string(line) + ",\"status\":" + std::to_string(a.status) + ",\"id\":";
    append_json(out, a.order_id);
    out.append(",\"version\":").append(std::to_string(a.version));
    if (a.replayed) out.append(",\"replayed\":true");
    return out.append("}\n");
  }

  static std::string refused(std::uint64_t line, const problem& p) {
    std::string out = "{\"line\":" + std::to_string(line) + ",\"status\":" + std::to_string(p.kind.status) + ",\"type\":";
    append_json(out, p.kind.type);
    out.append(",\"detail\":");
    append_json(out, p.detail.empty() ? p.kind.title : p.detail);
    out.append(",\"errors\":[");
    for (const auto& e : p.errors) {
      out.append(out.back() == '[' ? "{\"pointer\":" : ",{\"pointer\":");
      append_json(out, e.pointer);
      out.append(",\"code\":");
      append_json(out, e.code);
      out.append(",\"message\":");
      append_json(out, e.message);
      out.push_back('}');
    }
    return out.append("]}\n");
  }

  void finish(std::size_t at, std::string result) {
    std::unique_lock lock{mutex_};
    results_[at - first_] = std::move(result);
    ++finished_;
    while (!results_.empty() && !results_.front().empty()) {
      ready_bytes_ += results_.front().size();
      ready_.append(results_.front());
      results_.pop_front();
      ++first_;
      --finished_;
    }
    hand_out(std::move(lock));
  }

  /// Gives the connection what is ready, and lets it read on where there is room again.
  void hand_out(std::unique_lock<std::mutex> lock) {
    std::function<void(std::string, bool)> done;
    std::string piece;
    const bool over = ended_ && results_.empty();
    if (done_ && (!ready_.empty() || over)) {
      done.swap(done_);
      piece.swap(ready_);
      ready_bytes_ = 0;
    }
    const bool room = full_ && !crowded();
    if (room) full_ = false;
    lock.unlock();
    if (done) done(std::move(piece), over);
    if (room && room_) room_();
  }

  app& app_;
  principal who_;
  actors::request common_;
  std::string partial_;  // the line that is coming in
  std::uint64_t line_number_ = 0;
  std::function<void()> room_;  // set before the first row

  std::mutex mutex_;
  std::deque<std::string> results_;       // of the rows from first_ on; empty: under way
  std::size_t first_ = 0, finished_ = 0;  // finished_: of those in results_
  std::string ready_;                     // in the order of the rows
  std::size_t ready_bytes_ = 0;
  std::function<void(std::string, bool)> done_;
  bool ended_ = false, full_ = false;
};

}  // namespace

void post_orders_in_bulk(app& a, const request& rq, responder reply) {
  auto common = command_request(rq);
  if (const auto* p = std::get_if<problem>(&common)) return reply(to_response(*p, context_of(rq)));
  const auto intake = std::make_shared<bulk_intake>(a, rq.who, std::get<actors::request>(std::move(common)));
  response r;
  r.content_type = "application/x-ndjson; charset=utf-8";
  r.stream = intake;
  r.sink = intake;
  reply(std::move(r));
}

}  // namespace coreldove::http
