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

/// `start` gets the callback to hand on. Throws where nothing has come in time.
template <class Answer, class Start>
Answer wait_for(Start start, std::chrono::seconds patience = std::chrono::seconds{5}) {
  auto promise = std::make_shared<std::promise<Answer>>();
  auto future = promise->get_future();
  auto answered = std::make_shared<std::atomic<bool>>(false);
  start([promise, answered](Answer a) {
    if (answered->exchange(true)) std::abort();
    promise->set_value(std::move(a));
  });
  if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error{"no callback in time"};
  return future.get();
}

}  // namespace coreldove::testing
