#include "integrations/http/client.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <iterator>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "integrations/http/host_pool.hpp"
#include "integrations/http/url.hpp"

namespace coreldove::integrations::http {

namespace asio = boost::asio;

namespace {

/// What the other side's certificates are checked against.
class tls_client {
public:
  explicit tls_client(const client_options& o) : system_authorities_{o.system_authorities} {
    if (SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION) != 1) throw std::runtime_error{"TLS 1.2 is not available"};
    context_.set_verify_mode(asio::ssl::verify_peer);
    boost::system::error_code ec;
    const auto loaded = [&ec](const std::string& file) {
      if (ec) throw std::runtime_error{fmt::format("{}: {}", file, ec.message())};
    };
    if (!o.ca_file.empty()) context_.load_verify_file(o.ca_file, ec), loaded(o.ca_file);
    if (o.cert_file.empty()) return;
    context_.use_certificate_chain_file(o.cert_file, ec), loaded(o.cert_file);
    context_.use_private_key_file(o.key_file, asio::ssl::context::pem, ec), loaded(o.key_file);
  }

  asio::ssl::context& context() { return context_; }

  /// Before the first https connection, and not earlier: reading the system's authorities takes some 20 ms that plain connections need not wait for.
  void trust_system() {
    if (!system_authorities_) return;
    std::call_once(trusted_, [this] {
      boost::system::error_code ec;
      context_.set_default_verify_paths(ec);
      if (ec) spdlog::error("the system's certificate authorities cannot be read: {}", ec.message());
    });
  }

private:
  asio::ssl::context context_{asio::ssl::context::tls_client};
  const bool system_authorities_;
  std::once_flag trusted_;
};

/// A W3C span id: random, never all zero. Not a secret, so a fast generator does.
std::uint64_t new_span_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return random() | 1U;
}

bool is_trace_id(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of('0') != std::string_view::npos && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_method(std::string_view m) { return !m.empty() && m.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos; }

std::string write_head_and_body(const request& r, const url_parts& url) {
  std::string out;
  out.reserve(r.method.size() + url.target.size() + url.authority.size() + r.headers.text().size() + r.body.size() + 200);
  out.append(r.method).append(" ").append(url.target).append(" HTTP/1.1\r\nHost: ").append(url.authority).append("\r\nUser-Agent: coreldove\r\n");
  out.append(r.headers.text());
  if (is_trace_id(r.trace_id)) fmt::format_to(std::back_inserter(out), "traceparent: 00-{}-{:016x}-01\r\n", r.trace_id, new_span_id());
  if (!r.body.empty() || (r.method != "GET" && r.method != "HEAD")) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", r.body.size());
  out.append("\r\n").append(r.body);
  return out;
}

}  // namespace

/// One thread with its own connections, so that nothing on the way of an exchange is shared but the inbox.
class client::loop {
public:
  loop(tls_client& tls, host_pool::limits limits, std::chrono::milliseconds idle_timeout)
      : tls_{tls}, limits_{limits}, idle_timeout_{idle_timeout}, wheel_{std::chrono::steady_clock::now()}, thread_{[this] {
          pthread_setname_np(pthread_self(), "http_client");
          io_.run();
        }} {}

  void submit(std::unique_ptr<exchange> x) {
    std::unique_lock lock{inbox_mutex_};
    if (stopped_) {
      lock.unlock();
      return exchange::fail(std::move(x), "stopped");
    }
    inbox_.push_back(std::move(x));
    const bool wake = !std::exchange(wake_up_sent_, true);
    lock.unlock();
    if (wake) asio::post(io_, [this] { drain(); });  // one for all that come until the loop gets round to it
  }

  void stop() {
    {
      const std::lock_guard lock{inbox_mutex_};
      if (std::exchange(stopped_, true)) return;
    }
    asio::post(io_, [this] {
      drain();
      for (auto& [where, pool] : pools_) pool->stop();
      io_.stop();
    });
    thread_.join();
  }

private:
  using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, asio::io_context::executor_type>;

