// The subcommands that work on the store without a server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "tests/program/program.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

std::string write_file(const scratch& dir, const std::string& name, const std::string& text) {
  const auto path = dir.path() / name;
  std::ofstream{path} << text;
  return path.string();
}

/// What a person with a database tool could do to a store.
void tamper(const std::filesystem::path& store, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(store.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(Migrate, CreatesTheStoreAndLeavesItAloneAfterwards) {
  const scratch dir;
  EXPECT_THAT(run(dir.path(), {"migrate"}).err, HasSubstr("has been created"));
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "var" / "coreldove.db"));
  const auto again = run(dir.path(), {"migrate"});
  EXPECT_EQ(again.status, 0);
  EXPECT_THAT(again.err, HasSubstr("is up to date"));
}

TEST(Migrate, RefusesAFileThatIsNoStore) {
  const scratch dir;
  const auto file = write_file(dir, "other.db", std::string(8'192, 'x'));
  const auto p = run(dir.path(), {"migrate"}, {{"DATABASE_URL", "sqlite:" + file}});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(lines_of(p.err), SizeIs(1));
}

TEST(ApiKey, IsShownOnceListedWithoutItselfAndRevoked) {
  const scratch dir;
  const auto created = run(dir.path(), {"apikey", "create", "--role", "operator", "--name", "till 3"});
  ASSERT_EQ(created.status, 0) << created.err;
  ASSERT_THAT(lines_of(created.out), ElementsAre(MatchesRegex("cdk_[0-9a-f]{64}")));
  const auto key = lines_of(created.out)[0], id = created.err.substr(0, created.err.find(' '));
  EXPECT_THAT(id, MatchesRegex("ak_[0-9A-Z]{26}"));

  const auto listed = run(dir.path(), {"apikey", "list"});
  EXPECT_EQ(listed.status, 0);
  EXPECT_THAT(listed.out, AllOf(HasSubstr(id), HasSubstr("operator"), HasSubstr("active"), HasSubstr("till 3"), Not(HasSubstr(key))));
  for (const auto& file : std::filesystem::directory_iterator{dir.path() / "var"}) EXPECT_THAT(file_text(file.path()), Not(HasSubstr(key))) << file.path();

  EXPECT_EQ(run(dir.path(), {"apikey", "revoke", id}).status, 0);
  EXPECT_THAT(run(dir.path(), {"apikey", "list"}).out, HasSubstr("revoked"));
}

TEST(ApiKey, ThatIsUnknownCannotBeRevoked) {
  const scratch dir;
  const auto p = run(dir.path(), {"apikey", "revoke", "ak_nobody"});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(lines_of(p.err), SizeIs(1));
}

TEST(ApiKey, NeedsAKnownRoleAndANameOfOneLine) {
  const scratch dir;
  EXPECT_EQ(run(dir.path(), {"apikey", "create", "--role", "king", "--name", "x"}).status, 2);
  EXPECT_EQ(run(dir.path(), {"apikey", "create", "--role", "admin", "--name", "a\nb"}).status, 2);
  EXPECT_EQ(run(dir.path(), {"apikey", "create", "--role", "admin", "--name", ""}).status, 2);
}

TEST(CatalogImport, TakesACsvFileAndThenStockForWhatItKnows) {
  const scratch dir;
  const auto first = write_file(dir, "first.csv",
                                "record,sku,product_id,name,weight_grams,warehouse,country,on_hand\n"
                                "warehouse,,,Kassel,,de,DE,\nproduct,W-1,p,Widget,10,,,\nstock,W-1,,,,de,,5\n");
  const auto p = run(dir.path(), {"catalog", "import", first});
  EXPECT_EQ(p.status, 0) << p.err;
  EXPECT_THAT(p.err, HasSubstr("1 products, 1 warehouses, 1 rows of stock"));
  const auto second = write_file(dir, "second.ndjson", R"({"record":"warehouse","warehouse":"in","name":"Bengaluru","country":"IN"}
{"record":"stock","sku":"W-1","warehouse":"in","on_hand":7})");
  EXPECT_EQ(run(dir.path(), {"catalog", "import", second}).status, 0);
}

TEST(CatalogImport, ImportsNothingOfAFileWithMistakes) {
  const scratch dir;
  const auto file = write_file(dir, "bad.csv", "record,sku,warehouse,on_hand\nstock,W-1,de,many\nstock,,de,1\n");
  const auto p = run(dir.path(), {"catalog", "import", file});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(lines_of(p.err),
              ElementsAre("line 2, on_hand: \"many\" is not a whole number from 0 to 1000000000000", "line 3, sku: missing", "Nothing has been imported."));
}

TEST(CatalogImport, RefusesStockOfUnknownThingsAndFilesThatAreNotThere) {
  const scratch dir;
  const auto file = write_file(dir, "stray.csv", "record,sku,warehouse,on_hand\nstock,W-1,de,1\n");
  EXPECT_THAT(lines_of(run(dir.path(), {"catalog", "import", file}).err),
              ElementsAre(HasSubstr("there is no such product"), HasSubstr("there is no such warehouse"), "Nothing has been imported."));
  EXPECT_EQ(run(dir.path(), {"catalog", "import", "/nowhere/x.csv"}).status, 1);
}

TEST(Replay, RefusesWhatIsNoOrderIdAndOrdersThatAreNotThere) {
  const scratch dir;
  EXPECT_EQ(run(dir.path(), {"replay", "42"}).status, 2);
  EXPECT_EQ(run(dir.path(), {"replay", "ord_01JD3Q8Z5V8N0M4T7W2X9Y6K1B"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "var")) << "looking may not make a store";
  ASSERT_EQ(run(dir.path(), {"migrate"}).status, 0);
  const auto p = run(dir.path(), {"replay", "ord_01JD3Q8Z5V8N0M4T7W2X9Y6K1B"});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(p.out, IsEmpty());
  EXPECT_THAT(lines_of(p.err), SizeIs(1));
}

TEST(Verify, FindsAnEmptyStoreInOrderAndNoStoreAMistake) {
  const scratch dir;
  const auto none = run(dir.path(), {"verify"});
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(lines_of(none.err), SizeIs(1));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "var")) << "looking may not make a store";
  ASSERT_EQ(run(dir.path(), {"migrate"}).status, 0);
  const auto p = run(dir.path(), {"verify"});
  EXPECT_EQ(p.status, 0) << p.err;
  EXPECT_EQ(p.out, "0 orders, 0 events, 0 rows of stock: everything adds up\n");
}

TEST(Verify, NamesWhatWasChangedBehindTheStoresBack) {
  const scratch dir;
  const auto file = write_file(dir, "catalog.csv",
                               "record,sku,product_id,name,weight_grams,warehouse,country,on_hand\n"
                               "warehouse,,,Kassel,,de,DE,\nproduct,W-1,p,Widget,10,,,\nstock,W-1,,,,de,,5\n");
  ASSERT_EQ(run(dir.path(), {"catalog", "import", file}).status, 0);
  EXPECT_EQ(run(dir.path(), {"verify"}).status, 0);
  tamper(dir.path() / "var" / "coreldove.db", "UPDATE stock SET on_hand = on_hand + 1");
  const auto p = run(dir.path(), {"verify"});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(p.out, AllOf(HasSubstr("stock: "), HasSubstr("W-1"), HasSubstr("1 findings\n")));

  const auto listed = run(dir.path(), {"verify", "--repair"});
  EXPECT_EQ(listed.status, 1);
  EXPECT_THAT(listed.out, AllOf(HasSubstr("repair: set the row to what its events add up to"), HasSubstr("1 of them can be repaired")));
  EXPECT_EQ(run(dir.path(), {"verify"}).status, 1) << "only looked";
  const auto repaired = run(dir.path(), {"verify", "--repair", "--yes"});
  EXPECT_EQ(repaired.status, 0) << repaired.out << repaired.err;
  EXPECT_THAT(repaired.out, HasSubstr("Repaired. Now:\n0 orders"));
  EXPECT_EQ(run(dir.path(), {"verify"}).status, 0);
}

TEST(Verify, DoesNotMakeUpAnEventThatIsGone) {
  const scratch dir;
  const auto file = write_file(dir, "catalog.csv",
                               "record,sku,product_id,name,weight_grams,warehouse,country,on_hand\n"
                               "warehouse,,,Kassel,,de,DE,\nproduct,W-1,p,Widget,10,,,\nproduct,W-2,p,Widget,10,,,\nstock,W-1,,,,de,,5\nstock,W-2,,,,de,,5\n");
  ASSERT_EQ(run(dir.path(), {"catalog", "import", file}).status, 0);
  tamper(dir.path() / "var" / "coreldove.db", "DELETE FROM journal WHERE position=1");
  const auto p = run(dir.path(), {"verify", "--repair", "--yes"});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(p.out, AllOf(HasSubstr("chain: positions: "), HasSubstr("repair: none"), Not(HasSubstr("Repaired"))));
}

TEST(Verify, RefusesChoicesThatDoNotGoTogether) {
  const scratch dir;
  EXPECT_EQ(run(dir.path(), {"verify", "--yes"}).status, 2);
  EXPECT_EQ(run(dir.path(), {"verify", "--certificate", "/nowhere"}).status, 2);
}

TEST(Check, CallsEverySystemOfTheSandboxWorld) {
  const scratch dir;
  for (const auto* name : {"stripe", "paypal", "razorpay", "payu", "fedex", "smtp"}) {
    const auto p = run(dir.path(), {"check", name});
    EXPECT_EQ(p.status, 0) << p.err;
    EXPECT_THAT(p.out, HasSubstr(std::string{name} + " at the built-in sandbox world: works"));
  }
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "var")) << "a check leaves nothing behind";
}

TEST(Check, SaysWhatIsWrongWithAnAddressWhereNobodyAnswers) {
  const scratch dir;
  const auto p = run(dir.path(), {"check", "stripe"}, {{"STRIPE_API_BASE", "http://127.0.0.1:1"}});
  EXPECT_EQ(p.status, 1);
  EXPECT_THAT(p.out, HasSubstr("stripe at http://127.0.0.1:1: does not work: "));
}

TEST(Check, RefusesUnknownNames) {
  const scratch dir;
  EXPECT_EQ(run(dir.path(), {"check", "teleporter"}).status, 2);
}

}  // namespace
}  // namespace coreldove::cli_test
