#pragma once
// Matches postal codes in one table look-up per character, whatever the input: a pattern is made into a finite automaton once.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace coreldove::domain {

/// The part of regular expressions that postal codes are written in: characters, \d, [classes], (groups), alternation, ?, {n} and {n,m}.
/// The alphabet is digits, letters (either case), space and hyphen.
class postal_pattern {
public:
  explicit postal_pattern(std::string_view pattern);  // one of our own; asserts that it is well formed

  bool matches(std::string_view text) const;  // all of it
  bool begins(std::string_view text) const;   // some beginning of it, maybe all

private:
  static constexpr std::size_t symbols = 38;
  using state = std::uint8_t;
  static constexpr state dead = 0, start = 1;
  class builder;

  static std::size_t symbol_of(char c);  // `symbols` for one that no pattern knows

  std::vector<std::array<state, symbols>> next_;
  std::vector<bool> accepting_;
};

}  // namespace coreldove::domain
