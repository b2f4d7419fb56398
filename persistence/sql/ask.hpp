#pragma once
// One question to the readers: `f` runs on a reader thread; whatever it throws becomes an error of the answer.
#include <exception>
#include <utility>

#include "persistence/sqlite/reader_pool.hpp"
#include "persistence/store.hpp"

namespace coreldove::persistence::sqlite {

template <class T, class F>
domain::result<T> answer_to(reader* r, const F& f) {
  if (r == nullptr) return domain::failure{domain::errc::unavailable, "too many reads are waiting, or the store is closed"};
  try {
    return f(*r);
  } catch (const sqlite_error& e) {
    return domain::failure{domain::errc::unavailable, e.what()};
  } catch (const std::exception& e) {
    return domain::failure{domain::errc::internal, e.what()};
  }
}

template <class T, class F>
void ask(reader_pool& pool, lane l, reply<T> done, F f) {
  pool.submit(l, [done = std::move(done), f = std::move(f)](reader* r) { done(answer_to<T>(r, f)); });
}

}  // namespace coreldove::persistence::sqlite
