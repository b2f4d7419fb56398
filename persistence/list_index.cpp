#include "persistence/list_index.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace coreldove::persistence {
namespace {

constexpr std::size_t block_size = 4096;

/// Which orders of a block are meant: one byte each, 0 or 1, so that the loops over a column become vector instructions.
using mask = std::array<std::uint8_t, block_size>;

void keep_equal(mask& m, const std::array<std::uint8_t, block_size>& column, std::uint8_t value) {
  for (std::size_t i = 0; i < block_size; ++i) m[i] = static_cast<std::uint8_t>(m[i] & static_cast<std::uint8_t>(column[i] == value));
}

void keep_between(mask& m, const std::array<std::int64_t, block_size>& column, std::int64_t from, std::int64_t below) {
  for (std::size_t i = 0; i < block_size; ++i)
    m[i] = static_cast<std::uint8_t>(m[i] & static_cast<std::uint8_t>(column[i] >= from) & static_cast<std::uint8_t>(column[i] < below));
}

bool bounds_total(const list_filter& f) {
  return f.total_from != std::numeric_limits<std::int64_t>::min() || f.total_below != std::numeric_limits<std::int64_t>::max();
}

}  // namespace

struct list_index::block {
  struct line {
    sku_number sku;
    std::uint16_t slot;
    bool operator<(const line& o) const { return sku < o.sku; }
  };
  std::size_t size = 0;
  std::int64_t lowest = 0, highest = 0;  // numbers
  bool ascending = true;
  std::array<std::int64_t, block_size> no{}, total{};
  std::array<std::uint8_t, block_size> status{}, payment{}, fulfillment{};
  std::vector<line> lines;  // by SKU once the block is full

  bool full() const { return size == block_size; }

  void add(const listed_order& o) {
    if (size == 0) lowest = highest = o.no;
    ascending = ascending && o.no >= highest;
    lowest = std::min(lowest, o.no);
    highest = std::max(highest, o.no);
    no[size] = o.no;
    total[size] = o.total_e4;
    set(size, o);
    ++size;
  }

  void set(std::size_t slot, const listed_order& o) {
    status[slot] = o.status;
    payment[slot] = o.payment;
    fulfillment[slot] = o.fulfillment;
  }

  std::optional<std::size_t> slot_of(std::int64_t number) const {
    const auto end = no.begin() + static_cast<std::ptrdiff_t>(size);
    const auto it = ascending ? std::lower_bound(no.begin(), end, number) : std::find(no.begin(), end, number);
    if (it == end || *it != number) return std::nullopt;
    return static_cast<std::size_t>(it - no.begin());
  }

  bool is(std::size_t i, const list_filter& f) const {
    return (!f.status || status[i] == *f.status) && (!f.payment || payment[i] == *f.payment) && (!f.fulfillment || fulfillment[i] == *f.fulfillment) &&
           total[i] >= f.total_from && total[i] < f.total_below && no[i] >= f.no_from && no[i] < f.no_below;
  }

  /// Calls `each` with the slot of every order that `f` means.
  template <class Each>
  void of_sku(sku_number sku, const list_filter& f, Each each) const {
    const auto see = [&](const line& l) {
      if (is(l.slot, f)) each(l.slot);
    };
    if (full()) {
      const auto [first, last] = std::equal_range(lines.begin(), lines.end(), line{sku, 0});
      std::for_each(first, last, see);
    } else {
      for (const auto& l : lines)
        if (l.sku == sku) see(l);
    }
  }

  void mark(mask& m, const list_filter& f) const {
    std::fill(m.begin(), m.begin() + static_cast<std::ptrdiff_t>(size), std::uint8_t{1});
    std::fill(m.begin() + static_cast<std::ptrdiff_t>(size), m.end(), std::uint8_t{0});
    if (f.status) keep_equal(m, status, *f.status);
    if (f.payment) keep_equal(m, payment, *f.payment);
    if (f.fulfillment) keep_equal(m, fulfillment, *f.fulfillment);
    if (bounds_total(f)) keep_between(m, total, f.total_from, f.total_below);
    if (lowest < f.no_from || highest >= f.no_below) keep_between(m, no, f.no_from, f.no_below);
  }

  std::uint64_t count(const list_filter& f, std::optional<sku_number> sku) const {
    std::uint64_t n = 0;
    if (sku) {
      of_sku(*sku, f, [&](std::size_t) { ++n; });
      return n;
    }
    mask m;
    mark(m, f);
    return std::accumulate(m.begin(), m.end(), std::uint32_t{0});
  }

