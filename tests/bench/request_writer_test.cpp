#include "bench/request_writer.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "bench/json_scan.hpp"

namespace {

using namespace coreldove::bench;

options with(const std::vector<std::string>& args) { return parse_command_line(args).go.value(); }

struct request {
  std::string head, body;
};

request next_create(request_writer& writer) {
  std::string bytes;
  writer.create(bytes);
  const auto end = bytes.find("\r\n\r\n");
  EXPECT_NE(end, std::string::npos);
  return {bytes.substr(0, end + 2), bytes.substr(end + 4)};
}

struct line {
  std::string sku;
  long quantity, unit_price, total_price;  // cents
};

std::vector<line> lines_of(const std::string& body) {
  static const std::regex form{
      R"re(\{"product_id":"prod_[^"]+","sku":"([^"]+)","name":"[^"]+","quantity":(\d+),"unit_price":"(\d+)\.(\d\d)","total_price":"(\d+)\.(\d\d)"\})re"};
  std::vector<line> out;
  for (std::sregex_iterator at{body.begin(), body.end(), form}, end; at != end; ++at) {
    const auto number = [&](std::size_t i) { return std::stol((*at)[i].str()); };
    out.push_back({(*at)[1], number(2), number(3) * 100 + number(4), number(5) * 100 + number(6)});
  }
  return out;
}

TEST(RequestWriter, ALineIsWorthItsQuantityTimesItsPrice) {
  for (const auto* count : {"1", "3", "20", "50"}) {
    request_writer writer{with({"--lines", count}), "t", 1, 0};
    for (int i = 0; i < 200; ++i) {
      const auto lines = lines_of(next_create(writer).body);
      ASSERT_EQ(lines.size(), std::stoul(count));
      long sum = 0;
      std::set<std::string> skus;
      for (const auto& l : lines) {
        EXPECT_EQ(l.quantity * l.unit_price, l.total_price);
        EXPECT_GT(l.unit_price, 0);
        sum += l.total_price;
        skus.insert(l.sku);
      }
      EXPECT_EQ(skus.size(), lines.size()) << "a SKU came twice";
      EXPECT_LT(sum + 500, 100'000) << "would be held as one of high value";
    }
  }
}

TEST(RequestWriter, TheHeadSaysHowLongTheBodyIs) {
  request_writer writer{with({"--wait", "5", "--api-key", "secret"}), "t", 1, 0};
  for (int i = 0; i < 50; ++i) {
    const auto r = next_create(writer);
    EXPECT_NE(r.head.find("\r\nContent-Length: " + std::to_string(r.body.size()) + "\r\n"), std::string::npos);
    EXPECT_TRUE(r.head.starts_with("POST /api/order-workflow/orders HTTP/1.1\r\nHost: 127.0.0.1:8001\r\n"));
    EXPECT_NE(r.head.find("\r\nX-API-Key: secret\r\n"), std::string::npos);
    EXPECT_NE(r.head.find("\r\nPrefer: wait=5\r\n"), std::string::npos);
  }
}

TEST(RequestWriter, AnOrderOfThreeLinesHasAboutTwelveHundredBytes) {
  request_writer writer{with({}), "t", 1, 0};
  const auto body = next_create(writer).body;
  EXPECT_GT(body.size(), 1000U);
  EXPECT_LT(body.size(), 1400U);
  EXPECT_EQ(member(body, "currency"), "USD");
  EXPECT_EQ(member(body, "shipping_cost"), "5.00");
  EXPECT_EQ(member(body, "payment_token"), "tok_visa");
  EXPECT_TRUE(body.ends_with("\"metadata\":{\"channel\":\"bench\"}}"));
}

TEST(RequestWriter, CustomersAndKeysAreUniqueOverThreads) {
  std::set<std::string> customers, keys;
  for (std::uint32_t thread = 0; thread < 3; ++thread) {
    request_writer writer{with({"--idempotency-keys"}), "t", 1, thread};
    for (int i = 0; i < 500; ++i) {
      const auto r = next_create(writer);
      customers.emplace(member(r.body, "customer_id"));
      const auto at = r.head.find("Idempotency-Key: ");
      ASSERT_NE(at, std::string::npos);
      keys.insert(r.head.substr(at, r.head.find('\r', at) - at));
    }
  }
  EXPECT_EQ(customers.size(), 1500U);
  EXPECT_EQ(keys.size(), 1500U);
}

TEST(RequestWriter, DrawsFromTheGivenNumberOfCustomers) {
  request_writer writer{with({"--customers", "4"}), "t", 1, 0};
  std::set<std::string> customers;
  for (int i = 0; i < 200; ++i) customers.emplace(member(next_create(writer).body, "customer_id"));
  EXPECT_EQ(customers, (std::set<std::string>{"cust_0", "cust_1", "cust_2", "cust_3"}));
}

TEST(RequestWriter, TheSameSeedWritesTheSameBytes) {
  const auto o = with({"--zipf", "1"});
  request_writer a{o, "t", 9, 0}, b{o, "t", 9, 0}, c{o, "t", 10, 0};
  std::string from_a, from_b, from_c;
  for (int i = 0; i < 20; ++i) {
    a.create(from_a);
    b.create(from_b);
    c.create(from_c);
  }
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, from_c);
}

