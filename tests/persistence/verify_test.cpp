#include "persistence/verify.hpp"

#include "persistence/sqlite/audit.hpp"
#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite.hpp"
#include "tests/persistence/fixture.hpp"
#include "tests/persistence/life.hpp"

namespace coreldove::persistence::testing {
namespace {

/// A store in which orders have lived to different ends; then it is closed, and a test may damage it.
class Verify : public ::testing::Test {
protected:
  static constexpr int orders = 12;

  /// Made once; every test damages a copy.
  static void SetUpTestSuite() {
    original_ = std::make_unique<temporary_folder>();
    sqlite::sqlite_store s({original_->path() / "store.db", 1, 1'000, {}, {}});
    auto c = shelf("SKU-1", "berlin", 1'000);
    c.levels.push_back({"SKU-2", "berlin", {500, 0}});
    ASSERT_TRUE(import(s.journal(), c));
    ASSERT_TRUE(adjust(s.journal(), {"SKU-1", "berlin", "count", "op", -40, at(noon)}));
    for (int i = 0; i < orders; ++i) live(s.journal(), i);
  }
  static void TearDownTestSuite() { original_.reset(); }

  void SetUp() override { std::filesystem::copy_file(original_->path() / "store.db", file()); }

  static void live(journal& j, int i) {
    living_order o(i, at(noon + i * 1'800'000));
    ASSERT_TRUE(put(j, o.placed()));
    if (i % 4 == 0) return;  // waits for the gateway
    if (i % 4 == 1) {
      ASSERT_TRUE(put(j, o.answered(domain::operation_outcome::unknown)));  // a timer
      return;
    }
    ASSERT_TRUE(put(j, o.answered()));
    if (i % 4 == 2) {
      ASSERT_TRUE(put(j, o.next(domain::cancel_order{"changed my mind", "cust_1"})));
      while (o.waits_for_an_answer()) ASSERT_TRUE(put(j, o.answered()));
      return;
    }
    ASSERT_TRUE(put(j, o.next(domain::fulfill_order{{}, "", "", "op"})));
    while (o.waits_for_an_answer()) ASSERT_TRUE(put(j, o.answered()));
  }

  verification verified() {
    const auto source = sqlite::open_audit(file());
    return verify(*source, {});
  }

  /// Runs `sql` behind the program's back and returns the checks that notice.
  std::vector<std::string> checks_after(const std::string& sql) {
    sqlite::database(file(), sqlite::access::write).execute(sql);
    std::vector<std::string> checks;
    for (const auto& f : verified().findings) checks.push_back(f.check);
    return checks;
  }

  std::filesystem::path file() const { return folder_.path() / "store.db"; }
  static std::unique_ptr<temporary_folder> original_;
  temporary_folder folder_;
};

std::unique_ptr<temporary_folder> Verify::original_;

using checks = std::vector<std::string>;

std::string where(int n) { return "'" + order_id(n) + "'"; }

TEST_F(Verify, AnUntouchedStoreAddsUp) {
  const auto v = verified();
  for (const auto& f : v.findings) ADD_FAILURE() << f.check << ' ' << f.subject << ": " << f.detail;
  EXPECT_EQ(v.orders, static_cast<std::uint64_t>(orders));
  EXPECT_EQ(v.stock_rows, 2u);
  EXPECT_GT(v.events, 50u);
}

TEST_F(Verify, FindsAChangedEvent) {
  EXPECT_EQ(checks_after("UPDATE events SET data=replace(data,'29.99','0.01'), by='nobody' WHERE seq=2 AND stream=" + where(5)), checks{"chain"});
}

TEST_F(Verify, FindsADroppedEvent) { EXPECT_EQ(checks_after("DELETE FROM events WHERE seq=2 AND stream=" + where(5)), checks{"chain"}); }

TEST_F(Verify, FindsADroppedLastEvent) {
  const auto found = checks_after("DELETE FROM events WHERE stream=" + where(1) + " AND seq=(SELECT max(seq) FROM events WHERE stream=" + where(1) + ")");
  EXPECT_NE(std::find(found.begin(), found.end(), "chain"), found.end());
  EXPECT_NE(std::find(found.begin(), found.end(), "projection"), found.end());
}

TEST_F(Verify, FindsAChangedAdjustmentOfStock) {
  EXPECT_EQ(checks_after("UPDATE events SET data=replace(data,'-40','-4') WHERE stream='sku/SKU-1'"), checks{"chain"});
}

TEST_F(Verify, FindsAChangedRow) { EXPECT_EQ(checks_after("UPDATE orders SET captured=captured+1 WHERE id=" + where(7)), checks{"projection"}); }

TEST_F(Verify, FindsAStatusThatIsNone) { EXPECT_EQ(checks_after("UPDATE orders SET status=99 WHERE id=" + where(7)), checks{"projection"}); }

TEST_F(Verify, FindsAChangedDocument) {
  EXPECT_EQ(
      checks_after("UPDATE documents SET document=replace(document,'Springfield','Shelbyville') WHERE no=(SELECT no FROM orders WHERE id=" + where(7) + ")"),
      checks{"document"});
}

TEST_F(Verify, FindsALostOrder) {
  const auto found = checks_after("DELETE FROM orders WHERE id=" + where(3));
  EXPECT_NE(std::find(found.begin(), found.end(), "projection"), found.end());
  EXPECT_NE(std::find(found.begin(), found.end(), "orphans"), found.end());
}

TEST_F(Verify, FindsAnOrderOutOfNowhere) {
  const auto found = checks_after(
      "INSERT INTO orders SELECT no+1,'ord_X',version,hash,status,payment,fulfillment,customer_id,customer_email,currency,digits,"
      "total,captured,refunded,total_e4,updated_at,confirmed_at,shipped_at,delivered_at,unfinished FROM orders LIMIT 1");
  EXPECT_EQ(found, checks{"orphans"});
}

TEST_F(Verify, FindsStockThatNoEventMoved) { EXPECT_EQ(checks_after("UPDATE stock SET reserved=reserved-1 WHERE sku='SKU-2'"), checks{"stock"}); }

TEST_F(Verify, FindsAMissingTimer) { EXPECT_EQ(checks_after("DELETE FROM timers WHERE order_id=" + where(1)), checks{"timers"}); }

TEST_F(Verify, FindsAWrongCounter) {
  EXPECT_EQ(checks_after("UPDATE figures SET orders=orders+1 WHERE bucket=-1 AND (status,payment,fulfillment)="
                         "(SELECT status,payment,fulfillment FROM figures WHERE bucket=-1 AND orders>0 LIMIT 1)"),
            checks{"figures"});
}

TEST_F(Verify, FindsAnOrderThatIsNotListedUnderItsSku) {
  EXPECT_EQ(checks_after("DELETE FROM order_skus WHERE sku='SKU-2' AND no=(SELECT no FROM orders WHERE id=" + where(7) + ")"), (checks{"listing", "orphans"}));
}

TEST_F(Verify, KeepsTheFirstFindingsAndCountsTheRest) {
  sqlite::database(file(), sqlite::access::write).execute("UPDATE orders SET refunded=refunded+1");
  const auto source = sqlite::open_audit(file());
  verify_options few;
  few.findings_max = 3;
  const auto v = verify(*source, few);
  EXPECT_EQ(v.findings.size(), 3u);
  EXPECT_EQ(v.findings_total, static_cast<std::uint64_t>(orders));
}

TEST_F(Verify, RefusesAStoreOfAnotherVersion) {
  sqlite::database(file(), sqlite::access::write).execute("PRAGMA user_version=77");
  EXPECT_THROW(sqlite::open_audit(file()), std::runtime_error);
}

TEST_F(Verify, AnAnswerKeptByReferenceIsMadeAgainFromTheEvents) {
  living_order o(100, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  sqlite::sqlite_store s({file(), 1, 1'000, {}, {}});
  auto first = o.placed();
  first.idempotency = {"u POST /orders", "k", "f", {202, o.state().version, first.stream, first.row.document}, false};
  ASSERT_TRUE(put(s.journal(), first));
  ASSERT_TRUE(put(s.journal(), o.answered()));
  const auto k = answer<std::optional<stored_key>>([&](reply<std::optional<stored_key>> done) { s.store().key("u POST /orders", "k", std::move(done)); });
  ASSERT_TRUE(k);
  ASSERT_TRUE(*k);
  EXPECT_EQ((*k)->answer.document, first.row.document);
  EXPECT_NE(document(s.store(), first.stream)->json, first.row.document);
}

}  // namespace
}  // namespace coreldove::persistence::testing
