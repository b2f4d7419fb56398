// Money through the built program: every gateway's settlement report against the orders' books, a card that asks for its holder, and the router as an
// operator sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/program/browser.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

using nlohmann::json;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

const environment calm{{"FRAUD_SCORE_THRESHOLD", "100"}, {"LOG_LEVEL", "error"}};

class Payments : public testing::Test, protected shop {
protected:
  /// An order for that gateway, in a currency that it takes.
  static json order_for(const std::string& gateway) {
    auto o = an_order("WIDGET-001", 1);
    o["payment_gateway"] = gateway;
    o["currency"] = gateway == "razorpay" || gateway == "payu" ? "INR" : "USD";
    o["customer_email"] = "buyer@example.com";
    o["billing_address"]["phone"] = o["shipping_address"]["phone"] = "+12175550100";
    if (gateway == "razorpay" || gateway == "payu") o.erase("payment_token");
    return o;
  }
  /// Places it and sees the vendor's page through where there is one. Its id, once it is confirmed.
  std::string bought(const json& body) {
    const auto id = json::parse(call("POST", "/orders", body).body).at("id").get<std::string>();
    const auto confirmed = [&] {
      const auto o = order(id);
      if (o.contains("next_action")) browser{}.pay(o.at("next_action").at("redirect_url"));
      return o.at("status") == "confirmed";
    };
    for (int i = 0; i < 200 && !confirmed(); ++i) std::this_thread::sleep_for(50ms);
    EXPECT_EQ(order(id).at("status"), "confirmed") << order(id).dump();
    return id;
  }
  /// Bought, shipped and thereby paid.
  std::string sold(const std::string& gateway) {
    const auto id = bought(order_for(gateway));
    EXPECT_LT(call("POST", "/orders/" + id + "/fulfill", json::object()).status, 300);
    until(id, "payment_status", "captured");
    return id;
  }
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = (folder() / name).string();
    std::ofstream{path} << text;
    return path;
  }
  ended reconcile(const std::string& file) const { return run(folder(), {"reconcile", file, "--server", address()}); }
  std::size_t open_reviews(const std::string& id) const {
    const auto reviews = order(id).at("reviews");
    return static_cast<std::size_t>(std::ranges::count_if(reviews, [](const json& r) { return r.at("kind") == "payment" && r.at("status") == "open"; }));
  }
  std::vector<json> inbox() const { return json::parse(call("GET", "/payments/inbox").body).at("items").get<std::vector<json>>(); }
  json routing() const { return json::parse(call("GET", "/payments/routing").body); }
};

/// A settlement report that a test may change; no field of it has a comma within.
class report {
public:
  struct form {
    const char* gateway;
    std::vector<std::string> names, amounts;  // columns: ids of the line and of what it is about; amounts that say how much
    const char *time, *much_later;
  };
  report(form f, const std::string& text) : form_(std::move(f)) {
    for (const auto& line : lines_of(text)) rows_.push_back(split(line));
    head_ = static_cast<std::size_t>(std::ranges::find_if(rows_, [&](const auto& r) { return std::ranges::find(r, form_.time) != r.end(); }) - rows_.begin());
  }
  std::string text() const {
    std::string out;
    for (const auto& r : rows_) {
      for (std::size_t i = 0; i < r.size(); ++i) out += (i > 0 ? ",\"" : "\"") + doubled(r[i]) + "\"";
      out += "\n";
    }
    return out;
  }
  std::size_t lines_about(const std::string& order) const {
    return static_cast<std::size_t>(std::ranges::count_if(rows_, [&](const auto& r) { return is_about(r, order); }));
  }
  void pay(const std::string& order, int more) {
    for (const auto& name : form_.amounts) {
      auto& cell = row_of(order).at(column(name));
      const auto dot = cell.find('.');
      auto digits = cell;
      std::erase(digits, '.');
      digits = std::to_string(std::stoll(digits) + more);
      if (dot != std::string::npos) digits.insert(digits.size() - (cell.size() - dot - 1), ".");
      cell = digits;
    }
  }
  void remove(const std::string& order) {
    std::erase_if(rows_, [&](const auto& r) { return is_about(r, order); });
  }
  /// One more payment, of an order that nobody knows, long after all others.
  void add_strangers_like(const std::string& order, const std::string& stranger) {
    auto strange = row_of(order);
    for (auto& cell : strange)
      for (auto at = cell.find(order); at != std::string::npos; at = cell.find(order)) cell.replace(at, order.size(), stranger);
    for (const auto& name : form_.names) strange.at(column(name)) = "stranger_" + name.substr(0, 2);
    strange.at(column(form_.time)) = form_.much_later;
    rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(head_) + 1, std::move(strange));
  }

