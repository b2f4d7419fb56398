#include "persistence/verify.hpp"

#include <fmt/format.h>

#include "persistence/codec/event_codec.hpp"
#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite.hpp"
#include "persistence/sqlite/tools.hpp"
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

  static verify_options watching_messages() {
    verify_options o;
    o.message_of = confirmation;
    o.reaches = [](const outbox_entry& stored, const outbox_entry& wanted) { return stored.payload == wanted.payload; };
    return o;
  }

  verification verified() {
    const auto source = sqlite::open_audit(file());
    return verify(*source, watching_messages());
  }

  /// Runs `sql` behind the program's back and returns the checks that notice.
  std::vector<std::string> checks_after(const std::string& sql) {
    sqlite::database(file(), sqlite::access::write).execute(sql);
    std::vector<std::string> checks;
    for (const auto& f : verified().findings) checks.push_back(f.check);
    return checks;
  }

  /// Looks and puts right what can be, as the command line does; what is left to find.
  verification repaired() {
    const auto store = sqlite::open_repair(file());
    auto options = watching_messages();
    options.repair = &store->target();
    for (int pass = 0; pass < 3; ++pass)
      if (verify(store->source(), options).repairable == 0) break;
    auto left = verify(store->source(), options);
    store->keep();
    return left;
  }

  /// A message to whoever ordered, once the order is confirmed.
  static std::optional<outbox_entry> confirmation(const domain::order& after, const domain::event& e) {
    if (!std::holds_alternative<domain::order_confirmed>(e)) return std::nullopt;
    return outbox_entry{"email", fmt::format("{}/email/{}", after.id, after.version), after.input->customer_email};
  }

  void change(const std::string& sql) { sqlite::database(file(), sqlite::access::write).execute(sql); }

  static std::string content_of(const std::filesystem::path& store) {
    sqlite::database db(store, sqlite::access::read);
    std::string out;
    for (const auto* table :
         {"journal ORDER BY 1", "orders ORDER BY 1", "documents ORDER BY 1", "order_skus ORDER BY 1,2", "parcels ORDER BY 1", "stock ORDER BY 1,2",
          "timers ORDER BY 1,2,3", "reviews ORDER BY 1", "outbox ORDER BY 1", "idempotency ORDER BY 1", "figures WHERE orders>0 ORDER BY 1,2,3,4,5"}) {
      auto all = db.prepare(fmt::format("SELECT * FROM {}", table));
      for (auto r = all.query(); r.next(); out += '\n')
        for (int i = 0; i < r.columns(); ++i) out.append(table, 3).append(":").append(r.text(i)).append("|");
    }
    return out;
  }
  std::string content() const { return content_of(file()); }
  static std::string original() { return content_of(original_->path() / "store.db"); }

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

TEST_F(Verify, FindsAChangedEvent) { EXPECT_EQ(checks_after("UPDATE journal SET by='nobody' WHERE n=1 AND stream=" + where(5)), checks{"chain"}); }

TEST_F(Verify, FindsARowOfTheJournalThatCannotBeRead) {
  for (const auto* damage : {"events='nothing'", "events=substr(events,2)", "n=n+1", "hashes=zeroblob(32*n)", "hashes=substr(hashes,2)"}) {
    std::filesystem::copy_file(original_->path() / "store.db", file(), std::filesystem::copy_options::overwrite_existing);
    const auto found = checks_after(fmt::format("UPDATE journal SET {} WHERE seq=4 AND stream={}", damage, where(5)));
    EXPECT_EQ(found.empty() ? "nothing" : found.front(), "chain") << damage;
  }
}

