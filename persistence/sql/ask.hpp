#pragma once
// One question to the readers: `f` runs on a reader thread; whatever it throws becomes an error of the answer. Where the connection is lost it is asked once
// more on a new one: reading changes nothing.
#include <exception>
#include <utility>

#include "persistence/sql/reader_pool.hpp"
#include "persistence/store.hpp"

namespace coreldove::persistence::sql {

template <class T, class F>
domain::result<T> answer_to(connection* r, const F& f) {
  if (r == nullptr) return domain::failure{domain::errc::unavailable, "too many reads are waiting, or the store is closed"};
  for (bool again = false;; again = true) {
    try {
      return f(*r);
    } catch (const error& e) {
      if (!again && e.why() == error::cause::lost && r->reconnect()) continue;
      return domain::failure{domain::errc::unavailable, e.what()};
    } catch (const std::exception& e) {
      return domain::failure{domain::errc::internal, e.what()};
    }
  }
}

template <class T, class F>
void ask(reader_pool& pool, lane l, reply<T> done, F f) {
  pool.submit(l, [done = std::move(done), f = std::move(f)](connection* r) { done(answer_to<T>(r, f)); });
}

}  // namespace coreldove::persistence::sql
