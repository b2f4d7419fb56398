#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace coreldove::bench {

histogram::histogram() : counts_(index_of(highest) + 1) {}

std::size_t histogram::index_of(std::uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - sub_bucket_bits);
  return static_cast<std::size_t>(shift) * half + static_cast<std::size_t>(value >> shift);
}

std::uint64_t histogram::last_value_of(std::size_t index) {
  if (index < 2 * half) return index;
  const auto shift = index / half - 1;
  const auto first = static_cast<std::uint64_t>(index - shift * half) << shift;
  return first + (std::uint64_t{1} << shift) - 1;
}

void histogram::merge(const histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = sum_ = max_ = 0;
  min_ = highest;
}

std::uint64_t histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const auto share = std::ceil(std::clamp(percent, 0.0, 100.0) / 100.0 * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(share), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(last_value_of(i), max_);
  }
  return max_;
}

}  // namespace coreldove::bench
