#include "persistence/redis/lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "persistence/redis/connection.hpp"

namespace coreldove::persistence::redis {
namespace {

constexpr int under_way_max = 4;  // look-ups that nobody waits for any more take until the C library gives them up
constexpr std::chrono::milliseconds slice{50};

struct question {
  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;
  int error = 0;
  std::vector<std::string> addresses;
};

std::atomic<int>& under_way() {
  static std::atomic<int> count{0};
  return count;
}

void look_up(const std::string& host, question& q) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::vector<std::string> all;
  for (const int family : {AF_INET, AF_INET6})
    for (const auto* a = found; a != nullptr; a = a->ai_next) {
      std::array<char, NI_MAXHOST> text{};
      if (a->ai_family == family && getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
        all.emplace_back(text.data());
    }
  if (found != nullptr) freeaddrinfo(found);
  const std::lock_guard lock{q.mutex};
  q.error = error;
  q.addresses = std::move(all);
  q.done = true;
  q.answered.notify_one();
}

}  // namespace

std::string numeric_address(const std::string& host, unsigned turn, std::chrono::milliseconds at_most, const std::function<bool()>& enough) {
  if (under_way() >= under_way_max) throw fault("the name " + host + " is still being looked up");
  const auto q = std::make_shared<question>();
  ++under_way();
  std::thread{[q, host] {
    look_up(host, *q);
    --under_way();
  }}.detach();  // it cannot be cancelled, and whoever stops does not wait for it
  const auto end = std::chrono::steady_clock::now() + at_most;
  std::unique_lock lock{q->mutex};
  while (!q->done && !enough() && std::chrono::steady_clock::now() < end) q->answered.wait_for(lock, slice);
  if (!q->done) throw fault("the name " + host + " could not be looked up in time");
  if (q->error != 0) throw fault("the name " + host + " cannot be looked up: " + gai_strerror(q->error));
  if (q->addresses.empty()) throw fault("the name " + host + " has no address");
  return q->addresses[turn % q->addresses.size()];
}

}  // namespace coreldove::persistence::redis
