// The way of an order through the built program, as a merchant sees it: placed, shipped, delivered, refunded; bad input; the last hundred units; kills under
// load.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "tests/cli/program.hpp"
#include "tests/cli/web.hpp"

namespace coreldove::cli_test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const std::string api = "/api/order-workflow";

json an_order(const std::string& sku = "WIDGET-001", int quantity = 2, const std::string& unit_price = "29.99") {
  const json address{{"name", "A. Buyer"}, {"line1", "1 Main St"}, {"city", "Springfield"}, {"state", "IL"}, {"postal_code", "62701"}, {"country", "US"}};
  return {{"customer_id", "cust_123"},
          {"currency", "USD"},
          {"items", {{{"product_id", "prod_456"}, {"sku", sku}, {"name", "Premium Widget"}, {"quantity", quantity}, {"unit_price", unit_price}}}},
          {"billing_address", address},
          {"shipping_address", address},
          {"payment_method", "credit_card"},
          {"payment_token", "tok_visa"},
          {"shipping_method", "standard"}};
}

class Journey : public testing::Test {
protected:
  void start_world() {
    sandbox_.emplace(dir_.path() / "world", arguments{"sandbox", "--port", "0", "--webhooks", ""});
    const auto mail = sandbox_->wait_for_line("mail on");
    world_port_ = port_in(sandbox_->wait_for_line("sandbox listening on"));
    ASSERT_NE(world_port_, 0);
    variables_ = {{"SANDBOX_URL", "http://127.0.0.1:" + std::to_string(world_port_)}, {"SMTP_API_BASE", "smtp" + mail.substr(mail.find("://"))}};
  }
  void start(environment more = {}) {
    more.insert(variables_.begin(), variables_.end());
    more.emplace("PORT", std::to_string(port_));
    server_.emplace(dir_.path(), arguments{"serve"}, std::move(more));
    port_ = port_in(server_->wait_for_line("listening on", 30s));
    ASSERT_NE(port_, 0) << server_->wait(0s).err;
  }
  web_answer call(const std::string& method, const std::string& path, const json& body = nullptr, std::map<std::string, std::string> fields = {}) {
    fields.emplace("X-API-Key", "dev-admin-key");
    if (!body.is_null()) fields.emplace("Content-Type", "application/json");
    return ask(port_, method, api + path, fields, body.is_null() ? std::string{} : body.dump());
  }
  json order(const std::string& id) { return json::parse(call("GET", "/orders/" + id).body); }
  json until(const std::string& id, const std::string& field, const std::string& value) {
    json o;
    for (int i = 0; i < 200; ++i) {
      o = order(id);
      if (o.value(field, "") == value) break;
      std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(o.value(field, ""), value) << o.dump();
    return o;
  }
  std::vector<json> ledger(const std::string& query) {
    std::vector<json> out;
    for (const auto& line : lines_of(ask(world_port_, "GET", "/ledger" + query).body)) out.push_back(json::parse(line));
    return out;
  }
  std::uint64_t count(const std::string& filter) { return json::parse(call("GET", "/orders?limit=1&" + filter).body).at("total").get<std::uint64_t>(); }
  json stock(const std::string& sku) { return json::parse(call("GET", "/inventory/" + sku).body); }

  /// Looks at all stock, again and again, until told to stop. Not a moment may show more reserved than there is.
  class stock_watch {
  public:
    explicit stock_watch(Journey& in) : thread_([this, &in] { look(in); }) {}
    ~stock_watch() {
      if (thread_.joinable()) stop();
    }
    void stop() {
      stop_ = true;
      thread_.join();
    }
    int looks() const { return looks_; }
    const std::vector<std::string>& oversold() const { return oversold_; }

  private:
    void look(Journey& in) {
      for (; !stop_; ++looks_, std::this_thread::sleep_for(2ms)) {
        const auto page = json::parse(in.call("GET", "/inventory?limit=100").body);
        for (const auto& row : page.at("items"))
          for (const auto& at : row.at("warehouses"))
            if (at.at("reserved") > at.at("on_hand") || at.at("reserved") < 0) oversold_.push_back(row.dump());
      }
    }
    std::atomic<bool> stop_{false};
    int looks_ = 0;
    std::vector<std::string> oversold_;
    std::thread thread_;
  };

  scratch dir_;
  std::optional<program> sandbox_, server_;
  environment variables_;
  std::uint16_t port_ = 0, world_port_ = 0;
};

TEST_F(Journey, GoesFromTheDoorToTheBuyerAndPartOfTheMoneyBack) {
  std::filesystem::create_directories(dir_.path() / "world");
  start_world();
  start();
  const auto placed = call("POST", "/orders", an_order());
  ASSERT_EQ(placed.status, 202) << placed.body;
  const auto id = json::parse(placed.body).at("id").get<std::string>();
  until(id, "status", "confirmed");

  const auto sent = call("POST", "/orders/" + id + "/fulfill", json::object(), {{"Prefer", "wait=20"}});
  ASSERT_EQ(sent.status, 201) << sent.body;
  EXPECT_EQ(json::parse(sent.body).at("status"), "shipped");
  const auto tracking = json::parse(call("GET", "/orders/" + id + "/tracking").body);
  const auto number = tracking.at("shipments").at(0).at("tracking_number").get<std::string>();

  const auto refund =
      call("POST", "/orders/" + id + "/refund", {{"amount", "9.99"}, {"reason", "scratched"}}, {{"Prefer", "wait=20"}, {"Idempotency-Key", "r-1"}});
  ASSERT_EQ(refund.status, 201) << refund.body;
  EXPECT_EQ(json::parse(refund.body).at("payment_status"), "partially_refunded");
  EXPECT_EQ(call("POST", "/orders/" + id + "/refund", {{"amount", "49.99"}, {"reason", "too much"}}).status, 202);
  EXPECT_EQ(call("POST", "/orders/" + id + "/refund", {{"amount", "0.01"}, {"reason", "more than was paid"}}).status, 422);
  until(id, "payment_status", "refunded");

  std::multiset<std::string> done;
  for (const auto& line : ledger("?order_id=" + id)) done.insert(line.at("vendor").get<std::string>() + " " + line.at("operation").get<std::string>());
  EXPECT_EQ(done, (std::multiset<std::string>{"fedex label", "stripe authorize", "stripe capture", "stripe refund", "stripe refund"}));
  const auto illegal = call("PUT", "/orders/" + id + "/status", {{"status", "cancelled"}, {"reason", "too late"}});
  EXPECT_EQ(illegal.status, 409);
  EXPECT_EQ(json::parse(illegal.body).at("type"), "illegal-transition");
  EXPECT_EQ(json::parse(illegal.body).at("allowed"), json::array({"delivered"}));
  server_->signal(SIGTERM);
  EXPECT_EQ(server_->wait().status, 0);
  EXPECT_EQ(run(dir_.path(), {"verify"}).status, 0);
}

TEST_F(Journey, AskAPersonWhereTheSumIsHigh) {
  start();
  const auto held = call("POST", "/orders", an_order("WIDGET-001", 50), {{"Prefer", "wait=20"}});
  ASSERT_EQ(held.status, 201);
  EXPECT_EQ(json::parse(held.body).at("status"), "on_hold");
  const auto id = json::parse(held.body).at("id").get<std::string>();
  const auto open = json::parse(call("GET", "/reviews").body).at("items");
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open.at(0).at("kind"), "high_value");
  EXPECT_EQ(call("POST", "/reviews/" + open.at(0).at("id").get<std::string>() + "/approve", {{"note", "a known buyer"}}).status, 200);
  until(id, "status", "confirmed");
  EXPECT_EQ(call("POST", "/orders/" + id + "/cancel", {{"reason", "changed my mind"}}).status, 200);
  until(id, "payment_status", "voided");
  EXPECT_EQ(stock("WIDGET-001").at("reserved"), 0);
}

