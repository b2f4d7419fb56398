#pragma once
// What the tests of the ports need of any store: a place for it, orders to put in, and answers waited for with a bound.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "domain/order.hpp"
#include "domain/ulid.hpp"
#include "persistence/open_store.hpp"

namespace coreldove::persistence::testing {

inline constexpr auto answer_time = std::chrono::seconds(20);

/// A directory of its own that goes with the test.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// A store that can be closed and opened again, whatever is behind it.
class backend {
public:
  virtual ~backend() = default;
  virtual persistence::journal& journal() = 0;
  virtual persistence::store& store() = 0;
  virtual void reopen() = 0;
  virtual opened_store& opened() = 0;
  virtual std::unique_ptr<audit_source> audit() = 0;
  virtual std::unique_ptr<api_keys> keys() = 0;
};

struct backend_kind {
  std::string name;
  std::unique_ptr<backend> (*open)(const std::filesystem::path& folder);
};
std::vector<backend_kind> backends();
/// For the names of tests.
inline void PrintTo(const backend_kind& kind, std::ostream* out) { *out << kind.name; }

domain::time_point at(std::int64_t ms);
/// Some time in 2026: the beginning of an hour.
inline constexpr std::int64_t noon = 1'780'000'000'000 / 3'600'000 * 3'600'000;

/// "ord_…": the same for the same n, ascending with it.
std::string order_id(int n);

/// A first append with one event: received, unpaid, one SKU, 10.00 USD.
append new_order(int n, std::int64_t created_ms = noon);
/// The next one after `before`, with one event.
append next_of(const append& before);

/// Waits for the answer; a test fails that has to wait longer than answer_time.
template <class T>
domain::result<T> wait(std::future<domain::result<T>> f) {
  if (f.wait_for(answer_time) != std::future_status::ready) throw std::runtime_error("no answer came");
  return f.get();
}

/// Calls `start(done)` and waits for what `done` gets.
template <class T, class F>
domain::result<T> answer(F start) {
  auto promise = std::make_shared<std::promise<domain::result<T>>>();
  auto future = promise->get_future();
  start([promise](domain::result<T> r) { promise->set_value(std::move(r)); });
  return wait(std::move(future));
}

domain::result<append_outcome> put(journal& j, append item);
domain::result<append_outcome> adjust(journal& j, stock_adjustment item);
domain::result<bool> import(journal& j, catalog items);
domain::page list(store& s, const domain::order_query& q);
domain::result<domain::document> document(store& s, const std::string& id);
std::vector<domain::history_entry> load(store& s, const std::string& id);
domain::stock_level level(store& s, const std::string& sku, const std::string& warehouse);

/// A catalogue with `on_hand` of one SKU at one warehouse.
catalog shelf(const std::string& sku, const std::string& warehouse, std::int64_t on_hand);

class StoreContract : public ::testing::TestWithParam<backend_kind> {
protected:
  void SetUp() override { backend_ = GetParam().open(folder_.path()); }
  persistence::journal& journal() { return backend_->journal(); }
  persistence::store& store() { return backend_->store(); }

  temporary_folder folder_;
  std::unique_ptr<backend> backend_;
};

}  // namespace coreldove::persistence::testing
