#pragma once
// One function for each alternative of a variant.

namespace coreldove::persistence {

template <class... F>
struct overload : F... {
  using F::operator()...;
};
template <class... F>
overload(F...) -> overload<F...>;

}  // namespace coreldove::persistence
