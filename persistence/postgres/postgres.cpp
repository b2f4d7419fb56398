#include "persistence/postgres/postgres.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "persistence/postgres/address.hpp"
#include "persistence/postgres/cluster_right.hpp"
#include "persistence/postgres/cluster_table.hpp"
#include "persistence/postgres/ownership.hpp"
#include "persistence/postgres/tools.hpp"
#include "persistence/postgres/writer.hpp"
#include "persistence/sql/store_reader.hpp"

namespace coreldove::persistence::postgres {

namespace {

/// Others wait for what a node has locked, so one that has been stopped in the middle of a transaction soon loses it.
constexpr auto longest_pause_in_cluster = std::chrono::milliseconds{1'500};

std::unique_ptr<writer> writer_of(const store_options& o, const cluster_table* nodes) {
  if (nodes == nullptr)
    return std::make_unique<writer>(o.place, o.observe, session{}.idle_in_transaction, [](connection& db) { return std::make_unique<ownership>(db); });
  return std::make_unique<writer>(o.place, o.observe, longest_pause_in_cluster, [&](connection& db) {
    auto right = std::make_unique<cluster_right>(nodes->me().node, nodes->incarnation());
    if (!right->take_again(db)) throw std::runtime_error("a server outside of the cluster is using it");
    return right;
  });
}

}  // namespace

struct postgres_store::parts {
  explicit parts(const store_options& o)
      : nodes(o.member ? std::make_unique<cluster_table>(o.place, *o.member) : nullptr),
        journal(writer_of(o, nodes.get()), o.max_queued, o.on_commit, o.observe),
        pool([&o] { return open_reader(o.place); }, o.readers, o.max_queued),
        reader(pool) {}

  std::unique_ptr<cluster_table> nodes;
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
cluster_register* postgres_store::cluster() { return parts_->nodes.get(); }

void postgres_store::find_api_key(std::string hash, reply<std::optional<api_key>> done) { parts_->reader.find_api_key(std::move(hash), std::move(done)); }

void postgres_store::stop() {
  if (std::exchange(parts_->stopped, true)) return;
  parts_->pool.stop();
  parts_->journal.stop();
}

}  // namespace coreldove::persistence::postgres
