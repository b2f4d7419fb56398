// The server as a process: it says where it is, takes an order to its confirmation, stops when asked, and what it stored can be replayed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "tests/program/program.hpp"
#include "tests/program/web.hpp"

namespace coreldove::cli_test {
namespace {

using namespace program_test;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

const std::string orders = "/api/order-workflow/orders";
const std::string order = R"({"customer_id": "cust_123", "customer_email": "a@example.com", "currency": "USD",
 "items": [{"product_id": "prod_456", "sku": "WIDGET-001", "name": "Premium Widget", "quantity": 2, "unit_price": "29.99"}],
 "billing_address": {"name": "A. Buyer", "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US"},
 "shipping_address": {"name": "A. Buyer", "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US"},
 "payment_method": "credit_card", "shipping_method": "standard", "shipping_cost": "5.00"})";

std::map<std::string, std::string> as_admin() { return {{"X-API-Key", "dev-admin-key"}, {"Content-Type", "application/json"}, {"Prefer", "wait=20"}}; }

/// The text after `"id":"` of an order's document.
std::string id_in(const std::string& document) {
  const auto at = document.find("ord_");
  return at == std::string::npos ? std::string{} : document.substr(at, 30);
}

class Serve : public testing::Test {
protected:
  /// Starts it on a free port and waits until it listens.
  void start(environment variables = {}) {
    variables.emplace("PORT", "0");
    server_.emplace(dir_.path(), arguments{"serve"}, std::move(variables));
    line_ = server_->wait_for_line("listening on");
    port_ = port_in(line_);
    ASSERT_NE(port_, 0) << server_->wait(std::chrono::seconds{0}).err;
  }
  ended stop(int number = SIGTERM) {
    const auto began = std::chrono::steady_clock::now();
    server_->signal(number);
    auto end = server_->wait();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{10});
    return end;
  }

  scratch dir_;
  std::optional<program> server_;
  std::string line_;
  std::uint16_t port_ = 0;
};

TEST_F(Serve, SaysWhereItListensAndEndsWithZeroWhenAsked) {
  for (const int number : {SIGTERM, SIGINT}) {
    start();
    EXPECT_THAT(line_, MatchesRegex(".*listening on http://127\\.0\\.0\\.1:[0-9]+"));
    EXPECT_EQ(ask(port_, "GET", "/health/live").status, 200);
    EXPECT_EQ(stop(number).status, 0);
  }
}

