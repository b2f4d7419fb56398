#include "persistence/redis/lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <vector>

#include "persistence/redis/connection.hpp"

namespace coreldove::persistence::redis {
namespace {

/// What a look-up under way writes to; it has to live as long as that.
struct question {
  explicit question(std::string name) : host(std::move(name)) {
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    request.ar_name = host.c_str();
    request.ar_request = &hints;
  }
  ~question() {
    if (request.ar_result != nullptr) freeaddrinfo(request.ar_result);
  }
  question(const question&) = delete;
  question& operator=(const question&) = delete;

  std::string host;
  addrinfo hints{};
  gaicb request{};
};

std::vector<std::string> addresses_of(const addrinfo* first) {
  std::vector<std::string> out;
  for (const int family : {AF_INET, AF_INET6})
    for (const auto* a = first; a != nullptr; a = a->ai_next) {
      std::array<char, NI_MAXHOST> text{};
      if (a->ai_family == family && getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
        out.emplace_back(text.data());
    }
  return out;
}

}  // namespace

std::string numeric_address(const std::string& host, unsigned turn, std::chrono::milliseconds at_most, const std::function<bool()>& enough) {
  auto q = std::make_unique<question>(host);
  std::array<gaicb*, 1> all{&q->request};
  if (const int error = getaddrinfo_a(GAI_NOWAIT, all.data(), 1, nullptr); error != 0) throw fault(gai_strerror(error));
  const auto end = std::chrono::steady_clock::now() + at_most;
  constexpr timespec slice{0, 50'000'000};
  while (gai_error(&q->request) == EAI_INPROGRESS && std::chrono::steady_clock::now() < end && !enough()) gai_suspend(all.data(), 1, &slice);
  if (gai_error(&q->request) == EAI_INPROGRESS && gai_cancel(&q->request) == EAI_NOTCANCELED) {
    static_cast<void>(q.release());  // the C library still writes to it
    throw fault("the name " + host + " could not be looked up in time");
  }
  if (const int error = gai_error(&q->request); error != 0) throw fault("the name " + host + " cannot be looked up: " + gai_strerror(error));
  const auto found = addresses_of(q->request.ar_result);
  if (found.empty()) throw fault("the name " + host + " has no address");
  return found[turn % found.size()];
}

}  // namespace coreldove::persistence::redis