  void numbers(const list_filter& f, std::optional<sku_number> sku, std::vector<std::int64_t>& out) const {
    if (sku) return of_sku(*sku, f, [&](std::size_t i) { out.push_back(no[i]); });
    mask m;
    mark(m, f);
    for (std::size_t i = 0; i < size; ++i)
      if (m[i] != 0) out.push_back(no[i]);
  }
};

list_index::list_index() = default;
list_index::~list_index() = default;

void list_index::put(std::vector<listed_order> changed) {
  const std::lock_guard lock(mutex_);
  if (!ready_) {
    std::move(changed.begin(), changed.end(), std::back_inserter(kept_));
    return;
  }
  for (const auto& o : changed) take(o);
}

std::uint64_t list_index::begin() {
  const std::lock_guard lock(mutex_);
  ready_ = false;
  kept_.clear();
  blocks_.clear();
  highest_ = 0;
  skus_.clear();
  return ++build_;
}

bool list_index::load(std::uint64_t build, const listed_order& stored) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || build != build_) return false;
  take(stored);
  return true;
}

void list_index::finish(std::uint64_t build) {
  {
    const std::lock_guard lock(mutex_);
    if (build != build_) return;
    for (const auto& o : kept_) take(o);
    kept_ = {};
    ready_ = true;
  }
  built_.notify_all();
}

void list_index::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  built_.notify_all();
}

/// Orders come nearly in the order of their numbers, so this is mostly the last block or the only one that can hold it.
list_index::block* list_index::block_of(std::int64_t no, std::size_t& slot) {
  for (auto it = blocks_.rbegin(); it != blocks_.rend(); ++it) {
    auto& b = **it;
    if (no < b.lowest || no > b.highest) continue;
    if (const auto at = b.slot_of(no)) {
      slot = *at;
      return &b;
    }
  }
  return nullptr;
}

void list_index::take(const listed_order& o) {
  std::size_t slot = 0;
  if (o.no <= highest_)
    if (auto* known = block_of(o.no, slot)) return known->set(slot, o);
  highest_ = std::max(highest_, o.no);
  if (blocks_.empty() || blocks_.back()->full()) blocks_.push_back(std::make_unique<block>());
  auto& b = *blocks_.back();
  for (const auto& sku : o.skus) {
    const auto number = skus_.try_emplace(sku, static_cast<sku_number>(skus_.size())).first->second;
    b.lines.push_back({number, static_cast<std::uint16_t>(b.size)});
  }
  b.add(o);
  if (!b.full()) return;
  std::stable_sort(b.lines.begin(), b.lines.end());
  b.lines.shrink_to_fit();
}

std::optional<list_index::sku_number> list_index::number_of(std::string_view sku) const {
  const auto it = skus_.find(std::string(sku));
  if (it == skus_.end()) return std::nullopt;
  return it->second;
}

std::optional<list_index::found> list_index::find(const list_filter& f, std::int64_t from, std::int64_t below, bool oldest_first, std::size_t limit) const {
  std::unique_lock lock(mutex_);
  built_.wait(lock, [this] { return ready_ || stopped_; });
  if (!ready_) return std::nullopt;
  found out;
  std::optional<sku_number> sku;
  if (f.sku && !(sku = number_of(*f.sku))) return out;
  for (const auto& b : blocks_)
    if (b->highest >= f.no_from && b->lowest < f.no_below) out.total += b->count(f, sku);
  if (out.total == 0) return out;
  auto narrowed = f;
  narrowed.no_from = std::max(f.no_from, from);
  narrowed.no_below = std::min(f.no_below, below);
  out.numbers = page(narrowed, sku, oldest_first, limit);
  return out;
}

/// From the block whose end is nearest on; it is over when no block that is left can hold anything before the last one found.
std::vector<std::int64_t> list_index::page(const list_filter& f, std::optional<sku_number> sku, bool oldest_first, std::size_t limit) const {
  std::vector<const block*> order;
  for (const auto& b : blocks_)
    if (b->highest >= f.no_from && b->lowest < f.no_below) order.push_back(b.get());
  std::sort(order.begin(), order.end(), [&](const block* a, const block* b) { return oldest_first ? a->lowest < b->lowest : a->highest > b->highest; });
  const auto before = [&](std::int64_t a, std::int64_t b) { return oldest_first ? a < b : a > b; };
  std::vector<std::int64_t> out;
  for (const auto* b : order) {
    if (out.size() == limit && !before(oldest_first ? b->lowest : b->highest, out.back())) break;
    b->numbers(f, sku, out);
    const auto kept = std::min(out.size(), limit);
    std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept), out.end(), before);
    out.resize(kept);
  }
  return out;
}

}  // namespace coreldove::persistence