private:
  using row = std::vector<std::string>;
  static row split(const std::string& line) {
    row out(1);
    bool within = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '"' && within && i + 1 < line.size() && line[i + 1] == '"')
        out.back() += line[i++];
      else if (line[i] == '"')
        within = !within;
      else if (line[i] == ',' && !within)
        out.emplace_back();
      else
        out.back() += line[i];
    }
    return out;
  }
  static std::string doubled(std::string text) {
    for (auto at = text.find('"'); at != std::string::npos; at = text.find('"', at + 2)) text.insert(at, "\"");
    return text;
  }
  static bool is_about(const row& r, const std::string& order) {
    return std::ranges::any_of(r, [&](const std::string& cell) { return cell.find(order) != std::string::npos; });
  }
  row& row_of(const std::string& order) {
    return *std::ranges::find_if(rows_, [&](const auto& r) { return is_about(r, order); });
  }
  std::size_t column(const std::string& name) const {
    const auto& head = rows_.at(head_);
    return static_cast<std::size_t>(std::ranges::find(head, name) - head.begin());
  }

  form form_;
  std::vector<row> rows_;
  std::size_t head_ = 0;
};

const std::vector<report::form> reports{
    {"stripe", {"balance_transaction_id", "source_id", "payment_intent_id"}, {"gross"}, "created_utc", "2099-01-01 00:00:00"},
    {"paypal", {"Transaction ID", "Invoice ID"}, {"Gross Transaction Amount"}, "Transaction Initiation Date", "2099/01/01 00:00:00 +0000"},
    {"razorpay", {"entity_id"}, {"amount"}, "created_at", "4070908800"},
    {"payu", {"payuid", "requestid"}, {"requestamount"}, "requestdate", "2099-01-01 00:00:00"}};
const std::string stranger = "ord_01ARYZ6S410000000000000000";

