#include "http/net/connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "http/response_writer.hpp"
#include "http/tracing.hpp"

namespace coreldove::http::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t read_bytes = 4096;  // while nothing large is expected: thousands of connections wait with it
constexpr std::size_t read_bytes_large = 64 * 1024;
constexpr std::chrono::seconds rate_grace{5};                                    // before a body's rate is looked at
constexpr std::chrono::milliseconds linger_max{2000}, linger_max_draining{200};  // for the client to read the last answer
constexpr unsigned char tls_handshake_byte = 0x16;

/// A line that ends in LF alone: the end of such a header would never be found.
bool has_bare_lf(std::string_view bytes) {
  for (auto at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1))
    if (at == 0 || bytes[at - 1] != '\r') return true;
  return false;
}

}  // namespace

connection::connection(asio::ip::tcp::socket socket, worker& home, shared_state& shared, std::shared_ptr<void> keep)
    : keep_(std::move(keep)), transport_(std::move(socket)), home_(home), shared_(shared), options_(shared.dispatcher.options()) {
  shared_.open.fetch_add(1);
  shared_.dispatcher.metrics().connection_opened();
}

connection::~connection() { leave(); }

/// Once, and while the server is there: what is kept alive by a late answer must not touch what the server was given.
void connection::leave() {
  if (std::exchange(left_, true)) return;
  shared_.dispatcher.metrics().connection_closed();
  shared_.one_closed();
}

void connection::start() {
  error_code ignored;
  transport_.socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  const auto peer = transport_.socket().remote_endpoint(ignored);
  if (!ignored) rq_.peer = peer.address().to_string();
  last_activity_ = request_started_ = clock::now();
  if (shared_.tls != nullptr) return look_at_first_byte();
  read();
}

void connection::look_at_first_byte() {
  phase_ = phase::handshake;
  transport_.socket().async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    if (error || self->phase_ == phase::closed) return self->close();
    unsigned char first = 0;
    error_code failed;
    self->transport_.socket().non_blocking(true, failed);
    const auto n = self->transport_.socket().receive(asio::buffer(&first, 1), asio::ip::tcp::socket::message_peek, failed);
    if (failed || n == 0) return self->close();
    const auto ready = [self](const error_code& broken) {
      if (broken || self->phase_ == phase::closed) return self->close();
      self->phase_ = phase::header;
      self->rq_.tls = self->transport_.tls();
      self->last_activity_ = clock::now();
      self->read();
    };
    if (first == tls_handshake_byte)
      self->transport_.handshake(*self->shared_.tls, ready);
    else if (self->options_.tls_client_ca_file.empty())
      ready({});
    else
      self->close();
  });
}

std::string_view connection::buffered() const {
  const auto data = in_.cdata();
  return {static_cast<const char*>(data.data()), data.size()};
}

bool connection::may_read() const {
  if (reading_ || eof_ || paused_ || sink_full_) return false;
  return phase_ == phase::header || phase_ == phase::body || phase_ == phase::lingering;
}

void connection::read() {
  if (!may_read()) return;
  reading_ = true;
  const bool large = phase_ == phase::body && framing_.content_length.value_or(read_bytes_large) > read_bytes;
  transport_.read_some(in_.prepare(large ? read_bytes_large : read_bytes),
                       [self = shared_from_this()](const error_code& error, std::size_t bytes) { self->on_read(error, bytes); });
}

void connection::on_read(const error_code& error, std::size_t bytes) {
  reading_ = false;
  if (phase_ == phase::closed) return;
  const auto now = clock::now();
  if (error) {
    eof_ = true;
    // A client may shut its side and still wait for what it asked for, but nobody waits for the end of an endless stream.
    if (error != asio::error::eof || phase_ == phase::lingering || sink_ || slots_.empty() || streams_endlessly()) return close();
    phase_ = phase::last_answers;
    return;
  }
  if (phase_ == phase::header && in_.size() == 0) request_started_ = now;
  in_.commit(bytes);
  last_activity_ = now;
  process();
}

bool connection::streams_endlessly() const {
  return !slots_.empty() && slots_.front().ready && slots_.front().ready->stream && !slots_.front().ready->stream->heartbeat().empty();
}

void connection::process() {
  if (processing_ || phase_ == phase::closed) return;
  processing_ = true;
  while (step()) {
  }
  processing_ = false;
  if (phase_ == phase::closed) return;
  flush();
  if (phase_ == phase::closed) return;
  if (in_.size() == 0 && in_.capacity() > read_bytes_large) in_.shrink_to_fit();
  read();
}