TEST_F(Serve, TakesAnOrderThatCanBeReplayedWhileItRunsAndAfterwards) {
  start();
  const auto placed = ask(port_, "POST", orders, as_admin(), order);
  ASSERT_EQ(placed.status, 201) << placed.body;
  EXPECT_THAT(placed.body, AllOf(HasSubstr("\"status\":\"confirmed\""), HasSubstr("\"authorized\":\"64.98\"")));
  const auto id = id_in(placed.body);

  const auto verified = run(dir_.path(), {"verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
  EXPECT_THAT(verified.out, MatchesRegex("1 orders, [0-9]+ events, [0-9]+ rows of stock: everything adds up\n"));
  const auto meanwhile = run(dir_.path(), {"replay", id});
  EXPECT_EQ(meanwhile.status, 0) << meanwhile.err;
  EXPECT_EQ(stop().status, 0);
  const auto afterwards = run(dir_.path(), {"replay", id});
  EXPECT_EQ(afterwards.status, 0) << afterwards.err;
  EXPECT_EQ(afterwards.out, meanwhile.out);
  const auto lines = lines_of(afterwards.out);
  ASSERT_GT(lines.size(), 2U);
  EXPECT_THAT(lines.front(), AllOf(HasSubstr("   1  "), HasSubstr("order_received"), HasSubstr("received / pending / unfulfilled")));
  EXPECT_THAT(lines[lines.size() - 2], HasSubstr("confirmed / authorized / reserved"));
  EXPECT_EQ(lines.back(), placed.body);

  const auto as_json = run(dir_.path(), {"replay", id, "--json"});
  EXPECT_THAT(lines_of(as_json.out).front(), AllOf(HasSubstr("{\"seq\":1,\"type\":\"order_received\""), HasSubstr("\"payment_status\":\"pending\"")));
}

TEST_F(Serve, KnowsItsOrdersAgainAfterAKill) {
  start();
  const auto id = id_in(ask(port_, "POST", orders, as_admin(), order).body);
  ASSERT_THAT(id, SizeIs(30));
  EXPECT_EQ(stop(SIGKILL).status, 128 + SIGKILL);
  start();
  const auto again = ask(port_, "GET", orders + "/" + id, as_admin());
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(id_in(again.body), id);
  EXPECT_EQ(stop().status, 0);
}

TEST_F(Serve, AcceptsTokensAndApiKeysOfTheCommandLineUntilTheyAreRevoked) {
  start();
  EXPECT_EQ(ask(port_, "GET", orders).status, 401);
  const auto token = run(dir_.path(), {"token", "--role", "operator", "--subject", "alice"});
  EXPECT_EQ(ask(port_, "GET", orders, {{"Authorization", "Bearer " + lines_of(token.out).at(0)}}).status, 200);

  const auto created = run(dir_.path(), {"apikey", "create", "--role", "operator", "--name", "till"});
  ASSERT_EQ(created.status, 0) << created.err;
  const auto key = lines_of(created.out).at(0);
  EXPECT_EQ(ask(port_, "GET", orders, {{"X-API-Key", key}}).status, 200);
  EXPECT_EQ(stop().status, 0);

  ASSERT_EQ(run(dir_.path(), {"apikey", "revoke", created.err.substr(0, created.err.find(' '))}).status, 0);
  start();
  EXPECT_EQ(ask(port_, "GET", orders, {{"X-API-Key", key}}).status, 401);
}

TEST_F(Serve, InProductionTakesNeitherTheDevelopmentKeyNorFillsTheStore) {
  start({{"ENVIRONMENT", "production"}, {"JWT_SECRET_KEY", "N5wq0yb2mJx8rT4vKc7uZp1sLd9fGh3a"}, {"ENCRYPTION_KEY", "Q8zr3xk1nWt6yB5mVj2eHs7pCg4dLf0u"}});
  EXPECT_EQ(ask(port_, "GET", orders, {{"X-API-Key", "dev-admin-key"}}).status, 401);
  const auto token = run(dir_.path(), {"token", "--role", "operator", "--subject", "alice"}, {{"JWT_SECRET_KEY", "N5wq0yb2mJx8rT4vKc7uZp1sLd9fGh3a"}});
  const auto inventory = ask(port_, "GET", "/api/order-workflow/inventory", {{"Authorization", "Bearer " + lines_of(token.out).at(0)}});
  EXPECT_EQ(inventory.status, 200);
  EXPECT_THAT(inventory.body, Not(HasSubstr("WIDGET-001")));
  EXPECT_THAT(stop().out, Not(HasSubstr("dev-admin-key")));
}

TEST_F(Serve, OnATakenPortOrAStoreInUseFailsWithOneLine) {
  start();
  const auto other = (dir_.path() / "other").string();
  const auto taken = run(dir_.path(), {"serve"}, {{"PORT", std::to_string(port_)}, {"DATA_DIR", other}, {"LOG_LEVEL", "error"}});
  EXPECT_EQ(taken.status, 1);
  EXPECT_THAT(lines_of(taken.err), SizeIs(1)) << taken.err;
  const auto in_use = run(dir_.path(), {"serve"}, {{"PORT", "0"}, {"LOG_LEVEL", "error"}});
  EXPECT_EQ(in_use.status, 1);
  EXPECT_THAT(lines_of(in_use.err), SizeIs(1)) << in_use.err;
  const auto import = run(dir_.path(), {"migrate"});
  EXPECT_EQ(import.status, 1);
  EXPECT_THAT(lines_of(import.err), SizeIs(1)) << import.err;
  EXPECT_EQ(ask(port_, "GET", "/health/ready").status, 200) << "the first one is not disturbed";
}

TEST_F(Serve, WorksWithASandboxWorldInAProcessOfItsOwn) {
  program sandbox{dir_.path(), {"sandbox", "--port", "0"}};
  const auto world = sandbox.wait_for_line("sandbox listening on");
  const auto mail = sandbox.wait_for_line("mail on");
  ASSERT_NE(port_in(world), 0);
  const auto at = [](const std::string& line) { return line.substr(line.find("://")); };
  start({{"SANDBOX_URL", "http" + at(world)}, {"SMTP_API_BASE", "smtp" + at(mail)}});
  const auto placed = ask(port_, "POST", orders, as_admin(), order);
  EXPECT_EQ(placed.status, 201) << placed.body;
  const auto ledger = ask(port_in(world), "GET", "/ledger?operation=authorize");
  EXPECT_THAT(lines_of(ledger.body), ElementsAre(HasSubstr(id_in(placed.body))));
  EXPECT_EQ(stop().status, 0);
}

}  // namespace
}  // namespace coreldove::cli_test