TEST_F(Payments, AreReconciledWithEachGatewaysReport) {
  start(calm);
  for (const auto& form : reports) {
    const std::string gateway = form.gateway;
    const auto over = sold(gateway), under = sold(gateway), missing = sold(gateway);
    const auto refund = call("POST", "/orders/" + over + "/refund", {{"amount", "2.00"}, {"reason", "scratched"}}, {{"Prefer", "wait=20"}});
    ASSERT_EQ(refund.status, 201) << gateway << refund.body;

    const auto csv = ask(world_port(), "GET", "/settlement?vendor=" + gateway);
    ASSERT_EQ(csv.status, 200) << csv.body;
    report r{form, csv.body};
    EXPECT_EQ(r.lines_about(over), 2U) << gateway << ": paid, and in part given back";
    const auto clean = reconcile(write(gateway + ".csv", csv.body));
    EXPECT_EQ(clean.status, 0) << clean.out << clean.err;
    EXPECT_EQ(clean.out, gateway + ": 4 lines of orders' money, 4 matched, 0 findings; 0 lines of other kinds\n");

    r.pay(over, 1);
    r.pay(under, -1);
    r.remove(missing);
    r.add_strangers_like(over, stranger);
    const auto file = write(gateway + "-wrong.csv", r.text());
    const auto found = reconcile(file);
    EXPECT_EQ(found.status, 1) << found.out << found.err;
    EXPECT_THAT(lines_of(found.out), UnorderedElementsAre(StartsWith("over: " + over), StartsWith("under: " + under), StartsWith("missing: " + missing),
                                                          StartsWith("unmatched: " + stranger),
                                                          gateway + ": 4 lines of orders' money, 3 matched, 4 findings; 0 lines of other kinds"));
    for (const auto& id : {over, under, missing}) EXPECT_EQ(open_reviews(id), 1U) << gateway;
    EXPECT_THAT(inbox(), Contains(AllOf(testing::ResultOf([&](const json& n) { return n.at("source").get<std::string>(); }, "reconcile/" + gateway),
                                        testing::ResultOf([&](const json& n) { return n.at("subject").get<std::string>(); }, stranger))));
    const auto rows = inbox().size();
    EXPECT_EQ(reconcile(file).status, 1) << "it still does not agree";
    for (const auto& id : {over, under, missing}) EXPECT_EQ(open_reviews(id), 1U) << gateway << ": nobody is asked twice";
    EXPECT_EQ(inbox().size(), rows);
  }
  EXPECT_EQ(ask(world_port(), "GET", "/settlement?vendor=fedex").status, 400);
  EXPECT_EQ(stop(SIGTERM).status, 0);
  EXPECT_EQ(run(folder(), {"verify"}).status, 0);
}

TEST_F(Payments, ShowAnOrdersBooksAndItsEvidence) {
  start(calm);
  const auto id = sold("stripe");
  EXPECT_EQ(call("POST", "/orders/" + id + "/refund", {{"amount", "9.99"}, {"reason", "scratched"}}, {{"Prefer", "wait=20"}}).status, 201);
  const auto books = json::parse(call("GET", "/orders/" + id + "/ledger").body);
  EXPECT_EQ(books.at("currency"), "USD");
  EXPECT_EQ(books.at("agrees_with_order"), true);
  std::vector<std::string> entries;
  for (const auto& e : books.at("entries")) {
    entries.push_back(e.at("entry"));
    EXPECT_GE(e.at("postings").size(), 2U);
  }
  EXPECT_THAT(entries, ElementsAre("authorize", "capture", "refund"));
  EXPECT_THAT(books.at("balances"), Contains(json{{"account", "gateway:stripe"}, {"debit", "20.00"}}));
  EXPECT_THAT(books.at("balances"), Contains(json{{"account", "revenue"}, {"credit", "29.99"}}));
  EXPECT_THAT(books.at("balances"), Contains(json{{"account", "authorized_hold"}, {"debit", "0.00"}}));

  const auto evidence = json::parse(call("GET", "/orders/" + id + "/evidence").body);
  EXPECT_EQ(evidence.at("order").at("id"), id);
  EXPECT_EQ(evidence.at("ledger"), books);
  EXPECT_EQ(evidence.at("tracking").at("shipments").size(), 1U);
  EXPECT_EQ(evidence.at("history").size(), order(id).at("version").get<std::size_t>());
  EXPECT_EQ(evidence.dump().find("tok_visa"), std::string::npos) << "the token is for the gateway alone";
  EXPECT_EQ(call("GET", "/orders/" + stranger + "/ledger").status, 404);
  EXPECT_EQ(call("GET", "/orders/" + stranger + "/evidence").status, 404);
}

