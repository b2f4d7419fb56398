#include "persistence/sqlite/list_builder.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <utility>

#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {
namespace {

constexpr auto retry_after = std::chrono::seconds{1};

}  // namespace

list_builder::list_builder(std::filesystem::path file, list_index& index) : file_(std::move(file)), index_(index), thread_([this] { run(); }) {}

list_builder::~list_builder() { stop(); }

void list_builder::restart() {
  const auto build = index_.begin();
  {
    const std::lock_guard lock(mutex_);
    wanted_ = build;
  }
  wake_.notify_one();
}

void list_builder::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  index_.stop();
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void list_builder::run() {
  pthread_setname_np(pthread_self(), "list_builder");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || wanted_; });
    if (stop_) return;
    const auto build = *std::exchange(wanted_, std::nullopt);
    lock.unlock();
    const bool done = read(build);
    lock.lock();
    if (done || wanted_) continue;
    wake_.wait_for(lock, retry_after, [this] { return stop_ || wanted_; });
    if (!wanted_) wanted_ = build;
  }
}

/// Both tables are in the order of the orders' numbers, so their rows come together. False where the store could not be read.
bool list_builder::read(std::uint64_t build) {
  try {
    auto db = open_for_reading(file_);
    db.execute("BEGIN");
    auto orders = db.prepare("SELECT no,status,payment,fulfillment,total_e4 FROM orders ORDER BY no");
    auto skus = db.prepare("SELECT no,sku FROM order_skus ORDER BY no");
    auto row = orders.query();
    auto line = skus.query();
    bool lines_left = line.next();
    while (row.next()) {
      listed_order o{row.integer(0), static_cast<std::uint8_t>(row.integer(1)), static_cast<std::uint8_t>(row.integer(2)),
                     static_cast<std::uint8_t>(row.integer(3)), row.integer(4)};
      for (; lines_left && line.integer(0) <= o.no; lines_left = line.next())
        if (line.integer(0) == o.no) o.skus.emplace_back(line.text(1));
      if (!index_.load(build, o)) return true;
    }
    index_.finish(build);
    return true;
  } catch (const std::exception& e) {
    spdlog::error("the lists of orders could not be read from the store, and wait until they can: {}", e.what());
    return false;
  }
}

}  // namespace coreldove::persistence::sqlite
