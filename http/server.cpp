#include "http/server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <condition_variable>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

#include "http/app.hpp"
#include "http/dispatcher.hpp"
#include "http/net/connection.hpp"
#include "http/net/worker.hpp"
#include "http/openapi.hpp"
#include "http/response_writer.hpp"

namespace coreldove::http {
namespace net {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds gathering{5};  // a tenth of what a refusal may take

}  // namespace

worker::worker(std::chrono::milliseconds tick) : tick_(tick) {}

worker::~worker() { stop(); }

void worker::start() {
  arm_tick();
  thread_ = std::thread{[this] {
    pthread_setname_np(pthread_self(), "http");
    run();
  }};
}

void worker::run() {
  while (!io_.stopped()) {
    if (io_.poll() == 0) io_.run_one();
    if (std::exchange(turned_away_, false)) std::this_thread::sleep_for(gathering);
  }
}

void worker::stop() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    letters_.clear();
  }
  timer_.cancel();
  work_.reset();
  io_.restart();
  io_.poll();  // connections that were on their way here
  const std::vector<std::shared_ptr<connection>> all{connections_.begin(), connections_.end()};
  for (const auto& c : all) c->close();
  io_.restart();
  io_.poll();  // lets go of what the aborted operations hold
}

void worker::deliver(std::shared_ptr<connection> to, std::uint64_t slot, response r) {
  const std::lock_guard lock{mutex_};
  if (stopped_) return;
  letters_.push_back({std::move(to), slot, std::move(r)});
  if (letters_.size() == 1) asio::post(io_, [this] { empty_mailbox(); });
}

void worker::empty_mailbox() {
  {
    const std::lock_guard lock{mutex_};
    open_.swap(letters_);
  }
  for (auto& l : open_) l.to->take(l.slot, std::move(l.what));
  for (auto& l : open_) l.to->flush();
  open_.clear();
}

void worker::drain() {
  asio::post(io_, [this] {
    draining_ = true;
    const std::vector<std::shared_ptr<connection>> all{connections_.begin(), connections_.end()};
    for (const auto& c : all) c->drain();
  });
}

void worker::add(std::shared_ptr<connection> c) {
  connections_.insert(c);
  c->start();
  if (draining_) c->drain();
}

void worker::remove(const std::shared_ptr<connection>& c) { connections_.erase(c); }

void worker::arm_tick() {
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const auto now = connection::clock::now();
    const std::vector<std::shared_ptr<connection>> all{connections_.begin(), connections_.end()};
    for (const auto& c : all) c->tick(now);
    arm_tick();
  });
}

}  // namespace net

namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};  // after running out of file descriptors or memory

std::chrono::milliseconds tick_of(const server_options& o) {
  const auto shortest = std::min({o.header_timeout, o.body_timeout, o.idle_timeout, o.handler_timeout, o.write_timeout, o.heartbeat});
  return std::clamp(shortest / 4, std::chrono::milliseconds{10}, std::chrono::milliseconds{500});
}

std::optional<asio::ssl::context> tls_context(const server_options& o) {
  if (o.tls_cert_file.empty() != o.tls_key_file.empty()) throw std::invalid_argument{"TLS needs both a certificate file and a key file"};
  if (o.tls_cert_file.empty()) {
    if (o.require_https) throw std::invalid_argument{"HTTPS can only be required where a certificate and a key are given"};
    return std::nullopt;
  }
  asio::ssl::context context{asio::ssl::context::tls_server};
  try {
    context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 | asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                        asio::ssl::context::no_tlsv1_1);
    context.use_certificate_chain_file(o.tls_cert_file);
    context.use_private_key_file(o.tls_key_file, asio::ssl::context::pem);
    if (!o.tls_client_ca_file.empty()) {
      context.load_verify_file(o.tls_client_ca_file);
      context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    }
  } catch (const boost::system::system_error& e) {
    throw std::invalid_argument{"The TLS certificate or key can't be used: " + e.code().message()};
  }
  SSL_CTX_set_cipher_list(context.native_handle(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  return context;
}

/// A closed door with a sign on it, for connections beyond the limit.
std::string full_house() {
  auto answer = to_response(problem{problems::overloaded, "There are too many connections.", {}, {}, 1}, {});
  std::string out;
  append_response(out, answer, {.close = true});
  return out;
}

}  // namespace

