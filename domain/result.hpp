#pragma once
// What can go wrong, in one vocabulary for every room. Errors are values here; exceptions stay inside adapters.
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace coreldove::domain {

/// `unavailable`: nothing happened. `timed_out`: the outcome is not known.
enum class errc {
  invalid_input,  // 422, or 400 where the bytes could not be read at all
  malformed,      // 400
  not_found,      // 404
  wrong_state,    // 409, with `allowed`
  conflict,       // 409: somebody else wrote first
  stale,          // 412: If-Match does not hold
  key_reused,     // 422: the idempotency key came with another body
  forbidden,      // 403
  overloaded,     // 503 with Retry-After, nothing stored
  unavailable,    // 503, nothing stored
  timed_out,      // 504
  internal,       // 500
};

/// One bad field. `pointer` is a JSON pointer (RFC 6901) into the request body; `code` is stable, `message` is for people.
struct field_error {
  std::string pointer;
  std::string code;
  std::string message;
};

struct failure {
  errc code = errc::internal;
  std::string detail;
  std::vector<field_error> fields = {};
  std::vector<std::string> allowed = {};  // wrong_state: the moves that would be legal
};

/// A value or the reason why there is none.
template <class T>
class result {
public:
  result(T value) : x_(std::in_place_index<0>, std::move(value)) {}
  result(failure why) : x_(std::in_place_index<1>, std::move(why)) {}
  explicit operator bool() const noexcept { return x_.index() == 0; }
  T& operator*() & { return std::get<0>(x_); }
  const T& operator*() const& { return std::get<0>(x_); }
  T&& operator*() && { return std::get<0>(std::move(x_)); }
  T* operator->() { return &std::get<0>(x_); }
  const T* operator->() const { return &std::get<0>(x_); }
  const failure& error() const& { return std::get<1>(x_); }
  failure&& error() && { return std::get<1>(std::move(x_)); }

private:
  std::variant<T, failure> x_;
};

}  // namespace coreldove::domain
