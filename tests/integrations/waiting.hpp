#pragma once
// Turns a call with a callback into its answer: waits for it, a bounded time, and ends the test run where it comes twice.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <stdexcept>
#include <utility>

namespace coreldove::testing {

/// `start` gets the callback to hand on. Throws where nothing has come within 5 s.
template <class Answer, class Start>
Answer wait_for(Start start) {
  auto promise = std::make_shared<std::promise<Answer>>();
  auto future = promise->get_future();
  auto answered = std::make_shared<std::atomic<bool>>(false);
  start([promise, answered](Answer a) {
    if (answered->exchange(true)) std::abort();
    promise->set_value(std::move(a));
  });
  if (future.wait_for(std::chrono::seconds{5}) != std::future_status::ready) throw std::runtime_error{"no callback within 5 s"};
  return future.get();
}

}  // namespace coreldove::testing
