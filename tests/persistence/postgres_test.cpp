// What only the PostgreSQL store has to answer for: one owner, a server that goes away and comes back, addresses with passwords in them.
#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <utility>

#include "persistence/order_number.hpp"
#include "persistence/postgres/address.hpp"
#include "persistence/postgres/connection.hpp"
#include "persistence/postgres/memory.hpp"
#include "persistence/postgres/ownership.hpp"
#include "persistence/sql/repair.hpp"
#include "persistence/verify.hpp"
#include "tests/persistence/fixture.hpp"
#include "tests/persistence/life.hpp"
#include "tests/postgres/server.hpp"

namespace coreldove::persistence::testing {
namespace {

using domain::errc;
using postgres_test::fresh_database;
using postgres_test::own_server;
using postgres_test::run_sql;

std::unique_ptr<opened_store> open_at(const std::string& address) { return open_store({.place = address, .on_commit = {}, .observe = {}}); }

std::string refusal(const std::string& address) {
  try {
    open_at(address);
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

/// Tried again and again until it is true; false where that takes too long.
template <class F>
bool soon(F condition, std::chrono::milliseconds at_most = answer_time) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

/// Ends the sessions of all servers that hold the writer's lock, as a lost network or an administrator would.
constexpr const char* cut_the_writer =
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype='advisory' AND database=(SELECT oid FROM pg_database "
    "WHERE datname=current_database())";

TEST(PostgresStore, RefusesADatabaseThatAnotherServerIsUsing) {
  const fresh_database database;
  {
    const auto first = open_at(database.address());
    const auto why = refusal(database.address());
    EXPECT_NE(why.find("cannot be opened: another server is using it"), std::string::npos) << why;
    EXPECT_EQ(why.find('\n'), std::string::npos);
  }
  EXPECT_EQ(refusal(database.address()), "");
}

TEST(PostgresStore, RefusesTheDatabaseOfANewerProgram) {
  const fresh_database database;
  open_at(database.address());
  run_sql(database.address(), "UPDATE schema_version SET version=1000");
  const auto why = refusal(database.address());
  EXPECT_NE(why.find("its schema is version 1000"), std::string::npos) << why;
  EXPECT_THROW(open_audit(database.address()), std::runtime_error);
  EXPECT_THROW(open_for_reading(database.address()), std::runtime_error);
}

TEST(PostgresStore, ADatabaseThatHadARowForEachEventIsBroughtOver) {
  const fresh_database database;
  living_order o(1, at(noon));
  {
    const auto s = open_at(database.address());
    auto c = shelf("SKU-1", "berlin", 10);
    c.levels.push_back({"SKU-2", "berlin", {10, 0}});
    ASSERT_TRUE(import(s->journal(), c));
    ASSERT_TRUE(put(s->journal(), o.placed()));
    ASSERT_TRUE(put(s->journal(), o.answered()));
  }
  run_sql(database.address(), R"sql(
    CREATE TABLE events(
      position BIGINT NOT NULL UNIQUE, stream TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL, type TEXT COLLATE "C" NOT NULL, at BIGINT NOT NULL,
      by TEXT COLLATE "C" NOT NULL, trace_id TEXT COLLATE "C" NOT NULL, data TEXT COLLATE "C" NOT NULL, hash BYTEA NOT NULL, PRIMARY KEY(stream, seq));
    INSERT INTO events SELECT j.position-j.n+e.k,j.stream,j.seq-j.n+e.k,e.v->>0,j.at,j.by,j.trace_id,(e.v->1)::text,
      substring(j.hashes FROM (32*e.k-31)::int FOR 32) FROM journal j, json_array_elements(j.events::json) WITH ORDINALITY e(v,k);
    DROP TABLE journal;
    UPDATE schema_version SET version=3)sql");
  {
    const auto s = open_at(database.address());
    EXPECT_EQ(load(s->store(), order_id(1)).size(), o.state().version);
    ASSERT_TRUE(put(s->journal(), o.next(domain::cancel_order{"changed my mind", "cust_1"})));
  }
  const auto v = verify(*open_audit(database.address()), {});
  for (const auto& f : v.findings) ADD_FAILURE() << f.check << ' ' << f.subject << ": " << f.detail;
  EXPECT_EQ(v.orders, 1u);
}

TEST(PostgresStore, SaysInOneLineWhatIsWrongWithAnAddressAndNeverItsPassword) {
  for (const auto* address : {"postgresql://shop:pa%24word@127.0.0.1:1/orders", "postgresql://shop:pa%24word@/orders?host=/nowhere",
                              "postgresql://shop:pa%24word@127.0.0.1:port/orders", "postgresql://127.0.0.1:1/orders?user=shop&password=pa%24word"}) {
    const auto why = refusal(address);
    EXPECT_NE(why.find("cannot be opened"), std::string::npos) << why;
    EXPECT_EQ(why.find("pa%24word"), std::string::npos) << why;
    EXPECT_EQ(why.find("pa$word"), std::string::npos) << why;
    EXPECT_EQ(why.find('\n'), std::string::npos) << why;
  }
}

TEST(PostgresStore, AServerWhoseSessionWasCutGoesOnWhereNobodyTookOver) {
  const fresh_database database;
  const auto s = open_at(database.address());
  ASSERT_TRUE(put(s->journal(), new_order(0)));
  run_sql(database.address(), cut_the_writer);
  const auto lost = put(s->journal(), new_order(1));
  if (!lost) {  // unless the loss was noticed and mended in between
    EXPECT_EQ(lost.error().code, errc::unavailable);
    EXPECT_FALSE(document(s->store(), order_id(1)));
  }
  EXPECT_TRUE(soon([&] { return s->journal().healthy(); }));
  const auto after = put(s->journal(), new_order(2));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->position, lost ? 3u : 2u);
}

TEST(PostgresStore, ASessionThatIsLostDuringCommitLeavesTheOutcomeUnknown) {
  const fresh_database database;
  bool cut = false;
  store_options options{.place = database.address(), .on_commit = {}, .observe = {}};
  options.observe.before_commit = [&] {
    if (std::exchange(cut, false)) run_sql(database.address(), cut_the_writer);
  };
  const auto s = open_store(options);
  ASSERT_TRUE(put(s->journal(), new_order(0)));
  cut = true;  // the writer is idle: it looks only when there is something to commit
  const auto r = put(s->journal(), next_of(new_order(0)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::timed_out) << r.error().detail;
  EXPECT_TRUE(soon([&] { return s->journal().healthy(); }));
  EXPECT_EQ(load(s->store(), order_id(0)).size(), 1u) << "here the session had gone before; its stream tells";
  EXPECT_TRUE(put(s->journal(), next_of(new_order(0))));
}

TEST(PostgresStore, AServerThatWasOvertakenCannotCommitEverAgain) {
  const fresh_database database;
  const auto zombie = open_at(database.address());
  ASSERT_TRUE(put(zombie->journal(), new_order(0)));
  std::unique_ptr<opened_store> heir;
  ASSERT_TRUE(soon([&] {  // the one that was cut tries as well
    run_sql(database.address(), cut_the_writer);
    heir = refusal(database.address()).empty() ? open_at(database.address()) : nullptr;
    return heir != nullptr;
  }));
  ASSERT_TRUE(put(heir->journal(), next_of(new_order(0))));
  for (int i = 1; i < 4; ++i) {
    const auto r = put(zombie->journal(), new_order(i));
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, errc::unavailable);
  }
  heir->stop();  // the lock is free again: that does not make the other one's memory true
  EXPECT_FALSE(soon([&] { return zombie->journal().healthy(); }, std::chrono::milliseconds(1'500)));
}

TEST(PostgresStore, ATransactionOfAnEarlierEpochFindsThatItIsOver) {
  const fresh_database database;
  postgres::connection first(database.address(), {}), second(database.address(), {});
  const postgres::ownership early(first);
  first.run("SELECT pg_advisory_unlock_all()");  // as if its session had ended without its knowing
  const postgres::ownership late(second);
  EXPECT_THROW(early.begin(first), postgres::taken_over);
  EXPECT_NO_THROW(late.begin(second));
}

TEST(PostgresStore, ANewOwnerWaitsForTheTransactionOfTheOldOne) {
  const fresh_database database;
  postgres::connection first(database.address(), {}), second(database.address(), {});
  const postgres::ownership early(first);
  early.begin(first);
  first.run("SELECT pg_advisory_unlock_all()");
  second.run("SET lock_timeout=200");
  EXPECT_THROW(postgres::ownership{second}, std::runtime_error) << "what the old one commits now the new one would not know of";
  first.run("COMMIT");
  EXPECT_NO_THROW(postgres::ownership{second});
}

TEST(PostgresStore, AServersCrashInTheMiddleOfLoadLosesNothingThatWasAcknowledged) {
  own_server server;
  run_sql(server.address("postgres"), "CREATE DATABASE shop");
  const auto s = open_at(server.address("shop"));
  std::atomic<bool> stop{false};
  std::atomic<int> taken{0}, refused{0}, unknown{0};
  std::vector<std::vector<int>> acknowledged(3);
  std::vector<std::thread> buyers;
  for (std::size_t t = 0; t < acknowledged.size(); ++t)
    buyers.emplace_back([&, t] {
      for (int i = 0; !stop && i < 200'000; ++i) {
        const int n = static_cast<int>(t) * 1'000'000 + i;
        const auto r = put(s->journal(), new_order(n, noon + i));
        if (r) {
          acknowledged[t].push_back(n);
          ++taken;
          continue;
        }
        EXPECT_TRUE(r.error().code == errc::unavailable || r.error().code == errc::timed_out) << r.error().detail;
        ++(r.error().code == errc::unavailable ? refused : unknown);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
  for (int round = 0; round < 2; ++round) {
    const int before = taken;
    EXPECT_TRUE(soon([&] { return taken > before + 50; }));
    server.crash();
    EXPECT_TRUE(soon([&] { return !s->journal().healthy(); }));
    const auto read = document(s->store(), order_id(0));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, errc::unavailable);
    server.start();
    EXPECT_TRUE(soon([&] { return s->journal().healthy(); }));
  }
  const int last = taken;
  EXPECT_TRUE(soon([&] { return taken > last + 50; }));
  stop = true;
  for (auto& b : buyers) b.join();
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(soon([&] { return static_cast<bool>(document(s->store(), order_id(acknowledged[0].front()))); }));
  for (const auto& ids : acknowledged)
    for (const int n : ids) ASSERT_TRUE(document(s->store(), order_id(n))) << n;
  const auto stored = list(s->store(), {}).total;
  EXPECT_GE(stored, static_cast<std::uint64_t>(taken));
  EXPECT_LE(stored, static_cast<std::uint64_t>(taken + unknown)) << "what is told to be unavailable is not stored";
  EXPECT_EQ(*answer<std::uint64_t>([&](reply<std::uint64_t> done) { s->store().last_position(std::move(done)); }), stored) << "positions have no gaps";
}

TEST(PostgresStore, ADatabaseThatIsGoneIsNoticedWithoutAnyWork) {
  own_server server;
  const auto s = open_at(server.address("postgres"));
  server.crash();
  EXPECT_TRUE(soon([&] { return !s->journal().healthy(); }));
}

TEST(PostgresStore, AReaderComesBackWithItsServer) {
  const fresh_database database;
  const auto s = open_at(database.address());
  ASSERT_TRUE(put(s->journal(), new_order(1)));
  run_sql(database.address(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname=current_database() AND pid<>pg_backend_pid()");
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(document(s->store(), order_id(1))) << "asked once more on a new connection";
}

TEST(PostgresStore, ItsOwnConstraintsStandBehindTheProgram) {
  const fresh_database database;
  {
    const auto s = open_at(database.address());
    ASSERT_TRUE(import(s->journal(), shelf("SKU-1", "berlin", 10)));
    ASSERT_TRUE(put(s->journal(), new_order(1)));
  }
  for (const char* impossible :
       {"UPDATE stock SET reserved=on_hand+1", "UPDATE stock SET reserved=-1", "UPDATE orders SET refunded=captured+1", "UPDATE orders SET refunded=-1",
        "UPDATE orders SET version=0", "INSERT INTO journal SELECT 99,stream,seq,n,at,by,trace_id,events,hashes FROM journal", "UPDATE journal SET position=0",
        "UPDATE journal SET n=n+1"})
    EXPECT_THROW(run_sql(database.address(), impossible), sql::error) << impossible;
}

TEST(PostgresStore, WhatWasDamagedIsMadeAgainFromTheEvents) {
  const fresh_database database;
  {
    const auto s = open_at(database.address());
    auto c = shelf("SKU-1", "berlin", 1'000);
    c.levels.push_back({"SKU-2", "berlin", {500, 0}});
    ASSERT_TRUE(import(s->journal(), c));
    for (int i = 0; i < 3; ++i) {
      living_order o(i, at(noon + i * 1'800'000));
      ASSERT_TRUE(put(s->journal(), o.placed()));
      if (i == 0) continue;
      ASSERT_TRUE(put(s->journal(), o.answered()));
      ASSERT_TRUE(put(s->journal(), o.next(domain::fulfill_order{{}, "", "", "op"})));
      while (o.waits_for_an_answer()) ASSERT_TRUE(put(s->journal(), o.answered()));
    }
  }
  run_sql(database.address(),
          "UPDATE orders SET status=99, customer_email='x' WHERE id='" + order_id(1) +
              "'; DELETE FROM documents; DELETE FROM order_skus WHERE sku='SKU-2'; DELETE FROM figures WHERE bucket<>-1; DELETE FROM parcels;"
              "INSERT INTO parcels VALUES('T-9','" +
              order_id(2) +
              "'); INSERT INTO order_skus SELECT 'SKU-9',no FROM orders;"
              "INSERT INTO timers VALUES('ord_X',0,1,5); INSERT INTO outbox VALUES('ord_X/email/4','email','{}'); UPDATE stock SET reserved=0");
  const auto found = verify(*open_audit(database.address()), {});
  EXPECT_GT(found.findings_total, 8u);
  EXPECT_EQ(found.repairable, found.findings_total);
  {
    const auto repair = open_repair(database.address());
    verify_options options;
    options.repair = &repair->target();
    for (int pass = 0; pass < 3 && verify(repair->source(), options).repairable > 0; ++pass) {
    }
    repair->keep();
  }
  const auto left = verify(*open_audit(database.address()), {});
  for (const auto& f : left.findings) ADD_FAILURE() << f.check << ' ' << f.subject << ": " << f.detail;
}

TEST(PostgresAddress, GetsLimitsUnlessItHasItsOwn) {
  EXPECT_EQ(postgres::with_limits("postgresql://db/x?connect_timeout=9").find("connect_timeout=3"), std::string::npos);
  EXPECT_NE(postgres::with_limits("postgresql://db/x").find("?connect_timeout=3&keepalives_idle=5"), std::string::npos);
}

TEST(PostgresAddress, IsShownWithoutUserPasswordAndOptions) {
  EXPECT_EQ(postgres::shown("postgresql://u:p@db:5432/orders?sslmode=require"), "postgresql://db:5432/orders");
  EXPECT_EQ(postgres::shown("postgres://db/orders?password=p"), "postgres://db/orders");
}

TEST(PostgresStatements, AreTheSameForBothStores) {
  using postgres::to_postgres;
  EXPECT_EQ(to_postgres("a=? AND b=?"), "a=$1 AND b=$2");
  EXPECT_EQ(to_postgres("a>=?1 AND b<?12 OR ?1"), "a>=$1 AND b<$12 OR $1");
  EXPECT_EQ(to_postgres("FROM orders o INDEXED BY orders_status WHERE (x INDEXED BY y)"), "FROM orders o WHERE (x)");
  EXPECT_EQ(to_postgres("FROM orders o NOT INDEXED WHERE TRUE"), "FROM orders o WHERE TRUE");
  EXPECT_EQ(to_postgres("a CROSS JOIN b ON c"), "a JOIN b ON c");
}

TEST(PostgresNumbers, AreAskedForOnceAndCountedFromThere) {
  postgres::order_numbers fresh{std::nullopt};
  EXPECT_TRUE(fresh.is_known(first_no(0)));
  EXPECT_EQ(fresh.next(first_no(5)), first_no(5));
  EXPECT_EQ(fresh.next(first_no(5)), first_no(5) + 1);

  postgres::order_numbers stored{first_no(1'000) + 3};
  EXPECT_FALSE(stored.is_known(first_no(1'000)));
  EXPECT_FALSE(stored.is_known(first_no(7)));
  EXPECT_TRUE(stored.is_known(first_no(1'001)));
  stored.learn(first_no(1'000), first_no(1'000) + 3);
  EXPECT_EQ(stored.next(first_no(1'000)), first_no(1'000) + 4);
  stored.learn(first_no(7), std::nullopt);
  EXPECT_EQ(stored.next(first_no(7)), first_no(7));
  for (std::int64_t ms = 2'000; ms < 2'000 + 70'000; ++ms) stored.next(first_no(ms));
  EXPECT_FALSE(stored.is_known(first_no(2'000))) << "forgotten, so it is asked for";
  EXPECT_EQ(stored.next(first_no(71'999)), first_no(71'999) + 1);
}

}  // namespace
}  // namespace coreldove::persistence::testing
