#pragma once
// Random choices for property tests that walk through many steps. All of them come from one list of numbers that is drawn beforehand: so RapidCheck can
// shorten the list, and replay it, whatever the choices are about.
#include <rapidcheck.h>

#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <vector>

namespace coreldove::domain::samples {

class dice {
public:
  /// Numbers for at most `rolls` choices; afterwards every choice is the first one. Shrinking leaves numbers out, but does not change them.
  explicit dice(int rolls)
      : numbers_(*rc::gen::resize(rolls, rc::gen::container<std::vector<std::uint32_t>>(rc::gen::noShrink(rc::gen::inRange<std::uint32_t>(0, 1U << 30))))) {}

  bool used_up() const { return next_ >= numbers_.size(); }

  /// 0 … n - 1.
  std::uint32_t below(std::size_t n) { return used_up() ? 0 : static_cast<std::uint32_t>(numbers_[next_++] % n); }
  template <class Int>
  Int between(Int least, Int most) {
    return static_cast<Int>(least + static_cast<Int>(below(static_cast<std::size_t>(most - least) + 1)));
  }
  bool one_in(std::uint32_t n) { return below(n) == n - 1; }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + below(choices.size()));
  }
  template <class T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }
  /// An index, each as often as its weight says.
  std::size_t weighted(const std::vector<std::uint32_t>& weights) {
    std::uint32_t roll = below(std::accumulate(weights.begin(), weights.end(), 0U));
    std::size_t index = 0;
    while (roll >= weights[index]) roll -= weights[index++];
    return index;
  }

private:
  std::vector<std::uint32_t> numbers_;
  std::size_t next_ = 0;
};

}  // namespace coreldove::domain::samples