TEST(RequestWriter, ZipfAsksForTheFirstTwiceAsOftenAsForTheSecond) {
  request_writer writer{with({"--zipf", "1", "--lines", "1"}), "t", 3, 0};
  std::map<std::string, int> asked;
  for (int i = 0; i < 20'000; ++i) {
    const auto body = next_create(writer).body;
    ++asked[body.substr(body.find("BENCH-"), 10)];
  }
  // 1/H(50) = 0.2223 and half of it, with 6 standard deviations of room.
  EXPECT_NEAR(asked["BENCH-0001"], 4446, 360);
  EXPECT_NEAR(asked["BENCH-0002"], 2223, 270);
}

TEST(RequestWriter, OptionalFieldsComeOnlyWhenAskedFor) {
  request_writer plain{with({}), "t", 1, 0}, full{with({"--email"}), "t", 1, 0}, bare{with({"--gateway", "", "--token", ""}), "t", 1, 0};
  EXPECT_EQ(member(next_create(plain).body, "customer_email"), "");
  const auto body = next_create(full).body;
  EXPECT_EQ(member(body, "customer_email"), std::string{member(body, "customer_id")} + "@example.com");
  const auto without = next_create(bare).body;
  EXPECT_EQ(member(without, "payment_token"), "");
  EXPECT_EQ(member(without, "payment_gateway"), "");
  EXPECT_EQ(member(without, "payment_method"), "credit_card");
}

TEST(RequestWriter, ListsTakeTheirQueriesInTurn) {
  request_writer writer{with({"--list-query", "a=1", "--list-query", "b=2"}), "t", 1, 0};
  std::string bytes;
  for (int i = 0; i < 3; ++i) writer.list(bytes);
  const auto first = bytes.find("/orders?a=1 "), second = bytes.find("/orders?b=2 "), third = bytes.find("/orders?a=1 ", second);
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
}

TEST(JsonScan, FindsOnlyTheObjectsOwnMembers) {
  const std::string_view text = R"( {"nested":{"status":"no","total":1},"text":"\"status\":\"no\"","list":[{"status":"no"}], "status" : "yes","total": 42 })";
  EXPECT_EQ(member(text, "status"), "yes");
  EXPECT_EQ(integer_member(text, "total"), 42U);
  EXPECT_EQ(member(text, "absent"), "");
  EXPECT_FALSE(integer_member(text, "status"));
}

TEST(JsonScan, BrokenTextsHaveNoMembers) {
  for (const std::string_view text : {"", "[]", "\"status\":\"x\"", "{\"status", "{\"status\"", "{\"a\":\"status\"", "{\"x\\", "{\"status\":"})
    EXPECT_EQ(member(text, "status"), "") << text;
}

}  // namespace