  void drain() {
    {
      const std::lock_guard lock{inbox_mutex_};
      wake_up_sent_ = false;
      arrived_.swap(inbox_);
    }
    for (auto& x : arrived_) {
      if (x->wire.empty()) {
        exchange::fail(std::move(x), "bad_request");
        continue;
      }
      wheel_.add(*x);
      auto& pool = pool_of(x->to);
      pool.submit(std::move(x));
    }
    arrived_.clear();
    keep_time();
  }

  host_pool& pool_of(const origin& to) {
    auto& pool = pools_[to];
    if (pool) return *pool;
    if (to.tls) tls_.trust_system();
    pool = std::make_unique<host_pool>(io_, tls_.context(), limits_);
    return *pool;
  }

  void keep_time() {
    if (std::exchange(timing_, true)) return;
    timer_.expires_after(deadline_wheel::tick);
    timer_.async_wait([this](boost::system::error_code) {
      timing_ = false;
      const auto now = std::chrono::steady_clock::now();
      wheel_.advance(now, [this](exchange& x) { pool_of(x.to).expire(x); });
      bool connected = false;
      for (auto& [where, pool] : pools_) {
        pool->close_idle(now - idle_timeout_);
        connected = connected || pool->has_connections();
      }
      // Nothing can be due where nothing is connected, connecting or waiting; then the thread sleeps.
      if (connected) keep_time();
    });
  }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> stay_{io_.get_executor()};
  tls_client& tls_;
  host_pool::limits limits_;
  std::chrono::milliseconds idle_timeout_;
  deadline_wheel wheel_;
  std::unordered_map<origin, std::unique_ptr<host_pool>, origin_hash> pools_;
  timer timer_{io_.get_executor()};
  bool timing_ = false;
  std::mutex inbox_mutex_;
  std::vector<std::unique_ptr<exchange>> inbox_, arrived_;
  bool wake_up_sent_ = false, stopped_ = false;
  std::thread thread_;  // last: it uses all of the above
};

struct client::state {
  explicit state(const client_options& o) : tls{o}, before_call{o.before_call}, after_call{o.after_call} {
    const auto threads = std::max<std::size_t>(o.threads, 1);
    const auto share = [&](std::size_t all) { return std::max<std::size_t>(all / threads, 1); };
    const host_pool::limits limits{share(o.connections_per_host), share(o.waiting_per_host), o.body_bytes_max};
    for (std::size_t n = 0; n < threads; ++n) loops.push_back(std::make_unique<loop>(tls, limits, o.idle_timeout));
  }
  tls_client tls;
  const std::function<void()> before_call, after_call;
  std::vector<std::unique_ptr<loop>> loops;
  std::atomic<std::size_t> next{0};
};

client::client(client_options options) : state_{std::make_unique<state>(options)} {}

client::~client() { stop(); }

void client::send(request r, on_response done) {
  if (state_->before_call) state_->before_call();
  if (state_->after_call)
    done = [this, done = std::move(done)](response&& answer) {
      if (answer.kind == reach::answered) state_->after_call();
      done(std::move(answer));
    };
  auto x = std::make_unique<exchange>();
  x->done = std::move(done);
  auto& chosen = *state_->loops[state_->loops.size() == 1 ? 0 : state_->next.fetch_add(1, std::memory_order_relaxed) % state_->loops.size()];
  const auto url = parse_url(r.url);
  if (url && r.headers.valid() && is_method(r.method)) {
    x->to = {url->tls, std::string{url->host}, url->port};
    x->wire = write_head_and_body(r, *url);
    x->to_head = r.method == "HEAD";
    x->retry_on_stale = r.retry_on_stale;
    x->time_left = std::move(r.time_left);
    x->deadline = std::chrono::steady_clock::now() + r.timeout;
  }
  chosen.submit(std::move(x));
}

void client::stop() {
  for (auto& l : state_->loops) l->stop();
}

}  // namespace coreldove::integrations::http
