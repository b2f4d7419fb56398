#include "bench/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace {

using coreldove::bench::histogram;

constexpr double percents[] = {0.1, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100};

std::vector<std::uint64_t> log_uniform(std::mt19937_64& random, std::size_t n) {
  std::vector<std::uint64_t> out;
  std::uniform_real_distribution<double> exponent{0, 41};
  for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<std::uint64_t>(std::exp2(exponent(random))));
  return out;
}

/// The definition, on sorted values: the smallest that at least `percent` of all do not exceed.
std::uint64_t exact(const std::vector<std::uint64_t>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100.0 * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

TEST(Histogram, AgreesWithSortingToATenthOfAPercent) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random{seed};
    auto values = log_uniform(random, 1 + random() % 5000);
    histogram h;
    for (const auto v : values) h.record(v);
    std::sort(values.begin(), values.end());
    for (const double p : percents) {
      const auto truth = exact(values, p), found = h.percentile(p);
      EXPECT_GE(found, truth) << "seed " << seed << " p" << p;
      EXPECT_LE(static_cast<double>(found - truth), static_cast<double>(truth) / 1024.0) << "seed " << seed << " p" << p;
    }
    EXPECT_EQ(h.count(), values.size());
    EXPECT_EQ(h.min(), values.front());
    EXPECT_EQ(h.max(), values.back());
  }
}

TEST(Histogram, KeepsSmallValuesExactly) {
  for (std::uint64_t v = 0; v < 2048; ++v) {
    histogram h;
    h.record(v);
    h.record(histogram::highest);
    EXPECT_EQ(h.percentile(50), v);
  }
}

TEST(Histogram, MergingEqualsRecordingEverythingInOne) {
  std::mt19937_64 random{7};
  histogram all, merged;
  for (int part = 0; part < 5; ++part) {
    histogram h;
    for (const auto v : log_uniform(random, 1000)) {
      h.record(v);
      all.record(v);
    }
    merged.merge(h);
  }
  EXPECT_EQ(merged.count(), all.count());
  EXPECT_EQ(merged.min(), all.min());
  EXPECT_EQ(merged.max(), all.max());
  EXPECT_DOUBLE_EQ(merged.mean(), all.mean());
  for (const double p : percents) EXPECT_EQ(merged.percentile(p), all.percentile(p)) << "p" << p;
}

TEST(Histogram, ValuesBeyondTheRangeCountAsTheHighest) {
  histogram h;
  h.record(~std::uint64_t{0});
  EXPECT_EQ(h.max(), histogram::highest);
  EXPECT_EQ(h.percentile(50), histogram::highest);
}

TEST(Histogram, NeverNamesAPercentileAboveTheMaximum) {
  histogram h;
  h.record(1'000'001);
  EXPECT_EQ(h.percentile(99.9), 1'000'001U);
}

TEST(Histogram, AnEmptyOneIsAllZero) {
  histogram h;
  h.record(5);
  h.clear();
  EXPECT_EQ(h.count(), 0U);
  EXPECT_EQ(h.min(), 0U);
  EXPECT_EQ(h.max(), 0U);
  EXPECT_EQ(h.percentile(99), 0U);
  EXPECT_EQ(h.mean(), 0.0);
}

}  // namespace
