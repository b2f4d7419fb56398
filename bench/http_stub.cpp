#include "bench/http_stub.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <system_error>

namespace coreldove::bench {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void add(int epoll, int fd) {
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.fd = fd;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) fail("epoll_ctl");
}

std::size_t content_length(std::string_view head) {
  static constexpr std::string_view name = "\r\nContent-Length: ";
  const auto at = head.find(name);
  std::size_t out = 0;
  if (at != std::string_view::npos) std::from_chars(head.data() + at + name.size(), head.data() + head.size(), out);
  return out;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      pollfd p{fd, POLLOUT, 0};
      if (::poll(&p, 1, 1000) <= 0) return false;
      continue;
    }
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

http_stub::http_stub(handler answer) : answer_(std::move(answer)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_ < 0) fail("socket");
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&here), size) != 0 || ::listen(listener_, SOMAXCONN) != 0) fail("listen");
  if (::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size) != 0) fail("getsockname");
  port_ = ntohs(here.sin_port);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (epoll_ < 0 || stop_ < 0) fail("epoll_create1");
  add(epoll_, listener_);
  add(epoll_, stop_);
  thread_ = std::jthread{[this] { run(); }};
}

http_stub::~http_stub() {
  ::eventfd_write(stop_, 1);
  thread_.join();
  for (const auto& [fd, bytes] : pending_) ::close(fd);
  for (const int fd : {listener_, epoll_, stop_}) ::close(fd);
}

double http_stub::cpu_seconds() {
  clockid_t clock{};
  timespec t{};
  if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || ::clock_gettime(clock, &t) != 0) return 0;
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

void http_stub::run() {
  std::array<epoll_event, 256> events;
  for (;;) {
    const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop_) return;
      if (fd == listener_)
        accept_all();
      else if (const auto c = pending_.find(fd); c != pending_.end() && !serve(fd, c->second))
        drop(fd);
    }
  }
}

void http_stub::accept_all() {
  for (int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); fd >= 0;
       fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    add(epoll_, fd);
    pending_.emplace(fd, std::string{});
  }
}

bool http_stub::serve(int fd, std::string& pending) {
  std::array<char, 64 * 1024> buffer;
  const auto n = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (n < 0) return errno == EAGAIN;
  if (n == 0) return false;
  pending.append(buffer.data(), static_cast<std::size_t>(n));
  return answer_all(fd, pending);
}

bool http_stub::answer_all(int fd, std::string& pending) {
  static constexpr std::string_view close_mark = "!close";
  for (auto end = pending.find("\r\n\r\n"); end != std::string::npos; end = pending.find("\r\n\r\n")) {
    const auto head = std::string_view{pending}.substr(0, end + 2);
    const auto whole = end + 4 + content_length(head);
    if (pending.size() < whole) return true;
    const auto answer = answer_(head, std::string_view{pending}.substr(end + 4, whole - end - 4));
    const bool close_after = answer.ends_with(close_mark);
    const auto bytes = std::string_view{answer}.substr(0, answer.size() - (close_after ? close_mark.size() : 0));
    if (answer.empty() || !send_all(fd, bytes) || close_after) return false;
    pending.erase(0, whole);
  }
  return true;
}

void http_stub::drop(int fd) {
  pending_.erase(fd);
  ::close(fd);
}

std::string stub_answer(int status, std::string_view body) {
  return fmt::format("HTTP/1.1 {} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

}  // namespace coreldove::bench