bool connection::step() {
  switch (phase_) {
    case phase::header:
      return step_header();
    case phase::body:
      return step_body();
    case phase::lingering:
      in_.consume(in_.size());
      return false;
    case phase::handshake:
    case phase::authenticating:
    case phase::last_answers:
    case phase::closed:
      return false;
  }
  return false;
}

bool connection::step_header() {
  paused_ = slots_.size() >= options_.max_pipelined;
  if (paused_) return false;
  auto bytes = buffered();
  if (bytes.starts_with("\r\n")) {  // RFC 9112, 2.2: an empty line before a request is forgiven
    in_.consume(2);
    bytes = buffered();
  }
  if (bytes.empty()) return false;
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos ? bytes.size() > options_.header_bytes_max : end + 4 > options_.header_bytes_max) {
    refuse({problems::headers_too_large, "The header is larger than this server takes."});
    return false;
  }
  if (end == std::string_view::npos) {
    if (has_bare_lf(bytes)) refuse({problems::malformed_request, "The header's lines must end in CR LF."});
    return false;
  }
  head_.assign(bytes.data(), end + 4);
  in_.consume(end + 4);
  begin_request();
  return true;
}

void connection::begin_request() {
  request_started_ = clock::now();
  rq_.row = nullptr;
  rq_.body = {};
  rq_.who = {};
  rq_.fields.clear();
  rq_.trace_id.clear();
  rq_.path = {};
  rq_.method = method::get;
  rq_.version = 11;
  framing_ = {};
  const auto line = check_raw_header(head_);
  if (const auto* why = std::get_if<refusal>(&line)) return refuse(*why);
  if (const auto why = reader_.start(head_, rq_.fields)) return refuse(*why);
  const auto& asked = std::get<request_line>(line);
  rq_.method = asked.method;
  rq_.version = asked.version;
  rq_.target = asked.target;
  rq_.path = asked.target.substr(0, asked.target.find('?'));
  rq_.query = asked.target.substr(std::min(rq_.path.size() + 1, asked.target.size()));
  const auto fields = check_fields(rq_.version, rq_.fields, options_.api_key_header);
  if (const auto* why = std::get_if<refusal>(&fields)) return refuse(*why);
  framing_ = std::get<framing>(fields);
  rq_.trace_id = trace_id_from(rq_.field("traceparent"));
  phase_ = phase::authenticating;
  auto v = shared_.dispatcher.admit(rq_, framing_, [self = shared_from_this()](authenticator::answer who) {
    asio::post(self->home_.io(), [self, who = std::move(who)]() mutable {
      if (self->phase_ != phase::authenticating) return;
      self->admitted(self->shared_.dispatcher.judge(self->rq_, self->framing_, std::move(who)));
      self->process();
    });
  });
  if (v) admitted(std::move(*v));
}

void connection::admitted(verdict v) {
  verdict_ = std::move(v);
  slot_is_open_ = false;
  const bool has_body = !reader_.complete();
  const bool too_large = framing_.content_length.value_or(0) > shared_.dispatcher.body_bytes_max(verdict_.row);
  const bool streams = !verdict_.refusal && verdict_.row->body == body_kind::ndjson;
  if (verdict_.refusal && has_body && (framing_.expects_continue || too_large))
    framing_.close = true;  // the body is not waited for
  else if (has_body || streams) {
    begin_body();
    if (streams) stream_request();
    if (has_body) return;
  }
  request_complete();
}

void connection::begin_body() {
  phase_ = phase::body;
  body_started_ = clock::now();
  body_bytes_at_start_ = 0;
  if (framing_.expects_continue && in_.size() == 0) slots_.emplace_back().interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const bool wanted = !verdict_.refusal && verdict_.row->body != body_kind::none;
  reader_.expect_body(wanted ? message_reader::keep::body : message_reader::keep::nothing, shared_.dispatcher.body_bytes_max(verdict_.row));
}

void connection::stream_request() {
  answer_request();
  if (slots_.back().ready) sink_ = slots_.back().ready->sink;
  if (!sink_) return reader_.expect_body(message_reader::keep::nothing, options_.bulk_bytes_max);
  sink_->on_room([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    asio::post(self->home_.io(), [self] {
      if (!self->sink_full_) return;
      self->sink_full_ = false;
      self->body_started_ = self->last_activity_ = clock::now();
      self->body_bytes_at_start_ = self->reader_.body_bytes();
      self->process();
    });
  });
  reader_.expect_body(message_reader::keep::nothing, options_.bulk_bytes_max, [this](std::string_view piece) {
    if (!sink_->write(piece)) sink_full_ = true;
  });
}

