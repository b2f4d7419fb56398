#include "integrations/http/host_pool.hpp"

#include <algorithm>

namespace coreldove::integrations::http {

host_pool::host_pool(boost::asio::io_context& io, boost::asio::ssl::context& tls, limits l) : io_{io}, tls_{tls}, limits_{l} {}

host_pool::~host_pool() { stop(); }

void host_pool::submit(std::unique_ptr<exchange> x) {
  if (stopped_) return exchange::fail(std::move(x), "stopped");
  if (!idle_.empty()) {
    auto* c = idle_.back();
    idle_.pop_back();
    return c->carry(std::move(x));
  }
  if (connections_.size() < limits_.connections) return open(std::move(x));
  if (waiting_count_ >= limits_.waiting) return exchange::fail(std::move(x), "overloaded");
  waiting_.push_back(*x.release());
  ++waiting_count_;
}

void host_pool::open(std::unique_ptr<exchange> x) {
  auto c = std::make_shared<connection>(*this, io_, tls_, limits_.body_bytes);
  connections_.push_back(c);
  c->open(std::move(x));
}

std::unique_ptr<exchange> host_pool::take_waiting() {
  auto* x = &waiting_.front();
  waiting_.pop_front();
  --waiting_count_;
  return std::unique_ptr<exchange>{x};
}

void host_pool::expire(exchange& x) {
  if (x.on != nullptr) return x.on->close("timeout");
  waiting_.erase(waiting_.iterator_to(x));
  --waiting_count_;
  exchange::fail(std::unique_ptr<exchange>{&x}, "timeout");
}

void host_pool::became_idle(connection& c) {
  if (!waiting_.empty()) return c.carry(take_waiting());
  c.idle_since = std::chrono::steady_clock::now();
  idle_.push_back(&c);
}

void host_pool::closed(connection& c) {
  std::erase(idle_, &c);
  std::erase_if(connections_, [&](const auto& held) { return held.get() == &c; });
  if (!stopped_ && !waiting_.empty()) open(take_waiting());
}

void host_pool::resend(std::unique_ptr<exchange> x) {
  if (stopped_) return exchange::fail(std::move(x), "stopped");
  // Never another kept one: if one was dead, they may all be. And once at most: a fresh connection has nothing stale about it.
  open(std::move(x));
}

void host_pool::close_idle(steady_time idle_since_before) {
  // Oldest first: the vector is a stack.
  while (!idle_.empty() && idle_.front()->idle_since < idle_since_before) idle_.front()->close("lost");
}

void host_pool::stop() {
  stopped_ = true;
  while (!waiting_.empty()) exchange::fail(take_waiting(), "stopped");
  while (!connections_.empty()) connections_.back()->close("stopped");
}

}  // namespace coreldove::integrations::http
