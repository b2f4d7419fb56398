// What every journal promises, whatever is behind it.
#include <thread>

#include "tests/persistence/fixture.hpp"

namespace coreldove::persistence::testing {
namespace {

using domain::errc;

class JournalContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, JournalContract, ::testing::ValuesIn(backends()), [](const auto& i) { return i.param.name; });

idempotency_record key(const append& of, const std::string& name, const std::string& fingerprint = "f1") {
  return {"cust POST /orders", name, fingerprint, {202, 1, of.stream, of.row.document}, false};
}

/// A first append that came just now: answers are kept for a week by the wall clock.
append recent_order(int n) {
  auto o = new_order(n);
  o.at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return o;
}

std::optional<stored_key> find_key(store& s, const std::string& name) {
  auto r = answer<std::optional<stored_key>>([&](reply<std::optional<stored_key>> done) { s.key("cust POST /orders", name, std::move(done)); });
  if (!r) throw std::runtime_error(r.error().detail);
  return *std::move(r);
}

TEST_P(JournalContract, AnAppendIsReadableOnceItIsAnswered) {
  const auto o = new_order(1);
  const auto done = put(journal(), o);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->version, 1u);
  const auto d = document(store(), o.stream);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->json, o.row.document);
  EXPECT_EQ(d->version, 1u);
  EXPECT_EQ(d->customer_id, "cust_1");
  const auto events = load(store(), o.stream);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].position, done->position);
  EXPECT_EQ(events[0].seq, 1u);
  EXPECT_EQ(events[0].type, "order_received");
  EXPECT_EQ(events[0].at, o.at);
  EXPECT_EQ(events[0].by, o.by);
  EXPECT_EQ(events[0].trace_id, o.trace_id);
  EXPECT_EQ(events[0].data, o.events[0].data);
}

TEST_P(JournalContract, OfTwoWritersWithTheSameVersionOneGetsAConflictAndWritesNothing) {
  const auto o = new_order(1);
  ASSERT_TRUE(put(journal(), o));
  auto again = o;
  again.row.document = "{}";
  again.outbox = {{"email", "k", "{}"}};
  const auto twice = put(journal(), again);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, errc::conflict);

  const auto second = next_of(o);
  ASSERT_TRUE(put(journal(), second));
  const auto late = put(journal(), second);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, errc::conflict);
  EXPECT_EQ(load(store(), o.stream).size(), 2u);
  EXPECT_EQ(document(store(), o.stream)->json, second.row.document);
  const auto mail = answer<std::vector<outbox_entry>>([&](reply<std::vector<outbox_entry>> done) { store().outbox("", 10, std::move(done)); });
  EXPECT_TRUE(mail->empty());
}

TEST_P(JournalContract, AnAppendToAStreamThatDoesNotExistIsAConflict) {
  const auto r = put(journal(), next_of(new_order(7)));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::conflict);
  EXPECT_FALSE(document(store(), order_id(7)));
}

TEST_P(JournalContract, AStreamCannotBeginWithoutAnEvent) {
  auto o = new_order(1);
  o.events.clear();
  EXPECT_FALSE(put(journal(), o));
  EXPECT_FALSE(document(store(), o.stream));
}

