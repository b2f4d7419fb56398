#pragma once
// What lists of orders filter and count by, in memory and by column: statuses, total, SKUs. A page and its exact total are found by looking over these columns,
// half a nanosecond to a few for each order stored, instead of by indexes that every order would have to write to disk.
//
// The writer tells of each change once it is committed. Whoever opens the store reads what is there, in the background: until that is done a question waits.
#include <array>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace coreldove::persistence {

struct listed_order {
  std::int64_t no = 0;                                    // see order_number.hpp
  std::uint8_t status = 0, payment = 0, fulfillment = 0;  // the domain's enums
  std::int64_t total_e4 = 0;                              // with four decimals
  std::vector<std::string> skus = {};                     // distinct; of a new order only
};

/// All of these at once.
struct list_filter {
  std::optional<std::uint8_t> status, payment, fulfillment;
  std::optional<std::string> sku;
  std::int64_t total_from = std::numeric_limits<std::int64_t>::min(), total_below = std::numeric_limits<std::int64_t>::max();
  std::int64_t no_from = 0, no_below = std::numeric_limits<std::int64_t>::max();
};

class list_index {
public:
  list_index();
  ~list_index();

  /// A new order, or the statuses of one that is known. While the index is being built, kept for its end.
  void put(std::vector<listed_order> changed);

  /// Forgets everything; what is put from now on is kept for the end of the build whose number this gives.
  std::uint64_t begin();
  /// What was stored after `begin`, or before it, in any order; then `finish`. False where that build is over: another was begun, or nobody waits any longer.
  bool load(std::uint64_t build, const listed_order& stored);
  void finish(std::uint64_t build);
  /// Nobody waits any longer: questions are answered with nothing.
  void stop();

  struct found {
    std::uint64_t total = 0;
    std::vector<std::int64_t> numbers;  // in the order of the list
  };
  /// The total of `f`, and of its orders the first `limit` with a number inside [`from`, `below`). Waits until the index is built; nothing where it was
  /// stopped.
  std::optional<found> find(const list_filter& f, std::int64_t from, std::int64_t below, bool oldest_first, std::size_t limit) const;

private:
  struct block;
  using sku_number = std::uint32_t;

  void take(const listed_order& o);
  block* block_of(std::int64_t no, std::size_t& slot);
  std::optional<sku_number> number_of(std::string_view sku) const;
  std::vector<std::int64_t> page(const list_filter& f, std::optional<sku_number> sku, bool oldest_first, std::size_t limit) const;

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable built_;
  std::uint64_t build_ = 0;
  bool ready_ = false, stopped_ = false;
  std::vector<listed_order> kept_;  // put while it is being built
  std::vector<std::unique_ptr<block>> blocks_;
  std::int64_t highest_ = 0;  // number
  std::unordered_map<std::string, sku_number> skus_;
};

}  // namespace coreldove::persistence
