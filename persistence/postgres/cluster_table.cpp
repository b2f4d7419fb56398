#include "persistence/postgres/cluster_table.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>
#include <utility>

#include "persistence/postgres/arrays.hpp"
#include "persistence/postgres/cluster_right.hpp"
#include "persistence/postgres/schema.hpp"

namespace coreldove::persistence::postgres {
namespace {

/// Well below the shortest lease: a call that takes longer is as good as failed.
constexpr session quick{.statement_timeout = std::chrono::milliseconds{1'500}, .by_index = true, .idle_in_transaction = std::chrono::milliseconds{1'000}};
constexpr session patient{.statement_timeout = std::chrono::seconds{30}};

number_array numbers_of(const domain::cluster_shards& shards) {
  number_array numbers;
  for (std::size_t n = 0; n < shards.size(); ++n)
    if (shards.test(n)) numbers.add(static_cast<std::int64_t>(n));
  return numbers;
}

}  // namespace

cluster_table::cluster_table(std::string address, cluster_member me) : address_(std::move(address)), me_(std::move(me)) {
  {
    connection db(address_, patient);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{3};
    while (!share_the_database(db)) {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error("a server outside of the cluster is using it");
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    migrate(db);
    // What a server that wrote by itself knows is out of date from now on.
    db.run("UPDATE ownership SET epoch=epoch+1");
    db_ = std::make_unique<connection>(address_, quick);
    if (!share_the_database(*db_)) throw std::runtime_error("a server outside of the cluster is using it");
  }
  const auto until = std::chrono::steady_clock::now() + me_.lease + std::chrono::seconds{1};
  while (!join()) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error(fmt::format("a node {} is running already", me_.node));
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

bool cluster_table::join() {
  auto row = db_->query(
      "INSERT INTO cluster_nodes(node,incarnation,host,port,pass,leaving,started_at,lease_until)"
      " VALUES($1,1,$2,$3,$5,false,clock_timestamp(),clock_timestamp()+$4*interval '1 millisecond')"
      " ON CONFLICT(node) DO UPDATE SET incarnation=cluster_nodes.incarnation+1,host=excluded.host,port=excluded.port,pass=excluded.pass,leaving=false,"
      "started_at=excluded.started_at,lease_until=excluded.lease_until WHERE cluster_nodes.lease_until<clock_timestamp() RETURNING incarnation",
      std::string_view{me_.node}, std::string_view{me_.host}, int{me_.port}, me_.lease.count(), std::string_view{me_.pass});
  if (!row.next()) return false;
  incarnation_ = row.integer(0);
  return true;
}

template <class F>
auto cluster_table::ask(F&& f) {
  try {
    if (!db_) {
      auto fresh = std::make_unique<connection>(address_, quick);
      if (!share_the_database(*fresh)) throw std::runtime_error("a server outside of the cluster has the database");
      db_ = std::move(fresh);
    }
    return f(*db_);
  } catch (const std::exception&) {
    db_.reset();  // with whatever transaction it was in
    throw;
  }
}

template <class F>
auto cluster_table::change_hands(F&& f) {
  return ask([&](connection& db) {
    db.run("BEGIN; SELECT 1 FROM cluster_head FOR UPDATE");
    const auto changed = f(db);
    if (changed.any()) db.run("UPDATE cluster_head SET map=map+1");
    db.run("COMMIT");
    return changed;
  });
}

void cluster_table::reachable_at(std::uint16_t port) {
  me_.port = port;
  ask([&](connection& db) {
    return db.execute("UPDATE cluster_nodes SET port=? WHERE node=? AND incarnation=?", int{port}, std::string_view{me_.node}, incarnation_);
  });
}

bool cluster_table::renew() {
  return ask([&](connection& db) {
    return db.execute("UPDATE cluster_nodes SET lease_until=clock_timestamp()+$3*interval '1 millisecond' WHERE node=$1 AND incarnation=$2",
                      std::string_view{me_.node}, incarnation_, me_.lease.count()) == 1;
  });
}

cluster_view cluster_table::view() {
  return ask([&](connection& db) {
    return db.in_snapshot([&] {
      cluster_view v;
      auto nodes = db.query(
          "SELECT node,host,port,incarnation,CASE WHEN lease_until>clock_timestamp() THEN 1 ELSE 0 END,CASE WHEN leaving THEN 1 ELSE 0 END,"
          "(extract(epoch FROM started_at)*1000)::int8,CASE WHEN isfinite(lease_until) THEN (extract(epoch FROM lease_until)*1000)::int8 ELSE 0 END,pass"
          " FROM cluster_nodes ORDER BY node");
      while (nodes.next())
        v.nodes.push_back({nodes.string(0), nodes.string(1), static_cast<std::uint16_t>(nodes.integer(2)), nodes.integer(3), nodes.integer(4) != 0,
                           nodes.integer(5) != 0, domain::time_point{domain::duration{nodes.integer(6)}}, domain::time_point{domain::duration{nodes.integer(7)}},
                           nodes.string(8)});
      auto shards = db.query("SELECT shard,node,incarnation,epoch FROM cluster_shards");
      while (shards.next()) v.shards.at(static_cast<std::size_t>(shards.integer(0))) = {shards.string(1), shards.integer(2), shards.integer(3)};
      auto head = db.query("SELECT commits FROM cluster_head");
      if (head.next()) v.commits = head.count(0);
      return v;
    });
  });
}

domain::cluster_shards cluster_table::take(const domain::cluster_shards& wanted) {
  return change_hands([&](connection& db) {
    // Also of a node of this name: its earlier processes are as dead as any. One whose own lease has ended takes nothing.
    const auto rows = db.over(
        fmt::format("UPDATE cluster_shards s SET node=m.node,incarnation=m.incarnation,epoch=s.epoch+1 FROM cluster_nodes m"
                    " WHERE s.shard=ANY($1::int8[]) AND m.node=$2 AND m.incarnation={} AND m.lease_until>clock_timestamp()"
                    " AND NOT EXISTS (SELECT 1 FROM cluster_nodes n WHERE n.node=s.node AND n.incarnation=s.incarnation AND n.lease_until>clock_timestamp())"
                    " RETURNING s.shard",
                    incarnation_),
        {numbers_of(wanted).parameter(), pqxx::binarystring{me_.node}});
    domain::cluster_shards taken;
    for (const auto& row : rows) taken.set(row[0].as<std::size_t>());
    return taken;
  });
}

void cluster_table::release(const domain::cluster_shards& shards) {
  change_hands([&](connection& db) {
    const auto rows = db.over(fmt::format("UPDATE cluster_shards SET node='',incarnation=0,epoch=epoch+1"
                                          " WHERE shard=ANY($1::int8[]) AND node=$2 AND incarnation={} RETURNING shard",
                                          incarnation_),
                              {numbers_of(shards).parameter(), pqxx::binarystring{me_.node}});
    domain::cluster_shards released;
    for (const auto& row : rows) released.set(row[0].as<std::size_t>());
    return released;
  });
}

void cluster_table::announce_leaving() {
  ask([&](connection& db) {
    return db.execute("UPDATE cluster_nodes SET leaving=true WHERE node=? AND incarnation=?", std::string_view{me_.node}, incarnation_);
  });
}

void cluster_table::leave() {
  release(domain::cluster_shards{}.set());
  ask([&](connection& db) {
    return db.execute("UPDATE cluster_nodes SET lease_until='-infinity',leaving=true WHERE node=? AND incarnation=?", std::string_view{me_.node}, incarnation_);
  });
}

}  // namespace coreldove::persistence::postgres
