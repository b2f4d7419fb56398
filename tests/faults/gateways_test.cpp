// Every gateway, in currencies of every kind, struck by every fault at every step: no buyer is charged twice, no refund is lost or made twice, and every
// order ends or is with a person. All of it over HTTP, with the outside world's own ledger as the judge.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <boost/system/system_error.hpp>
#include <regex>
#include <thread>

#include "tests/faults/books.hpp"

namespace coreldove::faults_test {
namespace {

using namespace program_test;
using nlohmann::json;
using namespace std::chrono_literals;

struct price {
  const char *currency, *unit, *part;  // part: of it, to be refunded
};
struct gateway {
  const char *name, *token;
  std::vector<price> prices;
  std::vector<std::string> operations{"authorize", "capture", "void", "refund"};
};
const std::vector<gateway> gateways{
    {"stripe", "tok_visa", {{"JPY", "1200", "200"}, {"USD", "29.99", "2.00"}, {"KWD", "3.450", "0.200"}}},
    {"paypal", "tok_visa", {{"JPY", "1200", "200"}, {"USD", "29.99", "2.00"}}},  // has no currency with three decimals
    {"razorpay", "", {{"JPY", "1200", "200"}, {"INR", "29.99", "2.00"}, {"KWD", "3.450", "0.200"}}, {"authorize", "capture", "refund"}},  // cannot void
    {"payu", "", {{"INR", "29.99", "2.00"}}},                                                                                             // rupees only
};

/// A buyer's browser: follows the vendor's page from form to form, and pays.
class browser {
public:
  /// False where the vendor's page did not work; the buyer tries again later.
  bool pay(const std::string& url) {
    try {
      auto at = url;
      auto page = get(at);
      for (int pages = 0; pages < 4; ++pages) {
        std::smatch form;
        if (page.status >= 400 || !std::regex_search(page.body, form, std::regex{"<form[^>]*action=\"([^\"]*)\""})) return false;
        const bool decides = page.body.find("name=\"decision\"") != std::string::npos;
        at = resolved(at, plain(form[1]));
        page = follow(at, ask(port_of(at), "POST", target_of(at), {{"Content-Type", "application/x-www-form-urlencoded"}}, fields_of(page.body)));
        if (decides) return page.status < 400;
      }
    } catch (const boost::system::system_error&) {
    }
    return false;
  }

private:
  static std::uint16_t port_of(const std::string& url) { return static_cast<std::uint16_t>(std::stoi(url.substr(url.find(':', 7) + 1))); }
  static std::string target_of(const std::string& url) { return url.substr(url.find('/', 8)); }
  static std::string resolved(const std::string& base, const std::string& link) {
    return link.starts_with("http") ? link : base.substr(0, base.find('/', 8)) + (link.empty() ? target_of(base) : link);
  }
  static web_answer get(std::string& at) { return follow(at, ask(port_of(at), "GET", target_of(at))); }
  static web_answer follow(std::string& at, web_answer got) {
    for (int hops = 0; hops < 4 && got.status / 100 == 3 && got.fields.contains("location"); ++hops) {
      const auto next = resolved(at, got.fields["location"]);
      if (!next.starts_with("http://127.0.0.1:")) break;  // the shop's own page, somewhere else
      at = next;
      got = ask(port_of(at), "GET", target_of(at));
    }
    return got;
  }
  static std::string plain(std::string text) {
    for (const auto& [escaped, c] : {std::pair{"&amp;", "&"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&#x27;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}})
      for (auto i = text.find(escaped); i != std::string::npos; i = text.find(escaped, i + 1)) text.replace(i, std::string_view{escaped}.size(), c);
    return text;
  }
  static std::string encoded(const std::string& text) {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text)
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-')
        out += c;
      else
        out += {'%', hex[static_cast<unsigned char>(c) >> 4], hex[static_cast<unsigned char>(c) & 15]};
    return out;
  }
  /// Hidden fields and, of several buttons, the first.
  static std::string fields_of(const std::string& page) {
    static const std::regex field{"<(input|button)[^>]*name=\"([^\"]*)\"[^>]*value=\"([^\"]*)\""};
    std::string out;
    bool pressed = false;
    for (std::sregex_iterator i{page.begin(), page.end(), field}, end; i != end; ++i) {
      if ((*i)[1] == "button" && std::exchange(pressed, true)) continue;
      out += (out.empty() ? "" : "&") + encoded(plain((*i)[2])) + "=" + encoded(plain((*i)[3]));
    }
    return out;
  }
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
    if (*by_.token == '\0')
      o.erase("payment_token");
    else
      o["payment_token"] = by_.token;
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

/// A shop whose every payment call is struck by one kind of fault, once for each order on average.
void trade_under(const std::string& fault) {
  shop at;
  at.start({{"CORELDOVE_PAYMENT_TIMEOUT", "1000ms"}, {"HIGH_VALUE_THRESHOLD", "1000000"}, {"FRAUD_SCORE_THRESHOLD", "100"}, {"LOG_LEVEL", "error"}});
  const auto before = on_hand(at);
  for (const auto& g : gateways)
    for (const auto& operation : g.operations) {
      const auto struck = ask(at.world_port(), "POST", "/faults", {{"Content-Type", "application/json"}},
                              json{{"vendor", g.name}, {"operation", operation}, {"kind", fault}, {"times", g.prices.size()}, {"delay_ms", 1500}}.dump());
      ASSERT_LT(struck.status, 300) << struck.body;
    }
  std::vector<std::thread> all;
  for (const auto& g : gateways)
    for (const auto& p : g.prices)
      for (const bool cancels : {false, true}) all.emplace_back([&at, &g, &p, cancels] { life{at, g, p, cancels}.live(); });
  for (auto& one : all) one.join();

  std::vector<std::string> wrong;
  for (const auto until = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(300ms)) {
    books found{at};
    found.check_rest();
    found.check_effects();
    found.check_stock(before);
    wrong = found.violations();
    if (found.orders() != all.size()) wrong.push_back("there are " + std::to_string(found.orders()) + " orders");
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
