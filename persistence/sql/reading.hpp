#pragma once
// One reader, for tools that ask a few questions one after another.
#include "persistence/open_store.hpp"
#include "persistence/sql/store_reader.hpp"

namespace coreldove::persistence::sql {

class reading final : public reading_store {
public:
  explicit reading(const std::function<std::unique_ptr<connection>()>& open) : pool_(open, 1, questions_max), reader_(pool_) {}
  persistence::store& store() override { return reader_; }

private:
  static constexpr std::size_t questions_max = 16;
  reader_pool pool_;
  store_reader reader_;
};

}  // namespace coreldove::persistence::sql
