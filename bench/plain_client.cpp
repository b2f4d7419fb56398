#include "bench/plain_client.hpp"

#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "bench/response_reader.hpp"

namespace coreldove::bench {

plain_client::plain_client(endpoint server, std::chrono::seconds timeout) : server_(server), timeout_(timeout) {}

plain_client::~plain_client() { disconnect(); }

void plain_client::disconnect() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  used_ = false;
}

void plain_client::connect() {
  fd_ = ::socket(server_.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) throw std::runtime_error(std::string{"no socket: "} + std::strerror(errno));
  const timeval limit{static_cast<time_t>(timeout_.count()), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&server_.address), server_.size) == 0) return;
  const int error = errno;
  disconnect();
  throw std::runtime_error(std::string{"cannot connect: "} + std::strerror(error));
}

plain_client::answer plain_client::ask(std::string_view request) {
  answer out;
  if (fd_ < 0) connect();
  const bool was_used = used_;
  if (try_ask(request, out)) return out;
  disconnect();
  if (was_used) {
    connect();
    if (try_ask(request, out)) return out;
    disconnect();
  }
  throw std::runtime_error("the server closed the connection or did not answer in time");
}

bool plain_client::try_ask(std::string_view request, answer& out) {
  while (!request.empty()) {
    const auto n = ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
    if (n < 0) return false;
    request.remove_prefix(static_cast<std::size_t>(n));
  }
  response_reader reader;
  std::array<char, 64 * 1024> buffer;
  for (auto state = response_reader::progress::more; state == response_reader::progress::more;) {
    const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0) return false;
    std::string_view input{buffer.data(), static_cast<std::size_t>(n)};
    state = n == 0 ? reader.close() : reader.take(input);
    if (state == response_reader::progress::bad || (n == 0 && state == response_reader::progress::more)) return false;
  }
  out = {reader.status(), std::string{reader.body()}};
  used_ = true;
  if (!reader.keep_alive()) disconnect();
  return true;
}

}  // namespace coreldove::bench
