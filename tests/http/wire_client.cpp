#include "tests/http/wire_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace coreldove::test {

wire_client::wire_client(std::uint16_t port, std::chrono::milliseconds patience, int receive_buffer_bytes) {
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  if (receive_buffer_bytes > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error{"can't connect"};
}

wire_client::~wire_client() { ::close(socket_); }

bool wire_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void wire_client::shutdown_send() { ::shutdown(socket_, SHUT_WR); }

bool wire_client::fill() {
  std::array<char, 16384> buffer{};
  const auto n = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (n <= 0) return false;
  in_.append(buffer.data(), static_cast<std::size_t>(n));
  return true;
}

std::string wire_client::read_until(std::string_view end) {
  std::size_t at = 0;
  while ((at = in_.find(end)) == std::string::npos)
    if (!fill()) return {};
  auto out = in_.substr(0, at + end.size());
  in_.erase(0, at + end.size());
  return out;
}

wire_response wire_client::read_head() {
  wire_response out;
  const auto head = read_until("\r\n\r\n");
  if (head.size() < 12) return out;
  out.status = std::stoi(head.substr(9, 3));
  for (std::size_t at = head.find("\r\n") + 2; at + 2 < head.size();) {
    const auto end = head.find("\r\n", at);
    const auto colon = head.find(": ", at);
    auto name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.fields[name] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  return out;
}

wire_response wire_client::read(bool to_head) {
  auto out = read_head();
  if (to_head || out.status == 0 || out.status == 204 || out.status == 304) return out;
  if (out.field("transfer-encoding") == "chunked") {
    while (true) {
      const auto line = read_until("\r\n");
      if (line.empty()) return {};
      const auto size = std::stoul(line, nullptr, 16);
      while (in_.size() < size + 2)
        if (!fill()) return {};
      out.body.append(in_, 0, size);
      in_.erase(0, size + 2);
      if (size == 0) return out;
    }
  }
  if (out.field("content-length").empty()) {
    while (fill()) {
    }
    out.body = std::move(in_);
    in_.clear();
    return out;
  }
  const auto length = std::stoul(out.field("content-length"));
  while (in_.size() < length)
    if (!fill()) return {};
  out.body = in_.substr(0, length);
  in_.erase(0, length);
  return out;
}

bool wire_client::closed() {
  if (!in_.empty()) return false;
  char c = 0;
  return ::recv(socket_, &c, 1, 0) == 0 || errno == ECONNRESET;
}

wire_response ask(std::uint16_t port, std::string_view head, std::string_view body, bool json) {
  wire_client client{port};
  const auto line_end = head.find("\r\n");
  std::string text{head.substr(0, line_end)};
  text.append("\r\nHost: localhost\r\n");
  if (line_end != std::string_view::npos) text.append(head.substr(line_end + 2)).append("\r\n");
  if (!body.empty()) {
    if (json) text.append("Content-Type: application/json\r\n");
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  client.send(text.append("\r\n").append(body));
  return client.read(head.starts_with("HEAD "));
}

}  // namespace coreldove::test
