#include "bench/loop.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace coreldove::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto reconnect_pause = 50ms;
constexpr auto sweep_pause = 100ms;
constexpr std::size_t buffer_size = 256 * 1024;

timespec to_timespec(clock::duration d) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(d);
  return {static_cast<time_t>(whole.count()), static_cast<long>(std::chrono::nanoseconds{d - whole}.count())};
}

}  // namespace

endpoint resolve(const address& where) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found); error != 0)
    throw std::runtime_error("cannot find " + where.host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
  endpoint out;
  std::memcpy(&out.address, found->ai_addr, found->ai_addrlen);
  out.size = found->ai_addrlen;
  out.family = found->ai_family;
  return out;
}

loop::loop(loop_settings settings, workload& work) : settings_(settings), work_(work), connections_(settings.connections), buffer_(buffer_size) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

loop::~loop() {
  for (auto& c : connections_)
    if (c.fd >= 0) ::close(c.fd);
  ::close(epoll_);
}

bool loop::run() {
  now_ = last_contact_ = clock::now();
  begun_ = settings_.begin_at.value_or(now_);
  next_sweep_ = now_ + sweep_pause;
  for (auto& c : connections_) open(c);
  std::array<epoll_event, 512> events;
  while (!over()) {
    if (open_ == 0 && now_ - last_contact_ > settings_.patience) return false;
    const auto wait = to_timespec(pause());
    const int n = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    if (n < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
    now_ = clock::now();
    for (int i = 0; i < n; ++i) {
      const auto& e = events[static_cast<std::size_t>(i)];
      handle(*static_cast<connection*>(e.data.ptr), e.events);
    }
    start_due();
    if (now_ >= next_sweep_) sweep();
    work_.round(now_);
  }
  report_unsent();
  work_.round(now_);
  return true;
}

bool loop::over() const {
  if (exhausted_) return busy_ == 0;
  if (!settings_.stop_at || now_ < *settings_.stop_at) return false;
  if (busy_ > 0) return false;
  // Open loop: what was due before the end is still sent, within bounds.
  return settings_.rate == 0 || open_ == 0 || intended_start(started_) >= *settings_.stop_at || now_ > *settings_.stop_at + settings_.timeout;
}

bool loop::ending() const { return exhausted_ || (settings_.rate == 0 && settings_.stop_at && now_ >= *settings_.stop_at); }

clock::time_point loop::intended_start(std::uint64_t n) const {
  const std::chrono::duration<double, std::nano> offset{static_cast<double>(n) * 1e9 / settings_.rate};
  return begun_ + std::chrono::duration_cast<clock::duration>(offset);
}

clock::duration loop::pause() const {
  auto until = next_sweep_;
  if (settings_.rate > 0 && !idle_.empty() && !exhausted_) until = std::min(until, intended_start(started_));
  return std::max(until - now_, clock::duration::zero());
}

void loop::open(connection& c) {
  c.fd = ::socket(settings_.server.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c.fd < 0) throw std::system_error(errno, std::generic_category(), "socket (is the limit of open files too low?)");
  const int on = 1;
  ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  c.state = phase::connecting;
  c.deadline = now_ + settings_.timeout;
  const int done = ::connect(c.fd, reinterpret_cast<const sockaddr*>(&settings_.server.address), settings_.server.size);
  if (done != 0 && errno != EINPROGRESS) {
    work_.not_connected();
    shut(c);
    return;
  }
  // Edge-triggered and registered once for both directions: no epoll_ctl per request.
  epoll_event e{};
  e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  e.data.ptr = &c;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &e) != 0) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void loop::shut(connection& c) {
  if (c.state == phase::idle || c.state == phase::busy) --open_;
  if (c.state == phase::idle) std::erase(idle_, &c);
  if (c.state == phase::busy) --busy_;
  ::close(c.fd);
  c.fd = -1;
  c.state = phase::closed;
  c.reader = {};
  c.out.clear();
  c.deadline = now_ + reconnect_pause;
}

void loop::broken(connection& c, trouble why) {
  if (c.state == phase::busy) work_.failed(c.what, why);
  if (c.state == phase::connecting) work_.not_connected();
  const bool was_open = c.state == phase::busy || c.state == phase::idle;
  shut(c);
  if (was_open) last_contact_ = now_;
}