bool connection::step_body() {
  if (sink_full_) return false;
  const auto progress = reader_.feed(buffered());
  in_.consume(progress.consumed);
  switch (progress.state) {
    case message_reader::state::more:
      return progress.consumed > 0 && in_.size() > 0 && !sink_full_;
    case message_reader::state::refused:
      refuse(*progress.why);
      return false;
    case message_reader::state::complete:
      request_complete();
      return true;
  }
  return false;
}

void connection::answer_request() {
  const auto number = open_slot();
  slot_is_open_ = true;
  if (verdict_.refusal) return take(number, std::move(*verdict_.refusal));
  const bool counts = verdict_.row->pattern.starts_with('~');
  slots_.back().holds_place = counts && shared_.dispatcher.take_place();
  if (counts && !slots_.back().holds_place) return take(number, to_response(problem{problems::overloaded, "", {}, {}, 1}, context_of(rq_)));
  shared_.dispatcher.dispatch(*verdict_.row, rq_, responder{shared_from_this(), number});
}

void connection::request_complete() {
  phase_ = framing_.close || home_.draining() ? phase::last_answers : phase::header;
  if (sink_) sink_->end();
  sink_.reset();
  sink_full_ = false;
  if (!slot_is_open_) {
    rq_.body = reader_.body();
    answer_request();
  }
  reader_.reset();
  request_started_ = last_activity_ = clock::now();
}

void connection::refuse(const refusal& why) {
  const bool streaming = sink_ != nullptr;
  sink_.reset();
  sink_full_ = false;
  phase_ = phase::last_answers;
  if (streaming) return close();  // half of the answer is out: only the end of the connection says that something is wrong
  framing_.close = true;
  verdict_ = {};
  rq_.row = nullptr;
  const auto number = open_slot();
  take(number, to_response(problem{why.kind, std::string{why.detail}}, context_of(rq_)));
}

void connection::drain() {
  if (phase_ == phase::handshake) return close();
  if (streams_endlessly() && slots_.front().head_sent) {
    slots_.front().close = true;
    return on_piece(first_slot_, {}, true);
  }
  if (phase_ != phase::header || in_.size() > 0) return;  // what is being read is answered, and then the connection ends
  phase_ = phase::last_answers;
  if (!slots_.empty()) slots_.back().close = true;
  flush();
}

void connection::tick(clock::time_point now) {
  if (phase_ == phase::closed) return;
  if (writing_ && now - last_write_ > options_.write_timeout) return close();
  if (phase_ == phase::lingering && now - linger_started_ > (home_.draining() ? linger_max_draining : linger_max)) return close();
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (!slots_[i].ready && slots_[i].interim.empty() && now > slots_[i].deadline)
      take(first_slot_ + i, to_response(problem{problems::timed_out, ""}, {slots_[i].instance, slots_[i].trace_id}));
  flush();
  if (phase_ == phase::closed) return;
  if (streams_endlessly() && slots_.front().head_sent && !writing_ && now - last_write_ > options_.heartbeat) {
    append_chunk(out_, slots_.front().ready->stream->heartbeat(), slots_.front().version);
    write_out();
  }
  watch_request(now);
}

void connection::watch_request(clock::time_point now) {
  const refusal late{problems::request_timeout, "The request did not arrive in time."};
  if (phase_ == phase::handshake && now - request_started_ > options_.header_timeout) return close();
  if (phase_ == phase::header && !paused_) {
    if (in_.size() == 0) {
      if (slots_.empty() && !writing_ && now - last_activity_ > options_.idle_timeout) close();
    } else if (now - request_started_ > options_.header_timeout) {
      refuse(late);
      flush();
    }
  }
  if (phase_ != phase::body || sink_full_) return;
  const auto taken = now - body_started_;
  const auto seconds = std::chrono::duration<double>(taken).count();
  const bool slow = taken > rate_grace &&
                    static_cast<double>(reader_.body_bytes() - body_bytes_at_start_) < seconds * static_cast<double>(options_.body_bytes_per_second_min);
  if (!slow && (sink_ || taken <= options_.body_timeout)) return;
  refuse(late);
  flush();
}

}  // namespace coreldove::http::net
