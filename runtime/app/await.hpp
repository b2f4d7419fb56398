#pragma once
// Waiting for calls that answer through a callback. For the command line alone: the server never waits.
#include <future>
#include <memory>
#include <utility>

#include "domain/result.hpp"

namespace coreldove::app {

/// Runs `start(done)` and blocks until `done` has been called with its answer.
template <class T, class Start>
T await(Start start) {
  // Shared, since the callback may still be inside set_value when the waiting side has already gone on.
  const auto answer = std::make_shared<std::promise<T>>();
  auto arrived = answer->get_future();
  start([answer](T value) { answer->set_value(std::move(value)); });
  return arrived.get();
}

}  // namespace coreldove::app
