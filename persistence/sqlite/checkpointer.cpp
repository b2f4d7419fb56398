#include "persistence/sqlite/checkpointer.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

checkpointer::checkpointer(std::filesystem::path file) : file_(std::move(file)), thread_([this] { run(); }) {}

checkpointer::~checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void checkpointer::start(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted_) return;
    wanted_ = std::move(done);
  }
  wake_.notify_one();
}

void checkpointer::run() {
  pthread_setname_np(pthread_self(), "checkpointer");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || wanted_; });
    if (stop_) return;
    lock.unlock();
    try {
      // Opened anew each time: after a failed fsync the kernel tells it only to descriptors that were open then.
      database db(file_, access::write);
      sqlite3_wal_checkpoint_v2(db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    } catch (const sqlite_error& e) {
      spdlog::warn("the write-ahead log could not be emptied: {}", e.what());
    }
    lock.lock();
    auto done = std::exchange(wanted_, nullptr);
    lock.unlock();
    done();
    lock.lock();
  }
}

}  // namespace coreldove::persistence::sqlite
