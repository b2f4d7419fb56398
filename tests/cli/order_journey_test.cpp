// The way of an order through the built program, as a merchant sees it: placed, shipped, delivered, refunded; bad input; the last hundred units.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "tests/program/shop.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

using nlohmann::json;
using namespace std::chrono_literals;

class Journey : public testing::Test, protected shop {};

TEST_F(Journey, GoesFromTheDoorToTheBuyerAndPartOfTheMoneyBack) {
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
  const auto certificate = call("GET", "/inventory/certificate");
  EXPECT_EQ(certificate.status, 200);
  EXPECT_EQ(json::parse(certificate.body).at("rows").at(0).size(), 6U);
  EXPECT_EQ(call("PUT", "/inventory/WIDGET-001", {{"warehouse", "us-east"}, {"delta", 1}, {"reason", "found"}}).status, 200);
  server().signal(SIGTERM);
  EXPECT_EQ(server().wait().status, 0);
  EXPECT_EQ(run(folder(), {"verify"}).status, 0);

  const auto kept = (folder() / "certificate.json").string();
  std::ofstream{kept} << certificate.body;
  const auto holds = run(folder(), {"verify", "--certificate", kept});
  EXPECT_EQ(holds.status, 0) << holds.out;
  EXPECT_THAT(holds.out, testing::HasSubstr("all of it is in the store, which has 1 events more now"));
  auto forged = certificate.body;
  forged.replace(forged.find("\"on_hand\":"), 10, "\"on_hand\":1");
  std::ofstream{kept} << forged;
  EXPECT_EQ(run(folder(), {"verify", "--certificate", kept}).status, 1);
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
    const auto a = ask(port(), "POST", api + "/orders", {{"X-API-Key", "dev-admin-key"}, {"Content-Type", "application/json"}}, body);
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
  std::filesystem::create_directories(folder() / "load");
  program buyers{folder() / "load",
                 {"bench", "--url", address(), "--connections", "64", "--requests", "10000", "--wait", "30", "--until-confirmed", "--quiet"}};
  const auto load = buyers.wait(100s);
  watch.stop();
  EXPECT_EQ(load.status, 0) << load.out << load.err;
  EXPECT_EQ(count("status=confirmed"), 10'000U);
  EXPECT_GT(watch.looks(), 50);
  EXPECT_EQ(watch.oversold(), std::vector<std::string>{});
  server().signal(SIGTERM);
  EXPECT_EQ(server().wait().status, 0);
  const auto verified = run(folder(), {"verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
}

}  // namespace
}  // namespace coreldove::cli_test