TEST_F(Verify, AStoreThatHadADocumentOfEveryOrderIsWhole) {
  const auto put_document = [this](const std::string& text) {
    change(fmt::format("REPLACE INTO documents SELECT no,'{}' FROM orders WHERE id={}", text, where(4)));
  };
  put_document("{}");
  EXPECT_EQ(verified().findings_total, 1u) << "one that is stored is compared";
  change("DELETE FROM documents WHERE document='{}'");
  put_document(document(sqlite::sqlite_store({file(), 1, 1'000, {}, {}}).store(), order_id(4))->json);
  EXPECT_EQ(verified().findings_total, 0u);
}

TEST_F(Verify, AStoreThatHadARowForEachEventIsBroughtOver) {
  change(R"sql(
    CREATE TABLE events(position INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL,
      by TEXT NOT NULL, trace_id TEXT NOT NULL, data TEXT NOT NULL, hash BLOB NOT NULL, UNIQUE(stream, seq));
    INSERT INTO events SELECT j.position-j.n+1+e.key,j.stream,j.seq-j.n+1+e.key,json_extract(e.value,'$[0]'),j.at,j.by,j.trace_id,json_extract(e.value,'$[1]'),
      substr(j.hashes,1+32*e.key,32) FROM journal j, json_each(j.events) e;
    DROP TABLE journal;
    PRAGMA user_version=3;)sql");
  {
    sqlite::sqlite_store s({file(), 1, 1'000, {}, {}});
    live(s.journal(), orders);
    EXPECT_TRUE(document(s.store(), order_id(3)));
  }
  const auto v = verified();
  for (const auto& f : v.findings) ADD_FAILURE() << f.check << ' ' << f.subject << ": " << f.detail;
  EXPECT_GT(v.events, 50u);
}

TEST_F(Verify, FindsADroppedEvent) { EXPECT_EQ(checks_after("DELETE FROM journal WHERE seq=4 AND stream=" + where(5)), (checks{"chain", "chain"})); }

TEST_F(Verify, FindsAnEventThatWasMovedInTheOrderOfCommits) {
  EXPECT_EQ(checks_after("UPDATE journal SET position=-1 WHERE n=1 AND stream=" + where(5)), checks{"chain"});
}

TEST_F(Verify, FindsADroppedLastEvent) {
  const auto found = checks_after("DELETE FROM journal WHERE stream=" + where(1) + " AND seq=(SELECT max(seq) FROM journal WHERE stream=" + where(1) + ")");
  EXPECT_EQ(found, (checks{"chain", "chain"}));  // a gap in the positions, and a row that has seen more
}

TEST_F(Verify, FindsThatAllOfAnOrderIsGone) {
  EXPECT_EQ(checks_after(fmt::format("DELETE FROM documents WHERE no=(SELECT no FROM orders WHERE id={0}); DELETE FROM journal WHERE stream={0};"
                                     "DELETE FROM order_skus WHERE no=(SELECT no FROM orders WHERE id={0}); DELETE FROM orders WHERE id={0}",
                                     where(4)))
                .front(),
            "chain");
}

TEST_F(Verify, FindsAChangedAdjustmentOfStock) {
  EXPECT_EQ(checks_after("UPDATE journal SET events=replace(events,'-40','-4') WHERE stream='sku/SKU-1'"), checks{"chain"});
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
  EXPECT_EQ(checks_after("DELETE FROM order_skus WHERE sku='SKU-2' AND no=(SELECT no FROM orders WHERE id=" + where(7) + ")"), checks{"listing"});
}

/// What follows from the events, damaged in one way; afterwards it is as it was, to the byte.
struct damage {
  const char* name;
  std::string sql;
};

class Repair : public Verify, public ::testing::WithParamInterface<damage> {};

std::vector<damage> all_damage() {
  const auto no = "(SELECT no FROM orders WHERE id=" + where(7) + ")";
  return {
      {"AColumn", "UPDATE orders SET captured=captured+1, customer_email='x' WHERE id=" + where(7)},
      {"AStatusThatIsNone", "UPDATE orders SET status=99 WHERE id=" + where(7)},
      {"ASearchColumn", "UPDATE orders SET total_e4=1 WHERE id=" + where(7)},
      {"ADocument", "UPDATE documents SET document='{}' WHERE no=" + no},
      {"ALostDocument", "DELETE FROM documents WHERE no=" + no},
      {"ALostRow", "DELETE FROM orders WHERE id=" + where(7)},
      {"AllRowsOfOrders", "DELETE FROM documents; DELETE FROM order_skus; DELETE FROM parcels; DELETE FROM orders; DELETE FROM timers; DELETE FROM figures"},
      {"ADocumentOfNobody", "INSERT INTO documents VALUES(77,'{}')"},
      {"ALostListing", "DELETE FROM order_skus WHERE sku='SKU-2' AND no=" + no},
      {"AListingTooMany", "INSERT INTO order_skus VALUES('SKU-9'," + no + ")"},
      {"ALostParcel", "DELETE FROM parcels"},
      {"AParcelTooMany", "INSERT INTO parcels VALUES('T-9'," + where(7) + ")"},
      {"AParcelOfAnEarlierOrder", "UPDATE parcels SET order_id=" + where(0)},
      {"AParcelOfALaterOrder", "UPDATE parcels SET order_id=" + where(99)},
      {"ALostTimer", "DELETE FROM timers WHERE order_id=" + where(1)},
      {"ATimerAtAnotherTime", "UPDATE timers SET due_at=due_at+1 WHERE order_id=" + where(1)},
      {"ATimerTooMany", "INSERT INTO timers VALUES(" + where(7) + ",0,1,5)"},
      {"ATimerOfNobody", "INSERT INTO timers VALUES('ord_X',0,1,5)"},
      {"AReviewTooMany", "INSERT INTO reviews VALUES(1," + where(7) + ",1,0,'open','{}')"},
      {"AReviewOfNobody", "INSERT INTO reviews VALUES(1,'ord_X',1,0,'open','{}')"},
      {"AMessageOfNobody", "INSERT INTO outbox(key,kind,payload) VALUES('ord_X/email/4','email','{}')"},
      {"AMessageThatNobodyAskedFor", "INSERT INTO outbox(key,kind,payload) VALUES(" + where(7) + "||'/email/1','email','{}')"},
      {"Stock", "UPDATE stock SET reserved=reserved-1,on_hand=on_hand+3 WHERE sku='SKU-2'"},
      {"ALostRowOfStock", "DELETE FROM stock WHERE sku='SKU-1'"},
      {"ACounter", "UPDATE figures SET orders=orders+1,total=total-7 WHERE bucket=-1"},
      {"LostCounters", "DELETE FROM figures WHERE bucket<>-1"},
      {"ACounterOfNothing", "INSERT INTO figures VALUES(5,0,0,0,'EUR',1,1,1,1,1,1,1,1,1,1)"},
      {"MuchAtOnce",
       "UPDATE orders SET version=1,unfinished=1; DELETE FROM order_skus; UPDATE documents SET document='[]'; DELETE FROM timers;"
       "UPDATE stock SET reserved=0; DELETE FROM figures"},
  };
}

TEST_P(Repair, MakesItAgainFromTheEvents) {
  change(GetParam().sql);
  ASSERT_NE(content(), original());
  const auto found = verified();
  EXPECT_GT(found.findings_total, 0u);
  EXPECT_EQ(found.repairable, found.findings_total);
  EXPECT_NE(content(), original()) << "looking may not change anything";
  EXPECT_EQ(repaired().findings_total, 0u);
  EXPECT_EQ(content(), original());
}

INSTANTIATE_TEST_SUITE_P(Of, Repair, ::testing::ValuesIn(all_damage()), [](const auto& x) { return std::string(x.param.name); });

TEST_F(Verify, ARepairEmptiesARowOfStockThatNoEventEverFilled) {
  change("INSERT INTO stock VALUES('SKU-7','berlin',5,2)");
  EXPECT_EQ(repaired().findings_total, 0u);
  sqlite::database db(file(), sqlite::access::read);
  auto row = db.prepare("SELECT on_hand,reserved FROM stock WHERE sku='SKU-7'");
  auto r = row.query();
  ASSERT_TRUE(r.next());
  EXPECT_EQ(r.integer(0), 0);
  EXPECT_EQ(r.integer(1), 0);
}

TEST_F(Verify, ARepairAddressesAMessageAnewAndLeavesAGoodOneAlone) {
  domain::order o;
  std::string good;
  {
    sqlite::sqlite_store s({file(), 1, 1'000, {}, {}});
    for (const auto& e : load(s.store(), order_id(7))) {
      const auto event = decode(e.type, e.data);
      evolve(o, *event, e.at);
      if (const auto m = confirmation(o, *event)) good = m->key;
    }
  }
  const auto insert = [&](const std::string& to) { change("REPLACE INTO outbox(n,key,kind,payload) VALUES(1,'" + good + "','email','" + to + "')"); };
  insert("cust_1@example.com");
  const auto before = content();
  EXPECT_EQ(repaired().findings_total, 0u);
  EXPECT_EQ(content(), before);
  insert("thief@example.com");
  EXPECT_EQ(repaired().findings_total, 0u);
  EXPECT_EQ(content(), before);
}

/// What was done to the events themselves is said, and neither their order nor a sum over all orders is touched.
TEST_F(Verify, ARepairLeavesAloneWhatCannotBeKnown) {
  for (const auto& what : {"UPDATE journal SET events=replace(events,'29.99','0.01'),by='nobody' WHERE seq=4 AND stream=" + where(5),
                           "DELETE FROM journal WHERE seq=4 AND stream=" + where(5),
                           "DELETE FROM journal WHERE stream=" + where(5) + " AND seq=(SELECT max(seq) FROM journal WHERE stream=" + where(5) + ")",
                           "DELETE FROM journal WHERE stream=" + where(5), "UPDATE orders SET hash=zeroblob(32) WHERE id=" + where(5)}) {
    std::filesystem::copy_file(original_->path() / "store.db", file(), std::filesystem::copy_options::overwrite_existing);
    change(what);
    change("UPDATE orders SET captured=7 WHERE id=" + where(5) + "; UPDATE stock SET reserved=0; UPDATE figures SET orders=orders+1; DELETE FROM timers");
    const auto damaged = content();
    change("UPDATE orders SET captured=8,total=9 WHERE id=" + where(7));
    const auto left = repaired();
    EXPECT_GT(left.findings_total, 0u) << what;
    EXPECT_EQ(left.repairable, 0u) << what;
    change("DELETE FROM timers");  // those of the others have been set again
    EXPECT_EQ(content(), damaged) << what;
  }
}

TEST_F(Verify, AnOrdersRowIsNeverTakenAway) {
  change("DELETE FROM journal WHERE position=(SELECT max(position) FROM journal)");  // the newest event of all: no gap tells of it
  change(
      "INSERT INTO orders SELECT no+1,'ord_X',version,hash,status,payment,fulfillment,customer_id,customer_email,currency,digits,"
      "total,captured,refunded,total_e4,updated_at,confirmed_at,shipped_at,delivered_at,unfinished FROM orders LIMIT 1");
  const auto damaged = content();
  EXPECT_GT(repaired().findings_total, 0u);
  EXPECT_EQ(content(), damaged);
}

TEST_F(Verify, FindsAnAnswerThatNamesWhatIsNotThere) {
  const auto insert = "INSERT INTO idempotency(scope,key,fingerprint,status,version,order_id,document,at) VALUES('u POST /orders','k','f',202,";
  EXPECT_EQ(checks_after(insert + std::string("1,") + where(99) + ",NULL,1)"), checks{"keys"});
  change("UPDATE idempotency SET order_id=" + where(7) + ",version=99");
  EXPECT_EQ(repaired().findings.at(0).check, "keys");
  change("UPDATE idempotency SET version=1");
  EXPECT_EQ(verified().findings_total, 0u);
}

TEST_F(Verify, ARepairThatIsNotKeptHasNotHappened) {
  change("UPDATE orders SET captured=captured+1");
  const auto damaged = content();
  {
    const auto store = sqlite::open_repair(file());
    verify_options options;
    options.repair = &store->target();
    EXPECT_EQ(verify(store->source(), options).repairable, static_cast<std::uint64_t>(orders));
    EXPECT_EQ(verify(store->source(), {}).findings_total, 0u);
  }
  EXPECT_EQ(content(), damaged);
}

TEST_F(Verify, ARepairNeedsTheStoreForItself) {
  sqlite::sqlite_store running({file(), 1, 1'000, {}, {}});
  EXPECT_THROW(sqlite::open_repair(file()), std::runtime_error);
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
  const auto shown = order_document(o.state());
  first.idempotency = {"u POST /orders", "k", "f", {202, o.state().version, first.stream, {}}, false};
  ASSERT_TRUE(put(s.journal(), first));
  EXPECT_TRUE(first.row.document.empty()) << "it waits for its gateway's first answer";
  EXPECT_EQ(document(s.store(), first.stream)->json, shown);
  ASSERT_TRUE(put(s.journal(), o.answered()));
  const auto k = answer<std::optional<stored_key>>([&](reply<std::optional<stored_key>> done) { s.store().key("u POST /orders", "k", std::move(done)); });
  ASSERT_TRUE(k);
  ASSERT_TRUE(*k);
  EXPECT_EQ((*k)->answer.document, shown);
  EXPECT_NE(document(s.store(), first.stream)->json, shown);
}

}  // namespace
}  // namespace coreldove::persistence::testing
