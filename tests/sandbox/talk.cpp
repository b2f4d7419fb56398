#include "tests/sandbox/talk.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <stdexcept>

namespace coreldove::tests {

using clock = std::chrono::steady_clock;

namespace {

int connected_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
    ::close(fd);
    throw std::runtime_error("nobody listens there");
  }
  return fd;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Takes the header lines of a message; the first line goes to `first`.
headers read_fields(std::string_view head, std::string& first) {
  headers out;
  bool is_first = true;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const std::string line{head.substr(0, end)};
    head = end == std::string_view::npos ? std::string_view{} : head.substr(end + 2);
    if (std::exchange(is_first, false)) {
      first = line;
    } else if (const auto colon = line.find(':'); colon != std::string::npos) {
      out[lower(line.substr(0, colon))] = line.substr(line.find_first_not_of(' ', colon + 1));
    }
  }
  return out;
}

}  // namespace

simdjson::dom::element response::json() const { return parser_->parse(body).value(); }

std::string response::at(std::string_view pointer) const {
  simdjson::dom::element found;
  if (parser_->parse(body).at_pointer(pointer).get(found) != simdjson::SUCCESS) return {};
  std::string_view text;
  if (found.get(text) == simdjson::SUCCESS) return std::string{text};
  return simdjson::minify(found);
}

wire::wire(std::uint16_t port) : fd_(connected_to(port)) {}
wire::~wire() { ::close(fd_); }

void wire::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool wire::fill(clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  pollfd p{fd_, POLLIN, 0};
  if (left < 0 || ::poll(&p, 1, static_cast<int>(left)) <= 0) return false;
  char chunk[65536];
  const auto n = ::recv(fd_, chunk, sizeof chunk, 0);
  if (n > 0) {
    buffer_.append(chunk, static_cast<std::size_t>(n));
    return true;
  }
  closed_ = true;
  reset_ = n < 0 && errno == ECONNRESET;
  return false;
}

std::string wire::read_until(std::string_view end, std::chrono::milliseconds patience) {
  const auto until = clock::now() + patience;
  auto at = buffer_.find(end);
  while (at == std::string::npos && fill(until)) at = buffer_.find(end);
  const auto size = at == std::string::npos ? buffer_.size() : at + end.size();
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

response wire::read_response(std::chrono::milliseconds patience) {
  const auto until = clock::now() + patience;
  response out;
  const std::string head = read_until("\r\n\r\n", patience);
  if (!head.ends_with("\r\n\r\n")) {
    out.timed_out = !closed_;
    return out;
  }
  std::string first;
  out.fields = read_fields(std::string_view{head}.substr(0, head.size() - 4), first);
  out.status = std::stoi(first.substr(9, 3));
  const auto left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()); };
  if (out.fields["transfer-encoding"] == "chunked") {
    for (;;) {
      const auto size = std::stoul(read_until("\r\n", left()), nullptr, 16);
      while (buffer_.size() < size + 2 && fill(until)) {
      }
      out.body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) return out;
    }
  }
  const std::size_t size = out.fields.contains("content-length") ? std::stoul(out.fields["content-length"]) : 0;
  while (buffer_.size() < size && fill(until)) {
  }
  out.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

std::string request_text(std::string_view method, std::string_view target, const headers& fields, std::string_view body) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n", method, target);
  for (const auto& [name, value] : fields) out += fmt::format("{}: {}\r\n", name, value);
  return out + fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
}

response call(std::uint16_t port, std::string_view method, std::string_view target, const headers& fields, std::string_view body,
              std::chrono::milliseconds patience) {
  wire w{port};
  w.send(request_text(method, target, fields, body));
  return w.read_response(patience);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

sandbox_under_test::sandbox_under_test(integrations::sandbox_options options) : box_(std::move(options)) { box_.start(); }

response sandbox_under_test::stripe(std::string_view method, std::string_view path, std::string_view form, std::string_view key,
                                    std::chrono::milliseconds patience) const {
  headers fields{{"Authorization", "Bearer sk_test_1"}, {"Content-Type", "application/x-www-form-urlencoded"}};
  if (!key.empty()) fields["Idempotency-Key"] = key;
  return call(port(), method, fmt::format("/stripe{}", path), fields, form, patience);
}

std::string sandbox_under_test::authorized(std::string_view key) const {
  return stripe("POST", "/v1/payment_intents", "amount=5998&currency=usd&capture_method=manual&confirm=true&payment_method=tok_visa&metadata[order_id]=ord_1",
                key)
      .at("/id");
}

response sandbox_under_test::advance(std::string_view number, std::string_view state) const {
  return call(port(), "POST", "/advance", {}, fmt::format(R"({{"tracking_number":"{}","state":"{}"}})", number, state));
}

std::vector<std::string> sandbox_under_test::ledger(std::string_view query) const { return lines_of(get(fmt::format("/ledger{}", query)).body); }

catcher::catcher() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("no port to listen on");
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread([this] {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        ::close(fd);
        return;
      }
      open_.push_back(fd);
      workers_.emplace_back([this, fd] { serve(fd); });
    }
  });
}

catcher::~catcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& w : workers_) w.join();
  for (const int fd : open_) ::close(fd);
  ::close(listener_);
}

std::string catcher::base() const { return fmt::format("http://127.0.0.1:{}/hooks", port_); }

void catcher::answer_with(std::vector<int> statuses) {
  const std::lock_guard lock(mutex_);
  statuses_ = std::move(statuses);
}

void catcher::serve(int fd) {
  std::string buffer;
  char chunk[65536];
  for (;;) {
    auto end = buffer.find("\r\n\r\n");
    std::size_t size = 0;
    caught c;
    if (end != std::string::npos) {
      std::string first;
      c.fields = read_fields(std::string_view{buffer}.substr(0, end), first);
      size = std::stoul(c.fields["content-length"]);
      c.path = first.substr(first.find(' ') + 1);
      c.path = c.path.substr(0, c.path.find(' '));
    }
    if (end == std::string::npos || buffer.size() < end + 4 + size) {
      const auto n = ::recv(fd, chunk, sizeof chunk, 0);
      if (n <= 0) return;
      buffer.append(chunk, static_cast<std::size_t>(n));
      continue;
    }
    c.body = buffer.substr(end + 4, size);
    buffer.erase(0, end + 4 + size);
    int status = 200;
    {
      const std::lock_guard lock(mutex_);
      caught_.push_back(std::move(c));
      if (!statuses_.empty()) {
        status = statuses_.front();
        statuses_.erase(statuses_.begin());
      }
    }
    came_.notify_all();
    const auto answer = fmt::format("HTTP/1.1 {} x\r\nContent-Length: 0\r\n\r\n", status);
    if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
  }
}

std::vector<catcher::caught> catcher::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, std::chrono::seconds{5}, [&] { return caught_.size() >= count; });
  return caught_;
}

}  // namespace coreldove::tests
