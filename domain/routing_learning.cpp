#include "domain/routing_learning.hpp"

#include <algorithm>
#include <cmath>

namespace coreldove::domain {
namespace {

constexpr std::uint8_t unknown_method = 255;
/// Beyond so many rows new cells are not opened any more: they live by what they would inherit.
constexpr std::size_t rows_max = 4'096;
/// The change that a success rate is watched for: half of it is noticed as well, but later.
constexpr double change_watched = 0.05;

std::uint64_t pack(const payment_kind& k) {
  std::uint64_t v = 0;
  for (const char c : k.currency) v = v << 8 | static_cast<unsigned char>(c);
  return v << 16 | static_cast<std::uint64_t>(k.method) << 8 | k.size;
}

payment_kind unpack(std::uint64_t v) {
  payment_kind k;
  k.size = static_cast<std::uint8_t>(v);
  k.method = static_cast<std::uint8_t>(v >> 8);
  for (std::size_t i = 3; i-- > 0; v >>= 8) k.currency[i] = static_cast<char>(v >> 16 & 0xFF);
  return k;
}

constexpr std::uint64_t level_bit = std::uint64_t{1} << 56;

}  // namespace

std::uint8_t method_index(std::string_view payment_method) {
  const auto method = method_class(payment_method);
  if (method == "card") return 0;
  const auto it = std::find(other_methods.begin(), other_methods.end(), method);
  return it == other_methods.end() ? unknown_method : static_cast<std::uint8_t>(1 + (it - other_methods.begin()));
}

std::string_view method_name(std::uint8_t method) {
  if (method == 0) return "card";
  return method <= other_methods.size() ? other_methods[method - 1U] : "other";
}

payment_kind kind_of_payment(const currency& in, std::string_view payment_method, minor_units amount) {
  payment_kind k{in.code, method_index(payment_method), 0};
  const double major = static_cast<double>(std::max<minor_units>(amount, 0)) / std::pow(10.0, in.digits);
  if (major >= 1) k.size = static_cast<std::uint8_t>(std::min<double>(size_max, 1 + std::floor(2 * std::log10(major))));
  return k;
}

double success_estimate::spread() const {
  const double variance = std::max(rate * (1 - rate), 0.01);  // never sure of a rate near 0 or 1
  return std::sqrt(variance / (evidence + 1));
}

success_table::key_path success_table::keys_of(const payment_kind& kind) {
  const auto all = pack(kind);
  return {level_bit, 2 * level_bit | (all & ~std::uint64_t{0xFF}), 3 * level_bit | all};
}

const success_table::row* success_table::find(std::uint64_t key) const {
  const auto it = rows_.find(key);
  return it == rows_.end() ? nullptr : &it->second;
}

success_estimate success_table::estimate(const payment_kind& kind, std::size_t gateway) const {
  success_estimate e{rules_.first_guess / double{one_million}, rules_.first_guess_weight};
  const auto keys = keys_of(kind);
  std::array<const row*, levels> rows{};
  for (std::size_t i = 0; i < levels; ++i) rows[i] = find(keys[i]);
  for (std::size_t i = 0; i < levels; ++i) {
    auto own = rows[i] ? (*rows[i])[gateway] : counts{};
    if (i + 1 < levels && rows[i + 1]) {  // without what the narrower group brings itself: nothing counts twice
      const auto& inner = (*rows[i + 1])[gateway];
      own.payments = std::max(0.0, own.payments - inner.payments);
      own.successes = std::clamp(own.successes - inner.successes, 0.0, own.payments);
    }
    const double inherited = i == 0 ? e.evidence : rules_.inherited_weight * e.evidence / (rules_.inherited_weight + e.evidence);
    e.rate = (own.successes + e.rate * inherited) / (own.payments + inherited);
    e.evidence = own.payments + inherited;
  }
  return e;
}

void success_table::observe(const payment_kind& kind, std::size_t gateway, bool success) {
  const auto keys = keys_of(kind);
  const auto expected = estimate(kind, gateway).rate;
  const double kept = 1 - rules_.decay / double{one_million};
  std::array<row*, levels> rows{};
  for (std::size_t i = 0; i < levels; ++i) {
    auto it = rows_.find(keys[i]);
    if (it == rows_.end() && (i == 0 || rows_.size() < rows_max)) it = rows_.try_emplace(keys[i]).first;
    if (it != rows_.end()) rows[i] = &it->second;
  }
  if (auto* finest = rows[levels - 1]) {
    // Cells that are too thin for a test of their own share one. A quite new one that is not like its group is no change of the gateway, though.
    const double own = (*finest)[gateway].payments;
    if (own >= rules_.inherited_weight && own < rules_.tested_from) watch((*rows[0])[gateway], expected, success);
    watch((*finest)[gateway], own > 0 ? (*finest)[gateway].successes / own : expected, success);
  }
  for (auto* r : rows) {
    if (!r) break;
    for (std::size_t g = 0; g < gateways_; ++g) {
      (*r)[g].payments *= kept;
      (*r)[g].successes *= kept;
    }
    (*r)[gateway].payments += 1;
    (*r)[gateway].successes += success ? 1 : 0;
  }
  const auto alarmed = [&](const row& r) { return r[gateway].alarm() > rules_.alarm; };
  if (rows[levels - 1] && alarmed(*rows[levels - 1]))
    forget(keys, *rows[levels - 1], gateway);
  else if (alarmed(*rows[0]))
    forget_all(gateway);
}

/// Page's cumulative sums: how much better "it has changed" explains what is seen lately than "it is as expected".
void success_table::watch(counts& c, double expected, bool success) const {
  if (c.payments < rules_.tested_from) return;
  const double p = std::clamp(expected, 0.02, 0.98);
  const double lower = std::max(p - change_watched, 0.01), higher = std::min(p + change_watched, 0.995);
  c.fall.add(success ? std::log(lower / p) : std::log((1 - lower) / (1 - p)), success);
  c.rise.add(success ? std::log(higher / p) : std::log((1 - higher) / (1 - p)), success);
}

void success_table::suspicion::add(double step, bool success) {
  ratio += step;
  if (ratio <= 0) {
    *this = {};
    return;
  }
  payments += 1;
  successes += success ? 1 : 0;
}

/// One has changed in this cell, so all of them may have. Of the changed one counts what it did since the change began; the others are believed a little.
/// What is forgotten here is forgotten in the wider groups, too.
void success_table::forget(const key_path& of, row& changed, std::size_t gateway) {
  for (std::size_t g = 0; g < gateways_; ++g) {
    auto& c = changed[g];
    auto kept = c.fall.ratio > c.rise.ratio ? c.fall : c.rise;
    if (g != gateway && c.payments > 0) kept = {0, rules_.kept_after_alarm, rules_.kept_after_alarm * c.successes / c.payments};
    c.fall = c.rise = {};
    if (c.payments <= kept.payments) continue;
    const double payments = c.payments - kept.payments, successes = std::max(0.0, c.successes - kept.successes);
    c.payments -= payments;
    c.successes -= successes;
    for (std::size_t i = 0; i + 1 < levels; ++i) {
      auto& wider = rows_.at(of[i])[g];
      wider.fall = wider.rise = {};
      wider.payments = std::max(0.0, wider.payments - payments);
      wider.successes = std::clamp(wider.successes - successes, 0.0, wider.payments);
    }
  }
}

/// A gateway has changed everywhere, in cells too thin to show it one by one.
void success_table::forget_all(std::size_t gateway) {
  for (auto& [key, r] : rows_) {
    for (std::size_t g = 0; g < gateways_; ++g) {
      auto& c = r[g];
      c.fall = c.rise = {};
      const double kept = g == gateway ? rules_.kept_after_alarm / 2 : rules_.kept_after_alarm;
      if (c.payments <= kept) continue;
      c.successes *= kept / c.payments;
      c.payments = kept;
    }
  }
}

std::vector<success_table::cell> success_table::cells() const {
  std::vector<std::uint64_t> keys;
  for (const auto& [key, r] : rows_)
    if (key >= 3 * level_bit) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  std::vector<cell> out;
  for (const auto key : keys)
    for (std::size_t g = 0; g < gateways_; ++g)
      if (const auto& c = rows_.at(key)[g]; c.payments > 0) out.push_back({unpack(key & (level_bit - 1)), g, c.payments, c.successes});
  return out;
}

}  // namespace coreldove::domain