void loop::connected(connection& c) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return broken(c, trouble::closed);
  c.state = phase::idle;
  ++open_;
  last_contact_ = now_;
  offer(c);
}

void loop::handle(connection& c, std::uint32_t events) {
  if (c.state == phase::connecting) {
    if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) connected(c);
    return;
  }
  if (c.state == phase::busy && c.sent < c.out.size() && (events & EPOLLOUT)) flush(c);
  constexpr std::uint32_t gone = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if (c.fd >= 0 && (events & (EPOLLIN | gone))) read(c);
  // An answer and the end of the stream may come as one edge, and reading stops after an answer.
  if ((events & gone) && (c.state == phase::idle || c.state == phase::busy)) read(c);
}

void loop::read(connection& c) {
  for (;;) {
    const auto n = ::recv(c.fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0) {
      if (errno == EAGAIN) return;
      if (errno == EINTR) continue;
      return broken(c, trouble::closed);
    }
    if (n == 0) return peer_closed(c);
    if (c.state != phase::busy) return broken(c, trouble::bad_response);  // nobody asked
    std::string_view input{buffer_.data(), static_cast<std::size_t>(n)};
    switch (c.reader.take(input)) {
      case response_reader::progress::bad:
        return broken(c, trouble::bad_response);
      case response_reader::progress::done:
        if (!input.empty()) return broken(c, trouble::bad_response);  // more than was asked for
        return finish(c);                                             // what comes next has an edge of its own
      case response_reader::progress::more:
        break;
    }
  }
}

void loop::peer_closed(connection& c) {
  if (c.state == phase::busy && c.reader.close() == response_reader::progress::done) return finish(c);
  broken(c, trouble::closed);
}

void loop::finish(connection& c) {
  now_ = clock::now();
  last_contact_ = now_;
  work_.answered(c.what, c.reader.status(), c.reader.body(), c.started, now_);
  if (!c.reader.keep_alive()) {
    shut(c);
    if (!ending()) open(c);
    return;
  }
  c.state = phase::idle;
  --busy_;
  offer(c);
}

void loop::offer(connection& c) {
  if (settings_.rate > 0) {
    idle_.push_back(&c);
    return;
  }
  if (!ending()) start(c, now_);
}

bool loop::start(connection& c, clock::time_point intended) {
  c.out.clear();
  const auto what = work_.next(c.out);
  if (!what) {
    exhausted_ = true;
    return false;
  }
  c.state = phase::busy;
  ++busy_;
  ++started_;
  c.what = *what;
  c.sent = 0;
  c.started = intended;
  c.deadline = now_ + settings_.timeout;
  flush(c);
  return true;
}

void loop::flush(connection& c) {
  while (c.sent < c.out.size()) {
    const auto n = ::send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN) return;
      if (errno == EINTR) continue;
      return broken(c, trouble::closed);
    }
    c.sent += static_cast<std::size_t>(n);
  }
}

void loop::start_due() {
  if (settings_.rate == 0) return;
  while (!idle_.empty() && !exhausted_) {
    const auto intended = intended_start(started_);
    if (intended > now_ || (settings_.stop_at && intended >= *settings_.stop_at)) return;
    auto& c = *idle_.front();
    idle_.pop_front();
    if (!start(c, intended)) idle_.push_back(&c);
  }
}

void loop::sweep() {
  next_sweep_ = now_ + sweep_pause;
  for (auto& c : connections_) {
    if (c.state == phase::closed && c.deadline <= now_ && !ending())
      open(c);
    else if ((c.state == phase::busy || c.state == phase::connecting) && c.deadline <= now_)
      broken(c, trouble::timed_out);
  }
}

void loop::report_unsent() {
  if (settings_.rate == 0 || !settings_.stop_at) return;
  while (!exhausted_ && intended_start(started_) < *settings_.stop_at) {
    std::string dropped;
    const auto what = work_.next(dropped);
    if (!what) return;
    ++started_;
    work_.failed(*what, trouble::unsent);
  }
}

}  // namespace coreldove::bench
