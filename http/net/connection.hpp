#pragma once
// One client. Reads requests one after the other, has up to max_pipelined of them answered at the same time, and sends the answers in the order of the
// requests. Everything happens on its worker's thread.
//
//   header ──► (key being looked up) ──► body ──► header …          refused, or `Connection: close`: answer, then lingering ──► closed
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "http/dispatcher.hpp"
#include "http/net/message_reader.hpp"
#include "http/net/transport.hpp"
#include "http/net/worker.hpp"

namespace coreldove::http::net {

/// What all connections share.
struct shared_state {
  http::dispatcher& dispatcher;
  boost::asio::ssl::context* tls = nullptr;  // nullptr: plain only
  std::atomic<std::size_t> open{0};          // connections
  std::mutex mutex{};
  std::condition_variable closed{};  // told when the last one has gone

  void one_closed() {
    if (open.fetch_sub(1) != 1) return;
    const std::lock_guard lock{mutex};
    closed.notify_all();
  }
  void wait_until_closed(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock{mutex};
    closed.wait_until(lock, end, [this] { return open.load() == 0; });
  }
};

class connection final : public answer_sink, public std::enable_shared_from_this<connection> {
public:
  using clock = std::chrono::steady_clock;

  /// `keep` owns everything else given: an answer may come after the server has gone.
  connection(boost::asio::ip::tcp::socket socket, worker& home, shared_state& shared, std::shared_ptr<void> keep);
  ~connection() override;

  /// On the worker's thread.
  void start();
  void tick(clock::time_point now);
  void drain();
  void close();
  /// Takes an answer; `flush` sends what is ready.
  void take(std::uint64_t slot, response r);
  void flush();

  /// From any thread.
  void answer(std::uint64_t slot, response r) override;

private:
  enum class phase : std::uint8_t { handshake, header, authenticating, body, last_answers, lingering, closed };

  struct slot {
    std::optional<response> ready;
    std::string interim;  // "100 Continue": sent as it is
    const route* row = nullptr;
    http::method method = http::method::get;
    int version = 11;
    bool close = false, head_only = false, holds_place = false, head_sent = false;
    clock::time_point started, deadline;
    std::string more_fields, trace_id, instance;
  };

  // connection.cpp: in
  void look_at_first_byte();
  void read();
  void on_read(const boost::system::error_code& error, std::size_t bytes);
  void process();
  bool step();
  bool step_header();
  bool step_body();
  void begin_request();
  void admitted(verdict v);
  void begin_body();
  void stream_request();
  void request_complete();
  void answer_request();
  void refuse(const refusal& why);
  bool may_read() const;
  bool streams_endlessly() const;
  std::string_view buffered() const;
  void watch_request(clock::time_point now);

  // connection_output.cpp: out
  std::uint64_t open_slot();
  void settle(slot& s);
  void on_written(const boost::system::error_code& error);
  void write_out();
  bool append_front();
  void ask_stream();
  void on_piece(std::uint64_t number, std::string piece, bool last);
  void finish_front(bool close);
  void linger();
  void leave();

  std::shared_ptr<void> keep_;
  transport transport_;
  worker& home_;
  shared_state& shared_;
  const server_options& options_;

  phase phase_ = phase::header;
  boost::beast::flat_buffer in_;
  std::string head_;  // of the request being read; rq_ looks into it
  request rq_;
  framing framing_;
  verdict verdict_;
  message_reader reader_;
  std::shared_ptr<body_sink> sink_;
  bool reading_ = false, processing_ = false, eof_ = false, sink_full_ = false, paused_ = false, slot_is_open_ = false;
  clock::time_point request_started_, body_started_, last_activity_, linger_started_;
  std::uint64_t body_bytes_at_start_ = 0;

  std::deque<slot> slots_;
  std::uint64_t first_slot_ = 0;  // number of slots_.front()
  std::string out_, sending_;
  bool writing_ = false, stream_asked_ = false, close_after_write_ = false, left_ = false;
  clock::time_point last_write_;
};

}  // namespace coreldove::http::net
