// What every store promises besides the order's path: settings, the inbox, corrections with a key, the stock ledger, and that all of it adds up.
#include <fmt/format.h>

#include "persistence/codec/event_codec.hpp"
#include "persistence/sql/repair.hpp"
#include "persistence/verify.hpp"
#include "tests/persistence/fixture.hpp"
#include "tests/persistence/life.hpp"

namespace coreldove::persistence::testing {
namespace {

using domain::errc;

class WholeStoreContract : public StoreContract {
protected:
  domain::result<append_outcome> set(const std::string& stream, std::uint64_t expected, const std::string& data) {
    return answer<append_outcome>([&](append_done done) {
      journal().set({stream, expected, {"routing_policy_set", data}, at(noon), "admin"}, std::move(done));
    });
  }
  domain::result<bool> keep(std::vector<kept_notice> notices) {
    return answer<bool>([&](plain_done done) { journal().keep(std::move(notices), std::move(done)); });
  }
  std::vector<kept_notice> inbox(std::uint64_t after, std::uint32_t limit) {
    return *answer<std::vector<kept_notice>>([&](reply<std::vector<kept_notice>> done) { store().kept_notices(after, limit, std::move(done)); });
  }
  verification verified() { return verify(*backend_->audit(), {}); }

  /// Orders by the real machine: one waits, one is cancelled, one ships.
  void live() {
    auto c = shelf("SKU-1", "berlin", 1'000);
    c.levels.push_back({"SKU-2", "berlin", {500, 0}});
    ASSERT_TRUE(import(journal(), c));
    ASSERT_TRUE(adjust(journal(), {"SKU-1", "berlin", "count", "op", -40, at(noon)}));
    for (int i = 0; i < 3; ++i) {
      living_order o(i, at(noon + i * 1'800'000));
      ASSERT_TRUE(put(journal(), o.placed()));
      if (i == 0) continue;
      ASSERT_TRUE(put(journal(), o.answered()));
      ASSERT_TRUE(put(journal(), i == 1 ? o.next(domain::cancel_order{"changed my mind", "cust_1"}) : o.next(domain::fulfill_order{{}, "", "", "op"})));
      while (o.waits_for_an_answer()) ASSERT_TRUE(put(journal(), o.answered()));
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, WholeStoreContract, ::testing::ValuesIn(backends()), [](const auto& i) { return i.param.name; });

TEST_P(WholeStoreContract, ASettingFollowsTheOneItKnew) {
  const auto first = set("settings/routing", 0, R"({"a":1})");
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->version, 1u);
  const auto second = set("settings/routing", 1, R"({"a":2})");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->version, 2u);
  EXPECT_EQ(second->position, first->position + 1);
  const auto late = set("settings/routing", 1, R"({"a":3})");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, errc::conflict);
  EXPECT_EQ(late.error().detail, "settings/routing is at version 2, not 1");
  const auto history = load(store(), "settings/routing");
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1].data, R"({"a":2})");
  EXPECT_EQ(history[1].by, "admin");
  EXPECT_EQ(verified().findings_total, 0u);
}

TEST_P(WholeStoreContract, ANoticeIsKeptOnceAndInOrder) {
  using domain::notice_verdict;
  const kept_notice a{"stripe", "evt_1", "charge.refunded", notice_verdict::not_ours, "pi_1", "no such order", at(noon)};
  const kept_notice b{"paypal", "evt_1", "x", notice_verdict::impossible, "", "{\"odd\":\"\u00e4\"}", at(noon + 1)};
  ASSERT_TRUE(keep({a, b}));
  auto again = a;
  again.detail = "told twice";
  const kept_notice c{"stripe", "evt_2", "y", notice_verdict::not_ours, "", "", at(noon + 2)};
  ASSERT_TRUE(keep({again, c}));
  const auto all = inbox(0, 10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].detail, "no such order");
  EXPECT_EQ(all[0].verdict, notice_verdict::not_ours);
  EXPECT_EQ(all[0].at, at(noon));
  EXPECT_EQ(all[1].source, "paypal");
  EXPECT_EQ(all[1].detail, b.detail);
  EXPECT_EQ(all[2].id, "evt_2");
  ASSERT_EQ(inbox(2, 10).size(), 1u) << "a notice that was there already leaves no gap";
  EXPECT_EQ(inbox(2, 10)[0].id, "evt_2");
  EXPECT_EQ(inbox(0, 2).size(), 2u);
}

TEST_P(WholeStoreContract, ACorrectionOfStockWithAKeyIsMadeOnce) {
  stock_adjustment item{"SKU-1", "berlin", "count", "op", 5, at(noon)};
  item.at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  item.idempotency = idempotency_record{"op POST /stock", "k1", "f1", {200, 0, "", R"({"on_hand":5})"}, false};
  ASSERT_TRUE(adjust(journal(), item));
  const auto again = adjust(journal(), item);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, errc::conflict);
  EXPECT_EQ(again.error().detail, "idempotency key taken");
  EXPECT_EQ(level(store(), "SKU-1", "berlin").on_hand, 5);
  item.idempotency->key = "k2";
  item.delta = -6;
  EXPECT_EQ(adjust(journal(), item).error().code, errc::wrong_state);
  const auto kept = [&](const char* key) {
    return *answer<std::optional<stored_key>>([&](reply<std::optional<stored_key>> done) { store().key("op POST /stock", key, std::move(done)); });
  };
  ASSERT_TRUE(kept("k1"));
  EXPECT_EQ(kept("k1")->answer.document, R"({"on_hand":5})");
  EXPECT_FALSE(kept("k2")) << "a refused one gives its key back";
}