TEST_P(JournalContract, AFaultyAppendFailsAloneInItsGroup) {
  ASSERT_TRUE(import(journal(), shelf("SKU-1", "berlin", 10)));
  const auto taken = new_order(0);
  ASSERT_TRUE(put(journal(), taken));
  constexpr int n = 200;
  std::vector<std::promise<domain::result<append_outcome>>> answers(n);
  std::vector<std::future<domain::result<append_outcome>>> futures;
  for (auto& a : answers) futures.push_back(a.get_future());
  for (int i = 0; i < n; ++i) {
    auto o = i % 50 == 7 ? taken : new_order(i + 1);            // a conflict
    if (i % 50 == 9) o.stock = {{"SKU-1", "berlin", 0, 11}};    // more than there is
    if (i % 50 == 11) o.stock = {{"SKU-404", "berlin", 0, 1}};  // no such row
    if (i == 13) o.stock = {{"SKU-1", "berlin", 0, 10}};        // exactly what there is
    journal().append(o, [&a = answers[static_cast<std::size_t>(i)]](domain::result<append_outcome> r) { a.set_value(std::move(r)); });
  }
  for (int i = 0; i < n; ++i) {
    const auto r = wait(std::move(futures[static_cast<std::size_t>(i)]));
    const bool faulty = i % 50 == 7 || i % 50 == 9 || i % 50 == 11;
    EXPECT_EQ(static_cast<bool>(r), !faulty) << i;
    if (!r) {
      EXPECT_EQ(r.error().code, errc::conflict);
    }
    if (i % 50 != 7) {
      EXPECT_EQ(static_cast<bool>(document(store(), order_id(i + 1))), !faulty) << i;
    }
  }
  const auto l = level(store(), "SKU-1", "berlin");
  EXPECT_EQ(l.on_hand, 10);
  EXPECT_EQ(l.reserved, 10);
  EXPECT_EQ(list(store(), {}).total, 1u + n - 12);
  EXPECT_EQ(journal().queued(), 0u);
}

TEST_P(JournalContract, PositionsAscendInCommitOrderWithoutGaps) {
  constexpr int threads = 4, each = 50;
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) ASSERT_TRUE(put(journal(), new_order(t * each + i)));
    });
  for (auto& w : writers) w.join();
  std::uint64_t expected = 0, after = 0;
  for (;;) {
    const auto some =
        answer<std::vector<domain::history_entry>>([&](reply<std::vector<domain::history_entry>> done) { store().feed(after, 37, std::move(done)); });
    ASSERT_TRUE(some);
    for (const auto& e : *some) EXPECT_EQ(e.position, ++expected);
    if (some->empty()) break;
    after = some->back().position;
  }
  EXPECT_EQ(expected, threads * each);
  EXPECT_EQ(*answer<std::uint64_t>([&](reply<std::uint64_t> done) { store().last_position(std::move(done)); }), expected);
}

TEST_P(JournalContract, AnIdempotencyKeyIsTakenOnceAndLeavesNothingOfTheSecond) {
  auto first = recent_order(1);
  first.idempotency = key(first, "k1");
  ASSERT_TRUE(put(journal(), first));
  auto second = recent_order(2);
  second.idempotency = key(second, "k1", "other");
  const auto r = put(journal(), second);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, errc::conflict);
  EXPECT_EQ(r.error().detail, "idempotency key taken");
  EXPECT_FALSE(document(store(), second.stream));
  const auto k = find_key(store(), "k1");
  ASSERT_TRUE(k);
  EXPECT_EQ(k->fingerprint, "f1");
  EXPECT_EQ(k->answer.status, 202);
  EXPECT_EQ(k->answer.order_id, first.stream);
  EXPECT_EQ(k->answer.document, first.row.document);
  EXPECT_FALSE(find_key(store(), "k2"));
}

TEST_P(JournalContract, ARefusedAppendGivesItsIdempotencyKeyBack) {
  const auto first = recent_order(1);
  ASSERT_TRUE(put(journal(), first));
  auto again = first;
  again.idempotency = key(again, "k1");
  ASSERT_FALSE(put(journal(), again));
  EXPECT_FALSE(find_key(store(), "k1"));
}

TEST_P(JournalContract, ALaterAnswerReplacesTheFirstOfTheSameRequestOnly) {
  auto first = recent_order(1);
  first.idempotency = key(first, "k1");
  ASSERT_TRUE(put(journal(), first));
  auto second = next_of(first);
  second.idempotency = key(second, "k1");
  second.idempotency->answer = {201, 2, second.stream, R"({"better":true})"};
  second.idempotency->replaces = true;
  ASSERT_TRUE(put(journal(), second));
  EXPECT_EQ(find_key(store(), "k1")->answer.status, 201);
  EXPECT_EQ(find_key(store(), "k1")->answer.document, R"({"better":true})");

  auto third = next_of(second);
  third.events.clear();
  third.idempotency = key(third, "k1", "another body");
  third.idempotency->replaces = true;
  ASSERT_TRUE(put(journal(), third));
  EXPECT_EQ(find_key(store(), "k1")->answer.status, 201);
}

