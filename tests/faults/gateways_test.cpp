// Every gateway, in currencies of every kind, struck by every fault at every step: no buyer is charged twice, no refund is lost or made twice, and every
// order ends or is with a person. All of it over HTTP, with the outside world's own ledger as the judge.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/faults/books.hpp"
#include "tests/program/browser.hpp"

namespace coreldove::faults_test {
namespace {

using namespace program_test;
using nlohmann::json;
using namespace std::chrono_literals;

struct price {
  const char *currency, *unit, *part;  // part: of it, to be refunded
  const char* token = nullptr;         // instead of the gateway's usual one
};
struct gateway {
  const char *name, *token;
  std::vector<price> prices;
  std::vector<std::string> operations{"authorize", "capture", "void", "refund"};
};
const std::vector<gateway> gateways{
    {"stripe",
     "tok_visa",
     {{"JPY", "1200", "200"}, {"USD", "29.99", "2.00"}, {"KWD", "3.450", "0.200"}, {"EUR", "29.99", "2.00", "tok_threeDSecure2Required"}}},
    {"paypal", "tok_visa", {{"JPY", "1200", "200"}, {"USD", "29.99", "2.00"}}},  // has no currency with three decimals
    {"razorpay", "", {{"JPY", "1200", "200"}, {"INR", "29.99", "2.00"}, {"KWD", "3.450", "0.200"}}, {"authorize", "capture", "refund"}},  // cannot void
    {"payu", "", {{"INR", "29.99", "2.00"}}},                                                                                             // rupees only
};

bool is_with_a_person(const json& o) {
  return std::ranges::any_of(o.at("reviews"), [](const json& r) { return r.at("status") == "open"; });
}

/// One buyer and the merchant: the order is placed, paid where the vendor asks the buyer himself, and then either shipped and refunded in part, or cancelled.
class life {
public:
  life(const shop& at, const gateway& by, const price& in, bool cancels) : shop_(at), by_(by), in_(in), cancels_(cancels) {}

  void live() {
    auto o = an_order("WIDGET-001", 2, in_.unit);
    o["customer_id"] = std::string{"buyer_"} + by_.name + in_.currency + (cancels_ ? "_leaves" : "_stays");
    o["customer_email"] = "buyer@example.com";
    o["currency"] = in_.currency;
    o["payment_gateway"] = by_.name;
    o["billing_address"]["phone"] = o["shipping_address"]["phone"] = "+12175550100";
    o["payment_token"] = in_.token != nullptr ? in_.token : by_.token;
    if (o["payment_token"] == "") o.erase("payment_token");
    const auto placed = shop_.call("POST", "/orders", o);
    ASSERT_EQ(placed.status, 202) << placed.body;
    id_ = json::parse(placed.body).at("id");
    if (!reaches([](const json& x) { return x.at("status") == "confirmed"; })) return;
    const auto path = "/orders/" + id_;
    if (cancels_) {
      EXPECT_EQ(shop_.call("POST", path + "/cancel", {{"reason", "changed my mind"}}).status, 200);
      return;
    }
    EXPECT_LT(shop_.call("POST", path + "/fulfill", json::object()).status, 300);
    if (!reaches([](const json& x) { return x.at("status") == "shipped" && x.at("payment_status") == "captured"; })) return;
    const auto refund = shop_.call("POST", path + "/refund", {{"amount", in_.part}, {"reason", "scratched"}}, {{"Idempotency-Key", "r"}});
    EXPECT_LT(refund.status, 300) << refund.body;
    reaches([](const json& x) { return x.at("payment_status") == "partially_refunded"; });
  }

private:
  /// Waits for it, and sees the vendor's page through on the way. False where the order ended otherwise or is with a person.
  template <class Condition>
  bool reaches(Condition done) {
    std::string seen;
    for (const auto until = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(100ms)) {
      const auto o = shop_.order(id_);
      if (done(o)) return true;
      if (is_with_a_person(o) || o.at("status") == "rejected" || o.at("status") == "cancelled") return false;
      if (!o.contains("next_action") || o.at("next_action").at("redirect_url") == seen) continue;
      const auto url = o.at("next_action").at("redirect_url").get<std::string>();
      if (browser{}.pay(url)) seen = url;
    }
    ADD_FAILURE() << "stuck: " << shop_.order(id_).dump();
    return false;
  }