TEST_P(WholeStoreContract, OfTheSameKeyTwiceInOneCommitTheFirstHasIt) {
  std::vector<std::future<domain::result<append_outcome>>> answers;
  for (int i = 0; i < 40; ++i) {
    auto o = new_order(i);
    o.at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    o.idempotency = idempotency_record{"cust POST /orders", fmt::format("k{}", i / 2), "f", {202, 1, o.stream, o.row.document}, false};
    auto p = std::make_shared<std::promise<domain::result<append_outcome>>>();
    answers.push_back(p->get_future());
    journal().append(std::move(o), [p](auto r) { p->set_value(std::move(r)); });
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto r = wait(std::move(answers[i]));
    EXPECT_EQ(static_cast<bool>(r), i % 2 == 0) << i;
    if (!r) {
      EXPECT_EQ(r.error().detail, "idempotency key taken");
    }
  }
  EXPECT_EQ(list(store(), {}).total, 20u);
}

TEST_P(WholeStoreContract, SeveralStepsOfOneOrderMayShareACommit) {
  std::vector<append> steps{new_order(1)};
  for (int i = 0; i < 9; ++i) steps.push_back(next_of(steps.back()));
  steps[3].timers = {{{domain::timer_kind::retry_operation, 1, at(noon)}, true}};
  steps[5].timers = {{{domain::timer_kind::retry_operation, 1, {}}, false}};
  steps[4].reviews = {{1, domain::review_kind::fraud, "open", at(noon), R"({"r":1})"}};
  steps[7].reviews = {{1, domain::review_kind::fraud, "approved", at(noon), R"({"r":2})"}};
  steps[9].row.status = domain::order_status::shipped;
  std::vector<std::future<domain::result<append_outcome>>> answers;
  for (const auto& s : steps) {
    auto p = std::make_shared<std::promise<domain::result<append_outcome>>>();
    answers.push_back(p->get_future());
    journal().append(s, [p](auto r) { p->set_value(std::move(r)); });
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto r = wait(std::move(answers[i]));
    ASSERT_TRUE(r) << r.error().detail;
    EXPECT_EQ(r->version, i + 1);
  }
  EXPECT_EQ(document(store(), steps[0].stream)->json, steps[9].row.document);
  EXPECT_EQ(document(store(), steps[0].stream)->version, 10u);
  EXPECT_EQ(load(store(), steps[0].stream).size(), 10u);
  domain::order_query shipped;
  shipped.status = domain::order_status::shipped;
  EXPECT_EQ(list(store(), shipped).total, 1u);
  EXPECT_EQ(list(store(), {}).total, 1u);
  EXPECT_TRUE(answer<std::vector<due_timer>>([&](reply<std::vector<due_timer>> done) { store().due_timers(at(noon * 2), 10, std::move(done)); })->empty());
  domain::review_query all;
  all.state = "all";
  EXPECT_EQ(answer<domain::page>([&](reply<domain::page> done) { store().reviews(all, std::move(done)); })->items, std::vector<std::string>{R"({"r":2})"});
}

TEST_P(WholeStoreContract, AnOrderWithoutADocumentIsShownFromItsEvents) {
  ASSERT_TRUE(import(journal(), shelf("SKU-1", "berlin", 10)));
  ASSERT_TRUE(import(journal(), shelf("SKU-2", "berlin", 10)));
  living_order o(1, at(noon));
  const auto first = o.placed();
  ASSERT_TRUE(first.row.document.empty()) << "it waits for its gateway's first answer";
  ASSERT_TRUE(put(journal(), first));
  const auto expect_shown = [&] {
    const auto shown = order_document(o.state());
    EXPECT_EQ(document(store(), first.stream)->json, shown);
    EXPECT_EQ(document(store(), first.stream)->version, o.state().version);
    domain::order_query by_status, by_customer;
    by_status.status = o.state().status;
    by_customer.q = first.row.customer_email;
    EXPECT_EQ(list(store(), by_status).items, std::vector<std::string>{shown});
    EXPECT_EQ(list(store(), by_customer).items, std::vector<std::string>{shown});
  };
  expect_shown();
  ASSERT_TRUE(put(journal(), o.answered()));
  expect_shown();
  auto without = o.next(domain::cancel_order{"changed my mind", "cust_1"});
  without.row.document.clear();  // also one that had a document
  ASSERT_TRUE(put(journal(), without));
  expect_shown();
}

TEST_P(WholeStoreContract, TheLedgerSaysWhatEachEventDidToTheStock) {
  live();
  const auto last = *answer<std::uint64_t>([&](reply<std::uint64_t> done) { store().last_position(std::move(done)); });
  stock_chains chains;
  for (std::uint64_t after = 0; after < last;) {
    const auto page = answer<stock_ledger_page>([&](reply<stock_ledger_page> done) { store().stock_ledger(after, last, std::move(done)); });
    ASSERT_TRUE(page) << page.error().detail;
    for (const auto& e : page->entries) join(chains, e);
    after = page->through;
  }
  ASSERT_EQ(chains.size(), 2u);
  for (const auto& [name, row] : chains) {
    EXPECT_EQ(row.level.on_hand, level(store(), name.sku, name.warehouse).on_hand) << name.sku;
    EXPECT_EQ(row.level.reserved, level(store(), name.sku, name.warehouse).reserved) << name.sku;
  }
}

TEST_P(WholeStoreContract, WhatLivesByTheOrderMachineAddsUp) {
  live();
  const auto v = verified();
  for (const auto& f : v.findings) ADD_FAILURE() << f.check << ' ' << f.subject << ": " << f.detail;
  EXPECT_EQ(v.orders, 3u);
  EXPECT_EQ(v.stock_rows, 2u);
  EXPECT_GT(v.events, 15u);
}

}  // namespace
}  // namespace coreldove::persistence::testing
