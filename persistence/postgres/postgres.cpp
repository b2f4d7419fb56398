#include "persistence/postgres/postgres.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "persistence/postgres/address.hpp"
#include "persistence/postgres/tools.hpp"
#include "persistence/postgres/writer.hpp"
#include "persistence/sql/store_reader.hpp"

namespace coreldove::persistence::postgres {

struct postgres_store::parts {
  explicit parts(const store_options& o)
      : journal(std::make_unique<writer>(o.place, o.observe), o.max_queued, o.on_commit, o.observe),
        pool([&o] { return open_reader(o.place); }, o.readers, o.max_queued),
        reader(pool) {}

  group_commit journal;
  sql::reader_pool pool;
  sql::store_reader reader;
  bool stopped = false;
};

postgres_store::postgres_store(const store_options& options) {
  try {
    parts_ = std::make_unique<parts>(options);
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("the store {} cannot be opened: {}", shown(options.place), e.what()));
  }
}

postgres_store::~postgres_store() { stop(); }

persistence::journal& postgres_store::journal() { return parts_->journal; }
persistence::store& postgres_store::store() { return parts_->reader; }

void postgres_store::find_api_key(std::string hash, reply<std::optional<api_key>> done) { parts_->reader.find_api_key(std::move(hash), std::move(done)); }

void postgres_store::stop() {
  if (std::exchange(parts_->stopped, true)) return;
  parts_->pool.stop();
  parts_->journal.stop();
}

}  // namespace coreldove::persistence::postgres