TEST_P(JournalContract, KeysOfOneScopeSayNothingAboutAnother) {
  auto first = recent_order(1);
  first.idempotency = key(first, "k1");
  auto second = recent_order(2);
  second.idempotency = key(second, "k1");
  second.idempotency->scope = "other POST /orders";
  EXPECT_TRUE(put(journal(), first));
  EXPECT_TRUE(put(journal(), second));
}

TEST_P(JournalContract, OldAnswersAreForgottenAfterAWeek) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  auto old = new_order(1), fresh = new_order(2);
  old.at = now - std::chrono::hours(24 * 7 + 1);
  fresh.at = now - std::chrono::hours(24 * 7 - 1);
  old.idempotency = key(old, "old");
  fresh.idempotency = key(fresh, "fresh");
  ASSERT_TRUE(put(journal(), old));
  ASSERT_TRUE(put(journal(), fresh));
  ASSERT_TRUE(put(journal(), new_order(3)));
  EXPECT_FALSE(find_key(store(), "old"));
  EXPECT_TRUE(find_key(store(), "fresh"));
}

TEST_P(JournalContract, StockIsAdjustedOnlyDownToWhatIsReserved) {
  ASSERT_TRUE(import(journal(), shelf("SKU-1", "berlin", 10)));
  auto o = new_order(1);
  o.stock = {{"SKU-1", "berlin", 0, 4}};
  ASSERT_TRUE(put(journal(), o));
  const auto refused = adjust(journal(), {"SKU-1", "berlin", "count", "op", -7, at(noon)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::wrong_state);
  EXPECT_EQ(level(store(), "SKU-1", "berlin").on_hand, 10);
  const auto done = adjust(journal(), {"SKU-1", "berlin", "count", "op", -6, at(noon)});
  ASSERT_TRUE(done);
  EXPECT_EQ(level(store(), "SKU-1", "berlin").on_hand, 4);
  const auto history = load(store(), "sku/SKU-1");
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1].type, "stock_adjusted");
  EXPECT_EQ(history[1].data, R"({"warehouse":"berlin","delta":-6,"reason":"count"})");
  EXPECT_EQ(history[1].position, done->position);
  EXPECT_EQ(history[1].by, "op");
}

TEST_P(JournalContract, AnAdjustmentCreatesANewRowButNotBelowZero) {
  EXPECT_TRUE(adjust(journal(), {"SKU-9", "berlin", "found", "op", 3, at(noon)}));
  EXPECT_EQ(level(store(), "SKU-9", "berlin").on_hand, 3);
  EXPECT_FALSE(adjust(journal(), {"SKU-9", "paris", "lost", "op", -1, at(noon)}));
}

TEST_P(JournalContract, AnImportKeepsTheStockThatIsThere) {
  ASSERT_TRUE(import(journal(), shelf("SKU-1", "berlin", 10)));
  ASSERT_TRUE(adjust(journal(), {"SKU-1", "berlin", "sold", "op", -3, at(noon)}));
  auto again = shelf("SKU-1", "berlin", 10);
  again.items[0].name = "A better name";
  ASSERT_TRUE(import(journal(), again));
  EXPECT_EQ(level(store(), "SKU-1", "berlin").on_hand, 7);
  const auto c = answer<catalog>([&](reply<catalog> done) { store().load_catalog(std::move(done)); });
  ASSERT_TRUE(c);
  ASSERT_EQ(c->items.size(), 1u);
  EXPECT_EQ(c->items[0].name, "A better name");
  EXPECT_EQ(c->items[0].weight_grams, 250);
  EXPECT_EQ(c->warehouses.size(), 1u);
  EXPECT_EQ(c->levels.size(), 1u);
  EXPECT_EQ(c->position, 2u);
}

