#pragma once
// The counters over orders inside the writer's transaction.
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "persistence/figures.hpp"
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

/// Collects the changes of a transaction and writes each touched row once.
class figures_writer {
public:
  explicit figures_writer(database& db);

  void add(const order_figures& f) { change(f, false); }
  void remove(const order_figures& f) { change(f, true); }
  /// Writes what has been collected; inside the transaction.
  void flush();
  /// After a rollback: forgets everything in memory.
  void forget();

private:
  struct entry {
    figure_values values{};
    bool changed = false;
  };
  void change(const order_figures& f, bool negative);
  entry& load(const figure_key& k);

  statement select_, replace_;
  std::unordered_map<figure_key, entry, hash_figure_key> rows_;  // as the store has them, plus what is not flushed yet
  std::vector<std::pair<const figure_key, entry>*> changed_;
};

}  // namespace coreldove::persistence::sqlite
