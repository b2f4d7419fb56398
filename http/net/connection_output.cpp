#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

#include "http/net/connection.hpp"
#include "http/response_writer.hpp"

namespace coreldove::http::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t out_bytes_kept_max = 64 * 1024;
constexpr std::size_t written_at_once_max = 64 * 1024;

}  // namespace

void connection::answer(std::uint64_t number, response r) {
  if (!home_.runs_here()) return home_.deliver(shared_from_this(), number, std::move(r));
  take(number, std::move(r));
  if (!processing_) flush();
}

std::uint64_t connection::open_slot() {
  auto& s = slots_.emplace_back();
  s.row = rq_.row;
  s.method = rq_.method;
  s.version = rq_.version;
  s.close = framing_.close || home_.draining();
  s.head_only = rq_.method == method::head;
  s.started = request_started_;
  s.deadline = request_started_ + shared_.dispatcher.patience(rq_);
  s.more_fields = std::move(verdict_.more_fields);
  s.trace_id = rq_.trace_id;
  s.instance = context_of(rq_).instance;
  return first_slot_ + slots_.size() - 1;
}

void connection::take(std::uint64_t number, response r) {
  if (phase_ == phase::closed || number < first_slot_ || number >= first_slot_ + slots_.size()) return;
  auto& s = slots_[number - first_slot_];
  if (s.ready) return;
  s.ready = std::move(r);
  if (s.ready->status == problems::overloaded.status) home_.turned_away();
  settle(s);
  const auto seconds = std::chrono::duration<double>(clock::now() - s.started).count();
  shared_.dispatcher.metrics().answered(s.row, s.method, s.ready->status, seconds);
  spdlog::debug("{} {} {} {:.6f}s trace_id={}", to_string(s.method), s.row != nullptr ? s.row->pattern : "-", s.ready->status, seconds, s.trace_id);
}

void connection::settle(slot& s) {
  if (!s.holds_place) return;
  s.holds_place = false;
  shared_.dispatcher.free_place();
}

void connection::flush() {
  if (writing_ || phase_ == phase::closed) return;
  while (append_front()) {
  }
  write_out();
}

/// Moves the oldest answer on; true where the next one may follow at once.
bool connection::append_front() {
  if (slots_.empty() || close_after_write_) return false;
  auto& s = slots_.front();
  if (!s.interim.empty()) {
    out_.append(s.interim);
    slots_.pop_front();
    ++first_slot_;
    return true;
  }
  if (!s.ready) return false;
  const bool streams = s.ready->stream != nullptr;
  s.close = s.close || (streams && s.version == 10);  // only the end of the connection ends such a body
  if (!s.head_sent) append_response(out_, *s.ready, {s.version, s.close, s.head_only, rq_.tls, s.trace_id, s.more_fields});
  s.head_sent = true;
  if (streams && !s.head_only) {
    ask_stream();
    return false;
  }
  finish_front(s.close);
  return true;
}

void connection::finish_front(bool last) {
  slots_.pop_front();
  ++first_slot_;
  close_after_write_ = close_after_write_ || last;
}

void connection::write_out() {
  if (writing_ || phase_ == phase::closed) return;
  if (out_.empty()) {
    if (close_after_write_ || (phase_ == phase::last_answers && slots_.empty())) linger();
    return;
  }
  sending_.clear();
  sending_.swap(out_);
  writing_ = true;
  last_write_ = clock::now();
  const auto progress = [this](const error_code& error, std::size_t) -> std::size_t {
    last_write_ = clock::now();
    return error ? 0 : written_at_once_max;
  };
  transport_.write(asio::buffer(sending_), progress, [self = shared_from_this()](const error_code& error, std::size_t) { self->on_written(error); });
}

void connection::on_written(const error_code& error) {
  writing_ = false;
  if (phase_ == phase::closed) return;
  if (error) return close();
  if (sending_.capacity() > out_bytes_kept_max) std::string{}.swap(sending_);
  last_activity_ = clock::now();
  process();
}

void connection::ask_stream() {
  if (stream_asked_) return;
  stream_asked_ = true;
  slots_.front().ready->stream->next([self = shared_from_this(), number = first_slot_](std::string piece, bool last) {
    asio::post(self->home_.io(), [self, number, piece = std::move(piece), last]() mutable { self->on_piece(number, std::move(piece), last); });
  });
}

void connection::on_piece(std::uint64_t number, std::string piece, bool last) {
  if (phase_ == phase::closed || slots_.empty() || number != first_slot_) return;
  auto& s = slots_.front();
  stream_asked_ = false;
  if (!piece.empty()) append_chunk(out_, piece, s.version);
  if (last) {
    append_chunk(out_, {}, s.version);
    finish_front(s.close);
  }
  flush();
}

/// Everything has been said: lets the client read it before the connection goes, for closing with unread bytes would take the answer back.
void connection::linger() {
  if (phase_ == phase::lingering) return;
  if (eof_) return close();
  phase_ = phase::lingering;
  linger_started_ = clock::now();
  in_.consume(in_.size());
  sink_.reset();
  sink_full_ = paused_ = false;
  for (auto& s : slots_) settle(s);
  slots_.clear();
  error_code ignored;
  transport_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  read();
}

void connection::close() {
  if (phase_ == phase::closed) return;
  phase_ = phase::closed;
  for (auto& s : slots_) settle(s);
  slots_.clear();
  sink_.reset();
  error_code ignored;
  transport_.socket().close(ignored);
  leave();
  home_.remove(shared_from_this());
}

}  // namespace coreldove::http::net