TEST_F(Journey, RefusesBadInputWithPointersAndStoresNothing) {
  start();
  const auto refused = [&](const std::string& body, int status) {
    const auto a = ask(port_, "POST", api + "/orders", {{"X-API-Key", "dev-admin-key"}, {"Content-Type", "application/json"}}, body);
    EXPECT_EQ(a.status, status) << body.substr(0, 200) << "\n" << a.body.substr(0, 500);
    return a.body;
  };
  const auto with = [](const std::string& pointer, const json& value) {
    auto o = an_order();
    o[json::json_pointer(pointer)] = value;
    return o.dump();
  };
  refused("{\"customer_id\": ", 400);
  refused(std::string(10'000, '[') + std::string(10'000, ']'), 400);
  refused("{\"x\": \"" + std::string(10'000'000, 'x') + "\"}", 413);
  for (const auto& [pointer, value] : std::map<std::string, json>{{"/items/0/quantity", -1},
                                                                  {"/items/0/unit_price", 29.99},
                                                                  {"/currency", "XXX"},
                                                                  {"/items/0/total_price", "1.00"},
                                                                  {"/shipping_cost", "1e308"},
                                                                  {"/customer_id", 7},
                                                                  {"/billing_address/postal_code", "0"},
                                                                  {"/shipping_address/country", "ZZ"}}) {
    const auto problem = json::parse(refused(with(pointer, value), 422));
    bool named = false;
    for (const auto& e : problem.at("errors")) named |= e.at("pointer") == pointer;
    EXPECT_TRUE(named) << pointer << " in " << problem.dump();
  }
  refused(R"({"items": [{"quantity": 1e308}]})", 422);
  const auto card = refused(with("/metadata", {{"note", {"4111 1111 1111 1111"}}}), 422);
  EXPECT_EQ(json::parse(card).at("type"), "card-data-refused");
  EXPECT_EQ(card.find("4111"), std::string::npos);
  EXPECT_EQ(count(""), 0U);
}

TEST_F(Journey, PromisesAHundredUnitsExactlyAHundredTimes) {
  start();
  stock_watch watch{*this};
  std::atomic<int> next{0}, confirmed{0}, out_of_stock{0}, other{0};
  std::vector<std::thread> buyers;
  for (int t = 0; t < 16; ++t)
    buyers.emplace_back([&] {
      while (next.fetch_add(1) < 500) {
        const auto a = call("POST", "/orders", an_order("SCARCE-100", 1), {{"Prefer", "wait=30"}});
        const auto o = json::parse(a.body);
        if (a.status == 201 && o.at("status") == "confirmed")
          ++confirmed;
        else if (a.status == 201 && o.at("status") == "rejected" && o.at("rejection").at("code") == "out_of_stock")
          ++out_of_stock;
        else
          ++other;
      }
    });
  for (auto& b : buyers) b.join();
  watch.stop();
  EXPECT_GT(watch.looks(), 10);
  EXPECT_EQ(watch.oversold(), std::vector<std::string>{});
  EXPECT_EQ(confirmed, 100);
  EXPECT_EQ(out_of_stock, 400);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(stock("SCARCE-100").at("reserved"), 100);
}

TEST_F(Journey, ConfirmsTenThousandOrdersAndNeverOversellsOnTheWay) {
  start();
  stock_watch watch{*this};
  std::filesystem::create_directories(dir_.path() / "load");
  program buyers{dir_.path() / "load",
                 {"bench", "--url", "http://127.0.0.1:" + std::to_string(port_), "--connections", "64", "--requests", "10000", "--wait", "30",
                  "--until-confirmed", "--quiet"}};
  const auto load = buyers.wait(100s);
  watch.stop();
  EXPECT_EQ(load.status, 0) << load.out << load.err;
  EXPECT_EQ(count("status=confirmed"), 10'000U);
  EXPECT_GT(watch.looks(), 50);
  EXPECT_EQ(watch.oversold(), std::vector<std::string>{});
  server_->signal(SIGTERM);
  EXPECT_EQ(server_->wait().status, 0);
  const auto verified = run(dir_.path(), {"verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
}

/// Kills the server again and again under load. What was acknowledged is there afterwards, goes on to its end, and was charged once.
TEST_F(Journey, LosesAndDoublesNothingWhenItIsKilledUnderLoad) {
  std::filesystem::create_directories(dir_.path() / "world");
  start_world();
  start();
  const auto ids = (dir_.path() / "ids").string();
  program load{dir_.path() / "world",
               {"bench", "--url", "http://127.0.0.1:" + std::to_string(port_), "--connections", "16", "--duration", "12s", "--ids", ids, "--quiet"}};
  for (int kills = 0; kills < 5; ++kills) {
    std::this_thread::sleep_for(std::chrono::milliseconds{700 + 317 * kills});
    server_->signal(SIGKILL);
    server_->wait();
    start();
  }
  load.wait(60s);
  for (int i = 0; i < 400 && count("status=received") > 0; ++i) std::this_thread::sleep_for(100ms);
  EXPECT_EQ(count("status=received"), 0U);

  std::map<std::string, int> charges;
  for (const auto& line : ledger("?operation=authorize")) ++charges[line.at("order_id").get<std::string>()];
  for (const auto& [id, times] : charges) EXPECT_EQ(times, 1) << id;
  const auto known = lines_of(file_text(ids));
  EXPECT_GT(known.size(), 100U);
  for (const auto& id : known) EXPECT_EQ(charges[id], 1) << id;
  const auto check = run(dir_.path(), {"bench", "--url", "http://127.0.0.1:" + std::to_string(port_), "--check-ids", ids});
  EXPECT_EQ(check.status, 0) << check.out << check.err;
  server_->signal(SIGTERM);
  EXPECT_EQ(server_->wait().status, 0);
  const auto verified = run(dir_.path(), {"verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
}

}  // namespace
}  // namespace coreldove::cli_test