TEST_F(Payments, TakeFindingsOnceAndKeepTheStrangersInTheInbox) {
  start(calm);
  const auto id = bought(order_for("stripe"));
  const auto tell = [&](const std::string& order, const std::string& name) {
    return call("POST", "/payments/findings",
                {{"order_id", order}, {"source", "reconcile/stripe"}, {"id", name}, {"type", "over"}, {"detail", "One cent more than booked."}});
  };
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(tell(id, "over/payment/txn_1").status, 200);
    EXPECT_EQ(tell(stranger, "unmatched/payment/txn_2").status, 200);
    EXPECT_EQ(tell("", "unmatched/payment/txn_3").status, 200);
  }
  EXPECT_EQ(open_reviews(id), 1U);
  ASSERT_THAT(inbox(), SizeIs(2));
  EXPECT_EQ(inbox()[0].at("subject"), stranger);
  EXPECT_EQ(inbox()[0].at("verdict"), "not_ours");
  const auto first = json::parse(call("GET", "/payments/inbox?limit=1").body);
  ASSERT_THAT(first.at("items"), SizeIs(1));
  const auto second = json::parse(call("GET", "/payments/inbox?limit=1&cursor=" + first.at("next_cursor").get<std::string>()).body);
  ASSERT_THAT(second.at("items"), SizeIs(1));
  EXPECT_NE(first.at("items"), second.at("items"));
}

TEST_F(Payments, WaitForTheHolderOfACardThatAsksForHim) {
  auto settings = calm;
  settings["PAYMENT_RETURN_URL"] = "https://shop.example/thanks?order={order_id}";
  start(settings);
  const auto waiting = [&](const std::string& token) {
    auto o = order_for("stripe");
    o["payment_token"] = token;
    const auto placed = call("POST", "/orders", o, {{"Prefer", "wait=20"}});
    EXPECT_EQ(placed.status, 202) << "there is nothing to wait for but the buyer";
    const auto shown = json::parse(placed.body);
    EXPECT_EQ(shown.at("payment_status"), "pending");
    EXPECT_EQ(shown.at("next_action").at("type"), "redirect_to_url");
    EXPECT_TRUE(shown.at("next_action").contains("expires_at"));
    return shown;
  };
  const auto pays = waiting("tok_threeDSecure2Required"), leaves = waiting("pm_card_threeDSecure2Required"),
             is_poor = waiting("tok_authenticationRequiredChargeDeclinedInsufficientFunds");
  EXPECT_THAT(ledger("?operation=authorize"), IsEmpty());
  const auto id_of = [](const json& o) { return o.at("id").get<std::string>(); };
  const auto page_of = [](const json& o) { return o.at("next_action").at("redirect_url").get<std::string>(); };
  browser buyer;
  EXPECT_TRUE(buyer.pay(page_of(pays)));
  EXPECT_THAT(buyer.sent_to(), StartsWith("https://shop.example/thanks?order=" + id_of(pays) + "&payment_intent=pi_"));
  const auto paid = until(id_of(pays), "status", "confirmed");
  EXPECT_EQ(paid.at("payment_status"), "authorized");
  EXPECT_FALSE(paid.contains("next_action"));
  EXPECT_THAT(ledger("?operation=authorize&order_id=" + id_of(pays)), SizeIs(1));

  EXPECT_TRUE(buyer.decline(page_of(leaves)));
  EXPECT_THAT(until(id_of(leaves), "status", "rejected").at("rejection").at("detail").get<std::string>(), HasSubstr("payment_intent_authentication_failure"));
  EXPECT_TRUE(buyer.pay(page_of(is_poor)));
  EXPECT_THAT(until(id_of(is_poor), "status", "rejected").at("rejection").at("detail").get<std::string>(), HasSubstr("insufficient_funds"));
  EXPECT_EQ(stock("WIDGET-001").at("reserved"), 1) << "the two that were not paid hold nothing";
}