TEST_P(JournalContract, DeliveredMailLeavesTheOutbox) {
  auto o = new_order(1);
  o.outbox = {{"email", "a", R"({"to":"x"})"}, {"email", "b", "{}"}};
  ASSERT_TRUE(put(journal(), o));
  journal().outbox_done({"a"}, [](domain::result<bool> r) { EXPECT_TRUE(r); });
  ASSERT_TRUE(put(journal(), new_order(2)));
  const auto left = answer<std::vector<outbox_entry>>([&](reply<std::vector<outbox_entry>> done) { store().outbox("", 10, std::move(done)); });
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ((*left)[0].key, "b");
}

TEST_P(JournalContract, ARestartKeepsEverything) {
  ASSERT_TRUE(import(journal(), shelf("SKU-1", "berlin", 10)));
  auto o = recent_order(1);
  o.row.unfinished = true;
  o.row.tracking_numbers = {"1Z999"};
  o.stock = {{"SKU-1", "berlin", 0, 2}};
  o.timers = {{{domain::timer_kind::retry_operation, 3, at(noon + 5)}, true}};
  o.reviews = {{1, domain::review_kind::fraud, "open", at(noon), R"({"id":"r"})"}};
  o.outbox = {{"email", "m", "{}"}};
  o.idempotency = key(o, "k1");
  const auto before = put(journal(), o);
  ASSERT_TRUE(before);
  backend_->reopen();
  EXPECT_EQ(document(store(), o.stream)->json, o.row.document);
  EXPECT_EQ(load(store(), o.stream).size(), 1u);
  EXPECT_EQ(list(store(), {}).total, 1u);
  EXPECT_EQ(level(store(), "SKU-1", "berlin").reserved, 2);
  EXPECT_TRUE(find_key(store(), "k1"));
  const auto timers = answer<std::vector<due_timer>>([&](reply<std::vector<due_timer>> done) { store().due_timers(at(noon + 5), 10, std::move(done)); });
  ASSERT_EQ(timers->size(), 1u);
  EXPECT_EQ((*timers)[0].order_id, o.stream);
  EXPECT_EQ((*timers)[0].timer, o.timers[0].timer);
  EXPECT_EQ(*answer<std::string>([&](reply<std::string> done) { store().order_of_parcel("1Z999", std::move(done)); }), o.stream);
  EXPECT_EQ(answer<std::vector<std::string>>([&](reply<std::vector<std::string>> done) { store().unfinished("", 10, std::move(done)); })->size(), 1u);
  EXPECT_EQ(answer<std::vector<outbox_entry>>([&](reply<std::vector<outbox_entry>> done) { store().outbox("", 10, std::move(done)); })->size(), 1u);
  EXPECT_EQ(answer<domain::page>([&](reply<domain::page> done) { store().reviews({}, std::move(done)); })->items, std::vector<std::string>{R"({"id":"r"})"});
  const auto after = put(journal(), next_of(o));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->version, 2u);
  EXPECT_EQ(after->position, before->position + 1);
}

TEST_P(JournalContract, TimersAndUnfinishedOrdersGoWhenTheirWorkIsDone) {
  auto o = new_order(1);
  o.row.unfinished = true;
  o.timers = {{{domain::timer_kind::retry_operation, 1, at(noon)}, true}, {{domain::timer_kind::expire_authorization, 1, at(noon + 9)}, true}};
  ASSERT_TRUE(put(journal(), o));
  auto next = next_of(o);
  next.row.unfinished = false;
  next.timers = {{{domain::timer_kind::retry_operation, 1, {}}, false}, {{domain::timer_kind::expire_authorization, 1, at(noon + 20)}, true}};
  ASSERT_TRUE(put(journal(), next));
  const auto due = [&](std::int64_t until) {
    return answer<std::vector<due_timer>>([&](reply<std::vector<due_timer>> done) { store().due_timers(at(until), 10, std::move(done)); })->size();
  };
  EXPECT_EQ(due(noon + 19), 0u);
  EXPECT_EQ(due(noon + 20), 1u);
  EXPECT_TRUE(answer<std::vector<std::string>>([&](reply<std::vector<std::string>> done) { store().unfinished("", 10, std::move(done)); })->empty());
}

}  // namespace
}  // namespace coreldove::persistence::testing
