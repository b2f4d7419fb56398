#include "domain/postal_pattern.hpp"

#include <algorithm>
#include <bitset>
#include <cassert>
#include <limits>

namespace coreldove::domain {

/// Glushkov's construction: each character of the pattern is a position; then subsets of positions become the automaton's states.
class postal_pattern::builder {
public:
  explicit builder(std::string_view pattern) : rest_(pattern) {
    positions_.push_back({});  // before the first character
    const fragment whole = alternatives();
    assert(rest_.empty());
    positions_[0].follow = whole.first;
    last_ = whole.last;
    last_[0] = whole.nullable;
  }

  void build(postal_pattern& out) const {
    std::vector<position_set> sets{{}, {1}};  // dead: nowhere; start: before the first character
    for (std::size_t at = 0; at < sets.size(); ++at) {
      out.accepting_.push_back((sets[at] & last_).any());
      auto& row = out.next_.emplace_back();
      const position_set reachable = after(sets[at]);
      for (std::size_t symbol = 0; symbol < symbols; ++symbol) row[symbol] = number_of(reading(symbol, reachable), sets);
    }
  }

private:
  static constexpr std::size_t most_positions = 384;
  using position_set = std::bitset<most_positions>;
  using symbol_set = std::bitset<symbols>;
  struct position {
    symbol_set reads;
    position_set follow;
  };
  struct fragment {
    bool nullable = true;
    position_set first, last;
  };

  position_set after(const position_set& from) const {
    position_set out;
    for (std::size_t p = 0; p < positions_.size(); ++p)
      if (from[p]) out |= positions_[p].follow;
    return out;
  }

  position_set reading(std::size_t symbol, const position_set& candidates) const {
    position_set out;
    for (std::size_t p = 0; p < positions_.size(); ++p)
      if (candidates[p] && positions_[p].reads[symbol]) out.set(p);
    return out;
  }

  static state number_of(const position_set& set, std::vector<position_set>& sets) {
    const auto known = std::ranges::find(sets, set);
    const auto number = static_cast<std::size_t>(known - sets.begin());
    assert(number <= std::numeric_limits<state>::max());
    if (known == sets.end()) sets.push_back(set);
    return static_cast<state>(number);
  }

  bool eat(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  char take() {
    assert(!rest_.empty());
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  fragment alternatives() {
    fragment out = sequence();
    while (eat('|')) {
      const fragment other = sequence();
      out.nullable |= other.nullable;
      out.first |= other.first;
      out.last |= other.last;
    }
    return out;
  }

  fragment sequence() {
    fragment out;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') append(out, quantified());
    return out;
  }

  void append(fragment& left, const fragment& right) {
    for (std::size_t p = 0; p < positions_.size(); ++p)
      if (left.last[p]) positions_[p].follow |= right.first;
    if (left.nullable) left.first |= right.first;
    left.last = right.nullable ? left.last | right.last : right.last;
    left.nullable &= right.nullable;
  }

  /// x{2,4} is xxx?x?: the atom is read once more for each copy, which gives the copy positions of its own.
  fragment quantified() {
    const std::string_view source = rest_;
    fragment out = atom();
    int least = 1, most = 1;
    if (eat('?')) {
      least = 0;
    } else if (eat('{')) {
      least = most = number();
      if (eat(',')) most = number();
      [[maybe_unused]] const bool closed = eat('}');
      assert(closed && 1 <= least && least <= most);
    }
    const std::string_view after = rest_;
    out.nullable |= least == 0;
    for (int copy = 2; copy <= most; ++copy) {
      rest_ = source;
      fragment more = atom();
      more.nullable |= copy > least;
      append(out, more);
    }
    rest_ = after;
    return out;
  }

  int number() {
    int value = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') value = value * 10 + (take() - '0');
    return value;
  }

  fragment atom() {
    if (eat('(')) {
      fragment inner = alternatives();
      [[maybe_unused]] const bool closed = eat(')');
      assert(closed);
      return inner;
    }
    symbol_set reads;
    if (eat('['))
      while (!eat(']')) add_class_item(reads);
    else
      add_one(reads, take());
    assert(positions_.size() < most_positions);
    fragment out{.nullable = false, .first = {}, .last = {}};
    out.first[positions_.size()] = out.last[positions_.size()] = true;
    positions_.push_back({reads, {}});
    return out;
  }

  void add_class_item(symbol_set& reads) {
    const char from = take();
    if (from == '\\' || rest_.size() < 2 || rest_[0] != '-' || rest_[1] == ']') return add_one(reads, from);
    take();
    const char to = take();
    for (char c = from; c <= to; ++c) add_one(reads, c);
  }

  void add_one(symbol_set& reads, char c) {
    if (c == '\\') {
      c = take();
      if (c == 'd') {
        for (char digit = '0'; digit <= '9'; ++digit) reads.set(symbol_of(digit));
        return;
      }
    }
    assert(symbol_of(c) < symbols);
    reads.set(symbol_of(c));
  }

  std::string_view rest_;
  std::vector<position> positions_;
  position_set last_;
};

postal_pattern::postal_pattern(std::string_view pattern) { builder{pattern}.build(*this); }

std::size_t postal_pattern::symbol_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::size_t>(c - '0');
  if (c >= 'A' && c <= 'Z') return static_cast<std::size_t>(c - 'A') + 10;
  if (c >= 'a' && c <= 'z') return static_cast<std::size_t>(c - 'a') + 10;
  if (c == ' ') return 36;
  if (c == '-') return 37;
  return symbols;
}

bool postal_pattern::matches(std::string_view text) const {
  state now = start;
  for (char c : text) {
    const std::size_t symbol = symbol_of(c);
    if (symbol == symbols) return false;
    now = next_[now][symbol];
    if (now == dead) return false;
  }
  return accepting_[now];
}

bool postal_pattern::begins(std::string_view text) const {
  state now = start;
  for (char c : text) {
    if (accepting_[now]) return true;
    const std::size_t symbol = symbol_of(c);
    if (symbol == symbols) return false;
    now = next_[now][symbol];
    if (now == dead) return false;
  }
  return accepting_[now];
}

}  // namespace coreldove::domain
