// The built program on a PostgreSQL database: the same settings as ever, but for one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/postgres/server.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;
using namespace std::chrono_literals;

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

TEST(OnPostgres, AnOrderIsConfirmedOutlivesAKillAndAddsUp) {
  const postgres_test::fresh_database database;
  const environment on_postgres{{"DATABASE_URL", database.address()}};
  shop s;
  s.start_world();
  s.start(on_postgres);
  EXPECT_EQ(s.readiness(), 200);
  const auto placed = s.call("POST", "/orders", an_order(), {{"Idempotency-Key", "one"}});
  ASSERT_EQ(placed.status, 202) << placed.body;
  const std::string id = nlohmann::json::parse(placed.body).at("id");
  s.until(id, "status", "confirmed");
  const auto before = s.order(id);

  s.stop(SIGKILL);
  s.start(on_postgres);
  EXPECT_EQ(s.order(id), before);
  const auto again = s.call("POST", "/orders", an_order(), {{"Idempotency-Key", "one"}});
  EXPECT_EQ(nlohmann::json::parse(again.body).at("id"), id) << "the key is known after the kill";
  EXPECT_EQ(s.ledger("?operation=authorize").size(), 1u);
  const auto listed = nlohmann::json::parse(s.call("GET", "/orders?status=confirmed").body);
  EXPECT_THAT(listed.at("items"), SizeIs(1));

  const auto second = run(s.folder() / "world", {"migrate"}, on_postgres);
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(lines_of(second.err), SizeIs(1));
  EXPECT_THAT(second.err, HasSubstr("another server is using it"));
  const auto replayed = run(s.folder() / "world", {"replay", id}, on_postgres);
  EXPECT_EQ(replayed.status, 0) << replayed.err;
  EXPECT_THAT(replayed.out, HasSubstr("order_confirmed"));

  EXPECT_EQ(s.stop(SIGTERM).status, 0);
  const auto verified = run(s.folder() / "world", {"verify"}, on_postgres);
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, AllOf(HasSubstr("1 orders"), HasSubstr("everything adds up")));
  EXPECT_FALSE(std::filesystem::exists(s.folder() / "var" / "coreldove.db"));
}

TEST(OnPostgres, ADatabaseThatCrashesIs503AndOrdersGoOnWhenItIsBack) {
  postgres_test::own_server database;
  postgres_test::run_sql(database.address("postgres"), "CREATE DATABASE shop");
  shop s;
  s.start_world();
  s.start({{"DATABASE_URL", database.address("shop")}});
  const auto id_of = [](const web_answer& a) { return nlohmann::json::parse(a.body).at("id").get<std::string>(); };
  const auto before = s.call("POST", "/orders", an_order());
  ASSERT_EQ(before.status, 202) << before.body;
  s.until(id_of(before), "status", "confirmed");

  const auto becomes = [&](int readiness) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms))
      if (s.readiness() == readiness) return true;
    return false;
  };
  database.crash();
  EXPECT_TRUE(becomes(503)) << "nobody has to write for that";
  const auto refused = s.call("POST", "/orders", an_order(), {{"Idempotency-Key", "one"}});
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_EQ(s.call("GET", "/orders/" + id_of(before)).status, 503);
  database.start();
  ASSERT_TRUE(becomes(200));
  int read = 0;  // in a row: each reader finds its way back by itself, a quarter of a second after it last failed
  for (const auto end = std::chrono::steady_clock::now() + 10s; read < 25 && std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms))
    read = s.call("GET", "/orders/" + id_of(before)).status == 200 ? read + 1 : 0;
  ASSERT_EQ(read, 25);
  const auto after = s.call("POST", "/orders", an_order(), {{"Idempotency-Key", "one"}});
  ASSERT_EQ(after.status, 202) << after.body;
  s.until(id_of(after), "status", "confirmed");
  EXPECT_EQ(s.order(id_of(before)).at("status"), "confirmed");
  EXPECT_EQ(s.ledger("?operation=authorize").size(), 2u);
  EXPECT_EQ(s.stop(SIGTERM).status, 0);
  EXPECT_EQ(run(s.folder() / "world", {"verify"}, {{"DATABASE_URL", database.address("shop")}}).status, 0);
}

TEST(OnPostgres, TheToolsOfTheCommandLineWorkThere) {
  const postgres_test::fresh_database database;
  const environment on_postgres{{"DATABASE_URL", database.address()}};
  const scratch dir;
  EXPECT_EQ(run(dir.path(), {"verify"}, on_postgres).status, 1) << "there is no store yet";
  EXPECT_THAT(run(dir.path(), {"migrate"}, on_postgres).err, HasSubstr("has been created"));
  EXPECT_THAT(run(dir.path(), {"migrate"}, on_postgres).err, HasSubstr("is up to date"));
  const auto file = dir.path() / "catalog.csv";
  std::ofstream{file} << "record,sku,product_id,name,weight_grams,warehouse,country,on_hand\n"
                         "warehouse,,,Kassel,,de,DE,\nproduct,W-1,p,Widget,10,,,\nstock,W-1,,,,de,,5\n";
  const auto imported = run(dir.path(), {"catalog", "import", file.string()}, on_postgres);
  EXPECT_EQ(imported.status, 0) << imported.err;
  const auto created = run(dir.path(), {"apikey", "create", "--role", "operator", "--name", "till 3"}, on_postgres);
  ASSERT_EQ(created.status, 0) << created.err;
  EXPECT_THAT(run(dir.path(), {"apikey", "list"}, on_postgres).out, AllOf(HasSubstr("till 3"), HasSubstr("active")));

  postgres_test::run_sql(database.address(), "UPDATE stock SET on_hand=on_hand+1");
  EXPECT_THAT(run(dir.path(), {"verify"}, on_postgres).out, AllOf(HasSubstr("W-1"), HasSubstr("1 findings\n")));
  const auto repaired = run(dir.path(), {"verify", "--repair", "--yes"}, on_postgres);
  EXPECT_EQ(repaired.status, 0) << repaired.out << repaired.err;
  EXPECT_EQ(run(dir.path(), {"verify"}, on_postgres).status, 0);
}

TEST(OnPostgres, NoServerThereIsOneLineWithoutThePassword) {
  const scratch dir;
  const auto p = run(dir.path(), {"serve"}, {{"DATABASE_URL", "postgresql://shop:pa55word@127.0.0.1:1/orders"}});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(lines_of(p.err), SizeIs(1)) << p.err;
  EXPECT_THAT(p.err, AllOf(HasSubstr("postgresql://127.0.0.1:1/orders cannot be opened"), Not(HasSubstr("pa55word"))));
}

}  // namespace
}  // namespace coreldove::cli_test