struct server::impl : std::enable_shared_from_this<server::impl> {
  impl(server_options o, actors::service& engine, runtime::metrics& metrics, api_key_lookup lookup, runtime::clock& clock)
      : options(std::move(o)),
        handled{options, engine, metrics, clock},
        counts(metrics),
        front(handled, counts, std::move(lookup)),
        tls(tls_context(options)),
        shared{front, tls ? &*tls : nullptr} {
    handled.openapi = openapi_document(options.version, options.api_key_header);
    const auto page = docs_page();
    handled.docs_page = page.html;
    handled.docs_policy = page.policy;
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i) workers.emplace_back(tick_of(options));
    acceptor.emplace(workers.front().io());
    accept_timer.emplace(workers.front().io());
  }

  void open() {
    handled.rules = handled.engine.intake();
    try {
      tcp::resolver resolver{workers.front().io()};
      const auto found = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive);
      const tcp::endpoint address = found.begin()->endpoint();
      acceptor->open(address.protocol());
      acceptor->set_option(tcp::acceptor::reuse_address{true});
      acceptor->bind(address);
      acceptor->listen(backlog);
      port = acceptor->local_endpoint().port();
    } catch (const boost::system::system_error& e) {
      throw std::runtime_error{"Can't listen on " + options.host + ":" + std::to_string(options.port) + ": " + e.code().message()};
    }
    accept();
    for (auto& w : workers) w.start();
  }

  void accept() {
    auto& home = workers[next_worker++ % workers.size()];
    acceptor->async_accept(home.io(), [this, &home](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor->is_open()) return;
      if (error == asio::error::no_descriptors || error == asio::error::no_memory || error == asio::error::no_buffer_space || error.value() == ENFILE) {
        spdlog::warn("Can't take connections at the moment: {}", error.message());
        accept_timer->expires_after(accept_pause);
        accept_timer->async_wait([this](const error_code& stopped) {
          if (!stopped) accept();
        });
        return;
      }
      if (!error) admit(std::move(socket), home);
      accept();
    });
  }

  void admit(tcp::socket socket, net::worker& home) {
    if (shared.open.load() >= options.max_connections) {
      error_code ignored;
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(full_house()), ignored);
      counts.shed();
      return;
    }
    auto c = std::make_shared<net::connection>(std::move(socket), home, shared, shared_from_this());
    asio::post(home.io(), [&home, c = std::move(c)]() mutable { home.add(std::move(c)); });
  }

  void stop_accepting() {
    asio::post(workers.front().io(), [this] { close_acceptor(); });
  }

  void close_acceptor() {
    error_code ignored;
    acceptor->close(ignored);
    accept_timer->cancel();
  }

  static constexpr int backlog = 4096;

  server_options options;
  app handled;
  http_metrics counts;
  dispatcher front;
  std::optional<asio::ssl::context> tls;
  net::shared_state shared;
  std::deque<net::worker> workers;
  std::optional<tcp::acceptor> acceptor;
  std::optional<asio::steady_timer> accept_timer;
  std::size_t next_worker = 0;
  std::uint16_t port = 0;
  bool running = false;
};

server::server(server_options options, actors::service& engine, runtime::metrics& metrics, api_key_lookup lookup, runtime::clock& clock)
    : impl_(std::make_shared<impl>(std::move(options), engine, metrics, std::move(lookup), clock)) {}

server::~server() { drain(std::chrono::milliseconds{0}); }

void server::start() {
  impl_->open();
  impl_->running = true;
}

std::uint16_t server::port() const { return impl_->port; }

server_limits server::limits() { return {impl_->front.callers(), impl_->front.failures()}; }

void server::drain(std::chrono::milliseconds limit) {
  if (!impl_->running) return;
  impl_->running = false;
  const auto end = std::chrono::steady_clock::now() + limit;
  impl_->stop_accepting();
  for (auto& w : impl_->workers) w.drain();
  impl_->shared.wait_until_closed(end);
  for (auto& w : impl_->workers) w.stop();
  impl_->close_acceptor();
}

}  // namespace coreldove::http
