#pragma once
// An answer that somebody waits for, as it travels through the actors. It is given once; if the last copy goes without it (its actor died), the waiting side
// is told `timed_out`: the outcome is not known. CAF 0.17 itself says nothing about a promise that was dropped.
#include <memory>
#include <utility>

#include "actors/service.hpp"

namespace coreldove::actors {

template <class T>
class promise {
public:
  promise() = default;
  explicit promise(reply<T> f) : state_(std::make_shared<state>(std::move(f))) {}

  void answer(domain::result<T> r) const {
    if (!state_ || !state_->f) return;
    auto f = std::exchange(state_->f, nullptr);
    f(std::move(r));
  }
  explicit operator bool() const { return state_ && state_->f; }

private:
  struct state {
    explicit state(reply<T> g) : f(std::move(g)) {}
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state() {
      if (f)
        f(domain::failure{domain::errc::timed_out,
                          "The part of the engine that had the request failed; its outcome is not known. Repeat it with the same idempotency key."});
    }
    reply<T> f;
  };
  std::shared_ptr<state> state_;
};

}  // namespace coreldove::actors