TEST_F(Payments, AreRoutedAsTheOperatorSaysAndCanBeTriedAgainUnderAnotherPolicy) {
  auto settings = calm;
  settings["PAYMENT_ROUTING_POLICY"] = write("policy.json", R"({"exploration": 60})");
  start(settings);
  const auto set = [&](const json& controls, std::map<std::string, std::string> fields = {}) {
    return call("PUT", "/payments/routing", controls, std::move(fields));
  };
  const auto before = routing();
  EXPECT_EQ(before.at("policy").at("exploration"), 60);
  EXPECT_THAT(before.at("gateways"), SizeIs(4));
  for (const auto& g : before.at("gateways")) EXPECT_EQ(g.at("circuits").at("authorize"), "closed");
  const auto version = before.at("version").get<int>();

  const auto wrong = set({{"pin", "mollie"}, {"drain", {"stripe", "stripe"}}, {"weights", {{"payu", -1}}}, {"hurry", true}});
  EXPECT_EQ(wrong.status, 422) << wrong.body;
  EXPECT_GE(json::parse(wrong.body).at("errors").size(), 2U);
  EXPECT_EQ(set({{"pin", "paypal"}}, {{"If-Match", "\"" + std::to_string(version + 7) + "\""}}).status, 412);
  EXPECT_EQ(routing().at("version"), version) << "nothing of it was taken";

  auto free = an_order("WIDGET-001", 1);
  free.erase("payment_gateway");
  free.erase("payment_token");
  std::size_t buyers = 0;
  const auto buy = [&](std::size_t orders) {
    for (std::size_t i = 0; i < orders; ++i) {
      free["customer_id"] = "buyer_" + std::to_string(++buyers);
      EXPECT_EQ(call("POST", "/orders", free, {{"Prefer", "wait=20"}}).status, 201);
    }
  };
  const auto taken_by = [&](const std::string& vendor) { return ledger("?operation=authorize&vendor=" + vendor).size(); };
  EXPECT_EQ(run(folder(), {"backtest", "routing", "--policy", write("other.json", "{}")}).status, 1) << "nothing has been decided yet";
  ASSERT_EQ(set({{"pin", "paypal"}}, {{"If-Match", "\"" + std::to_string(version) + "\""}}).status, 200);
  buy(5);
  EXPECT_EQ(taken_by("paypal"), 5U);
  ASSERT_EQ(set({{"drain", {"paypal"}}}).status, 200);
  buy(5);
  EXPECT_EQ(taken_by("paypal"), 5U);
  ASSERT_EQ(set({{"weights", {{"stripe", 3}}}}).status, 200);
  buy(60);
  EXPECT_GT(taken_by("stripe"), taken_by("paypal"));
  EXPECT_GT(taken_by("paypal"), 5U);
  EXPECT_EQ(routing().at("controls").at("weights").at("stripe"), 3);
  EXPECT_EQ(routing().at("version"), version + 3);

  const auto other = write("other.json", R"({"exploration": 0, "gateways": {"stripe": {"percentage": 3}}})");
  const auto text = run(folder(), {"backtest", "routing", "--policy", other});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("60 decisions; besides, 10 without a choice"), HasSubstr("difference, 95 %"), HasSubstr(" ± ")));
  const auto figures = json::parse(run(folder(), {"backtest", "routing", "--policy", other, "--json"}).out);
  EXPECT_EQ(figures.at("decisions"), 60);
  EXPECT_EQ(figures.at("success").at("recorded").at("mean"), 1.0);
  EXPECT_GT(figures.at("value").at("difference").at("margin").get<double>(), 0) << "an estimate knows how uncertain it is";
  EXPECT_GT(figures.at("effective_decisions").get<double>(), 1);
  for (const auto& [mistake, named] : {std::pair{R"({"exploration": 200})", "/exploration"}, {R"({"colour": 1})", "/colour"}, {"[", "JSON"}}) {
    const auto bad = run(folder(), {"backtest", "routing", "--policy", write("bad.json", mistake)});
    EXPECT_EQ(bad.status, 2) << mistake;
    EXPECT_THAT(bad.err, HasSubstr(named));
  }
  EXPECT_EQ(run(folder(), {"backtest", "routing", "--policy", other, "--since", "yesterday"}).status, 2);
  EXPECT_EQ(run(folder(), {"backtest", "routing", "--policy", other, "--since", "2099-01-01T00:00:00Z"}).status, 1);
}

}  // namespace
}  // namespace coreldove::cli_test