  const shop& shop_;
  const gateway& by_;
  const price& in_;
  const bool cancels_;
  std::string id_;
};

web_answer world(const shop& at, const std::string& method, const std::string& path, const json& body = nullptr) {
  return ask(at.world_port(), method, path, {{"Content-Type", "application/json"}}, body.is_null() ? std::string{} : body.dump());
}

void strike(const shop& at, const gateway& g, const std::string& operation, const std::string& fault) {
  const auto struck = world(at, "POST", "/faults", {{"vendor", g.name}, {"operation", operation}, {"kind", fault}, {"times", 1}, {"delay_ms", 1500}});
  ASSERT_LT(struck.status, 300) << struck.body;
}

/// The operations of the gateway whose calls are still to be struck.
std::vector<std::string> still_to_strike(const shop& at, const gateway& g) {
  std::vector<std::string> out;
  for (const auto& rule : json::parse(world(at, "GET", "/faults").body).at("items"))
    if (rule.at("vendor") == g.name) out.push_back(rule.at("operation"));
  return out;
}

/// In each currency of the gateway one buyer who stays and one who leaves, while each kind of call is struck once; a no ends an order's way there, so each
/// no gets an order of its own. One currency after another: so each of them has had the fault at every step. The number of orders.
std::size_t trade_with(const shop& at, const gateway& g, const std::string& fault) {
  std::size_t orders = 0;
  for (const auto& p : g.prices) {
    if (fault == "decline") {
      for (const auto& operation : g.operations) {
        strike(at, g, operation, fault);
        life{at, g, p, operation == "void"}.live();
      }
      orders += g.operations.size();
    } else {
      for (const auto& operation : g.operations) strike(at, g, operation, fault);
      std::thread leaves{[&] { life{at, g, p, true}.live(); }};
      life{at, g, p, false}.live();
      leaves.join();
      orders += 2;
    }
    for (int i = 0; i < 100 && !still_to_strike(at, g).empty(); ++i) std::this_thread::sleep_for(50ms);
    EXPECT_EQ(still_to_strike(at, g), std::vector<std::string>{}) << g.name << " in " << p.currency << " was not struck by " << fault << " there";
  }
  return orders;
}

/// A shop with every gateway, under one kind of fault.
void trade_under(const std::string& fault) {
  shop at;
  at.start({{"CORELDOVE_PAYMENT_TIMEOUT", "1000ms"}, {"HIGH_VALUE_THRESHOLD", "1000000"}, {"FRAUD_SCORE_THRESHOLD", "100"}, {"LOG_LEVEL", "error"}});
  const auto before = on_hand(at);
  std::atomic<std::size_t> orders{0};
  std::vector<std::thread> all;
  for (const auto& g : gateways) all.emplace_back([&] { orders += trade_with(at, g, fault); });
  for (auto& one : all) one.join();

  std::vector<std::string> wrong;
  for (const auto until = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(300ms)) {
    books found{at};
    found.check_rest();
    found.check_effects();
    found.check_stock(before);
    wrong = found.violations();
    if (found.orders() != orders) wrong.push_back("there are " + std::to_string(found.orders()) + " orders");
    if (wrong.empty()) break;
  }
  for (const auto& w : wrong) ADD_FAILURE() << fault << ": " << w;
  EXPECT_EQ(at.stop(SIGTERM).status, 0);
  const auto verified = run(at.folder(), {"verify"});
  EXPECT_EQ(verified.status, 0) << fault << ": " << verified.out;
}

/// At the same time, each in a shop of its own: nearly all of it is waiting.
void trade_under_each(const std::vector<std::string>& faults) {
  std::vector<std::thread> shops;
  for (const auto& f : faults) shops.emplace_back([&f] { trade_under(f); });
  for (auto& s : shops) s.join();
}

TEST(Gateways, ChargeAndRefundOnceWhateverBecomesOfACall) {
  trade_under_each({"refuse", "error_500", "rate_limit_429", "slow", "no_answer", "lost_answer", "decline"});
}

TEST(Gateways, ChargeAndRefundOnceWhateverBecomesOfAWebhook) { trade_under_each({"duplicate_webhook", "late_webhook", "reordered_webhook"}); }

/// So many orders that leave the gateway to the router, from eight buyers at a time; how many of them were confirmed.
std::size_t bought(const shop& at, std::size_t orders) {
  std::atomic<std::size_t> next{0}, confirmed{0};
  std::vector<std::thread> buyers;
  for (int b = 0; b < 8; ++b)
    buyers.emplace_back([&] {
      while (next.fetch_add(1) < orders) {
        auto o = an_order();
        o.erase("payment_token");
        o.erase("payment_gateway");
        o["customer_id"] = "buyer_" + std::to_string(reinterpret_cast<std::uintptr_t>(&o)) + std::to_string(next);
        const auto a = at.call("POST", "/orders", o, {{"Prefer", "wait=30"}}, 60s);
        if (a.status == 201 && json::parse(a.body).at("status") == "confirmed") ++confirmed;
      }
    });
  for (auto& b : buyers) b.join();
  return confirmed;
}

/// What says that nothing was done may be tried elsewhere. A call without any answer may not: it is asked about where it was made.
TEST(Gateways, OthersTakeOverForOneThatTakesNothingUntilItIsBack) {
  shop at;
  at.start({{"FRAUD_SCORE_THRESHOLD", "100"}, {"LOG_LEVEL", "error"}});
  EXPECT_EQ(bought(at, 100), 100U);
  const auto taken = [&](const std::string& vendor) { return at.ledger("?operation=authorize&vendor=" + vendor).size(); };
  const std::string down = taken("stripe") > taken("paypal") ? "stripe" : "paypal";
  const auto fault = json{{"vendor", down}, {"operation", "authorize"}, {"kind", "rate_limit_429"}, {"rate", 1.0}};
  ASSERT_LT(ask(at.world_port(), "POST", "/faults", {{"Content-Type", "application/json"}}, fault.dump()).status, 300);
  const auto before = taken(down);
  EXPECT_GE(bought(at, 300), 298U);
  EXPECT_EQ(taken(down), before);

  ASSERT_LT(ask(at.world_port(), "DELETE", "/faults").status, 300);
  for (const auto until = std::chrono::steady_clock::now() + 45s; taken(down) == before && std::chrono::steady_clock::now() < until;) bought(at, 20);
  EXPECT_GT(taken(down), before) << down << " is back, and gets no payments";
  books found{at};
  found.check_effects();
  EXPECT_EQ(found.violations(), std::vector<std::string>{});
}

}  // namespace
}  // namespace coreldove::faults_test
