// Certificates of the stock ledger: what they say, how they are read back, and what they give away about a store that was changed.
#include <fmt/format.h>

#include <algorithm>

#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite.hpp"
#include "persistence/sqlite/tools.hpp"
#include "persistence/stock_certificate.hpp"
#include "tests/persistence/fixture.hpp"
#include "tests/persistence/life.hpp"

namespace coreldove::persistence::testing {
namespace {

class Certificate : public ::testing::Test {
protected:
  void SetUp() override {
    open();
    auto c = shelf("SKU-1", "berlin", 1'000);
    c.levels.push_back({"SKU-2", "berlin", {500, 0}});
    ASSERT_TRUE(import(store_->journal(), c));
    ASSERT_TRUE(adjust(store_->journal(), {"SKU-1", "berlin", "count", "op", -40, at(noon)}));
    for (int i = 0; i < 6; ++i) live(i);
  }

  /// Every third order leaves, every third is cancelled, every third waits for the gateway.
  void live(int i) {
    auto& j = store_->journal();
    living_order o(i, at(noon + i * 1'800'000));
    ASSERT_TRUE(put(j, o.placed()));
    if (i % 3 == 0) return;
    ASSERT_TRUE(put(j, o.answered()));
    ASSERT_TRUE(put(j, i % 3 == 1 ? o.next(domain::cancel_order{"changed my mind", "cust_1"}) : o.next(domain::fulfill_order{{}, "", "", "op"})));
    while (o.waits_for_an_answer()) ASSERT_TRUE(put(j, o.answered()));
  }

  stock_certificate certified() {
    auto c = answer<stock_certificate>([&](reply<stock_certificate> done) { certifier_->certify(at(noon), std::move(done)); });
    EXPECT_TRUE(c);
    return *c;
  }

  /// In words, what the store no longer says.
  std::vector<std::string> missing(const stock_certificate& c) {
    const auto source = sqlite::open_audit(file());
    const auto found = differences(c, source->count_positions().last, [&](auto after, auto until) { return source->stock_ledger(after, until); });
    EXPECT_TRUE(found);
    return *found;
  }

  void open() {
    store_ = std::make_unique<sqlite::sqlite_store>(sqlite::sqlite_options{file(), 1, 1'000, {}, {}});
    certifier_ = std::make_shared<certifier>(store_->store());
  }
  void change(const std::string& sql) {
    store_.reset();
    sqlite::database(file(), sqlite::access::write).execute(sql);
  }

  std::filesystem::path file() const { return folder_.path() / "store.db"; }
  temporary_folder folder_;
  std::unique_ptr<sqlite::sqlite_store> store_;
  std::shared_ptr<certifier> certifier_;
};

TEST_F(Certificate, SaysWhatTheStockTableSays) {
  const auto c = certified();
  ASSERT_EQ(c.rows.size(), 2u);
  for (const auto& [name, row] : c.rows) {
    const auto stored = level(store_->store(), name.sku, name.warehouse);
    EXPECT_EQ(row.level.on_hand, stored.on_hand) << name.sku;
    EXPECT_EQ(row.level.reserved, stored.reserved) << name.sku;
  }
  EXPECT_EQ(c.rows.at({"SKU-1", "berlin"}).movements, 2u + 6 + 2 + 2);  // imported, counted; held by six, let go by two, shipped by two
  EXPECT_EQ(c.rows.at({"SKU-2", "berlin"}).movements, 1u + 6 + 2 + 2);
  EXPECT_LT(c.rows.at({"SKU-1", "berlin"}).level.on_hand, 960);
}

TEST_F(Certificate, IsReadBackAsItWasWritten) {
  const auto c = certified();
  const auto again = read_certificate(certificate_document(c));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(hash_of(*again), hash_of(c));
  EXPECT_EQ(certificate_document(*again), certificate_document(c));
}

TEST_F(Certificate, ThatWasChangedIsRefused) {
  const auto text = certificate_document(certified());
  const auto with = [&](const std::string& from, const std::string& to) {
    auto changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return read_certificate(changed);
  };
  for (const auto& wrong :
       {with("\"reserved\":", "\"reserved\":1"), with("SKU-1", "SKU-3"), with("\"position\":", "\"position\":1"), with("\"version\":1", "\"version\":2"),
        with("\"head\":\"", "\"head\":\"x"), with("{", "["), with("made_at", "mode_at"), with("\"hash\":\"", "\"hash\":\"0")}) {
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, domain::errc::malformed);
  }
}

TEST_F(Certificate, HoldsWhileTheStoreGrows) {
  const auto c = certified();
  EXPECT_EQ(missing(c), std::vector<std::string>{});
  for (int i = 6; i < 12; ++i) live(i);
  ASSERT_TRUE(adjust(store_->journal(), {"SKU-2", "berlin", "count", "op", 5, at(noon)}));
  EXPECT_EQ(missing(c), std::vector<std::string>{});
  const auto later = certified();
  EXPECT_GT(later.position, c.position);
  EXPECT_NE(later.rows.at({"SKU-1", "berlin"}).head, c.rows.at({"SKU-1", "berlin"}).head);
}

TEST_F(Certificate, IsTheSameWhetherItIsMadeInOneGoOrGoesOnFromAnEarlierOne) {
  const auto early = certified();
  live(7);
  const auto grown = certified();
  certifier_ = std::make_shared<certifier>(store_->store());
  EXPECT_EQ(hash_of(grown), hash_of(certified()));
  EXPECT_NE(hash_of(grown), hash_of(early));
}

TEST_F(Certificate, EveryoneWhoAsksAtTheSameTimeGetsOne) {
  constexpr int askers = 20;
  std::vector<std::future<domain::result<stock_certificate>>> answers;
  for (int i = 0; i < askers; ++i) {
    auto p = std::make_shared<std::promise<domain::result<stock_certificate>>>();
    answers.push_back(p->get_future());
    certifier_->certify(at(noon), [p](domain::result<stock_certificate> c) { p->set_value(std::move(c)); });
  }
  for (auto& a : answers) {
    const auto c = wait(std::move(a));
    ASSERT_TRUE(c);
    EXPECT_EQ(c->rows.size(), 2u);
  }
}

TEST_F(Certificate, OfAClosedStoreIsAnErrorAndTheNextOneIsTried) {
  store_->stop();
  for (int i = 0; i < 2; ++i) {
    const auto c = answer<stock_certificate>([&](reply<stock_certificate> done) { certifier_->certify(at(noon), std::move(done)); });
    ASSERT_FALSE(c);
    EXPECT_EQ(c.error().code, domain::errc::unavailable);
  }
}

TEST_F(Certificate, GivesAwayAnEventThatWasChanged) {
  const auto c = certified();
  change("UPDATE journal SET events=replace(events,'-40','-4') WHERE stream='sku/SKU-1'");
  const auto found = missing(c);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("SKU-1 at berlin: the certificate says"), std::string::npos) << found[0];
}

TEST_F(Certificate, GivesAwayAHistoryThatWasWrittenAnewWithTheSameSums) {
  const auto c = certified();
  change("UPDATE journal SET hashes=randomblob(32*n) WHERE instr(events,'stock_reserved') AND stream='" + order_id(2) +
         "'");  // as if all before it had been forged
  const auto found = missing(c);
  ASSERT_EQ(found.size(), 2u);
  for (const auto& f : found) EXPECT_NE(f.find("by another history"), std::string::npos) << f;
}

TEST_F(Certificate, GivesAwayAStoreThatLostItsEnd) {
  const auto c = certified();
  change("DELETE FROM journal WHERE position>" + std::to_string(c.position - 20));
  const auto found = missing(c);
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].find("its end is missing"), std::string::npos) << found[0];
}

TEST_F(Certificate, GivesAwayAnEventThatWasMovedOutOfIt) {
  const auto c = certified();
  change("UPDATE journal SET position=-position WHERE position=(SELECT max(position) FROM journal)");
  EXPECT_FALSE(missing(c).empty());
}

TEST_F(Certificate, OfMoreEventsThanAPageHoldsIsStillExact) {
  for (int i = 0; i < 2'500; ++i) store_->journal().adjust({"SKU-2", "berlin", "count", "op", 1, at(noon)}, [](const auto&) {});
  ASSERT_TRUE(adjust(store_->journal(), {"SKU-2", "berlin", "count", "op", 1, at(noon)}));
  const auto c = certified();
  EXPECT_EQ(c.rows.at({"SKU-2", "berlin"}).movements, 1u + 6 + 2 + 2 + 2'501);
  EXPECT_EQ(missing(c), std::vector<std::string>{});
}

}  // namespace
}  // namespace coreldove::persistence::testing
