#include "persistence/sqlite/sqlite.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "persistence/sql/store_reader.hpp"
#include "persistence/sqlite/list_builder.hpp"
#include "persistence/sqlite/reader.hpp"
#include "persistence/sqlite/store_file.hpp"
#include "persistence/sqlite/writer.hpp"

namespace coreldove::persistence::sqlite {

struct sqlite_store::parts {
  explicit parts(const sqlite_options& o)
      : lock(o.file),
        builder(o.file, index),
        journal(std::make_unique<writer>(o.file, o.observe, writer::listing{index, builder}), o.max_queued, o.on_commit, o.observe),
        pool([&o] { return std::make_unique<sqlite::reader>(open_for_reading(o.file)); }, o.readers, o.max_queued),
        reader(pool, &index) {
    builder.restart();
  }

  store_lock lock;  // first in, last out
  list_index index;
  list_builder builder;
  group_commit journal;
  sql::reader_pool pool;
  sql::store_reader reader;
  bool stopped = false;
};

sqlite_store::sqlite_store(sqlite_options options) {
  try {
    parts_ = std::make_unique<parts>(options);
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("the store {} cannot be opened: {}", options.file.string(), e.what()));
  }
}

sqlite_store::~sqlite_store() { stop(); }

persistence::journal& sqlite_store::journal() { return parts_->journal; }
persistence::store& sqlite_store::store() { return parts_->reader; }

void sqlite_store::find_api_key(std::string hash, reply<std::optional<api_key>> done) { parts_->reader.find_api_key(std::move(hash), std::move(done)); }

void sqlite_store::stop() {
  if (std::exchange(parts_->stopped, true)) return;
  // Readers first: an open snapshot would keep the writer from emptying the log.
  parts_->builder.stop();
  parts_->pool.stop();
  parts_->journal.stop();
}

}  // namespace coreldove::persistence::sqlite
