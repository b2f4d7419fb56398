// Bodies as JSON: what is not read, and what must never be.
#include <gtest/gtest.h>

#include "domain/card_data.hpp"
#include "http/json_reader.hpp"
#include "http/json_text.hpp"
#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::optional<http::problem> problem_in(std::string_view text) {
  auto read = http::read_json_copy(text);
  if (auto* p = std::get_if<http::problem>(&read)) return *p;
  return std::nullopt;
}

std::string nested(std::size_t depth) { return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}"; }

TEST(Json, MalformedDocumentsAreRefused) {
  running_server server;
  for (const std::string& body :
       {std::string{"{"}, std::string{"[]"}, std::string{"\"a\""}, std::string{"{\"a\":1,}"}, std::string{"{\"a\":01}"}, std::string{"{'a':1}"},
        std::string{"{\"a\":NaN}"}, std::string{"{\"a\":1e999}"}, std::string{"{\"a\":\"\xFF\"}"}, std::string{"{\"a\":\"\xC0\xAF\"}"},
        std::string{"{\"a\":\"\n\"}"}, std::string{"{} {}"}, std::string{"\xEF\xBB\xBF{}x"}, std::string("{\"a\":\"\0\"}", 9)}) {
    const auto answer = server.send("POST", api + "/orders", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_TRUE(has(answer.body, R"("type":"malformed-json")")) << body;
  }
  EXPECT_EQ(server.send("POST", api + "/orders", "").status, 400);
}

TEST(Json, DepthIsLimitedToSixtyFour) {
  EXPECT_FALSE(problem_in(nested(64)));
  ASSERT_TRUE(problem_in(nested(65)));
  EXPECT_EQ(problem_in(nested(65))->kind.status, 400);
  EXPECT_EQ(problem_in(nested(10'000))->kind.status, 400);
}

TEST(Json, AKeyTwiceIsRefusedAtAnyDepthAndSize) {
  EXPECT_EQ(problem_in(R"({"a":1,"a":1})")->kind.type, "malformed-json");
  EXPECT_EQ(problem_in(R"({"a":1,"\u0061":2})")->kind.type, "malformed-json");
  EXPECT_EQ(problem_in(R"({"m":{"x":[{"b":1,"b":2}]}})")->errors.at(0).pointer, "/m/x/0");
  std::string many = "{";
  for (int i = 0; i < 500; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_FALSE(problem_in(many + "\"last\":1}"));
  EXPECT_TRUE(problem_in(many + "\"k250\":1}"));
}

TEST(Json, NulInAStringIsRefusedWithItsPlace) {
  const auto p = problem_in(R"({"metadata":{"a/b":["x\u0000y"]}})");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->kind.status, 422);
  EXPECT_EQ(p->errors.at(0).pointer, "/metadata/a~1b/0");
}

TEST(JsonText, FindsAndLeavesOutMembers) {
  const std::string doc = R"({ "a" : {"x":"}\""} , "fraud":{"s":[1,2]}, "n" : 12 ,"reviews":[{"a":"]"}],"z":null})";
  EXPECT_EQ(http::member_of(doc, "a"), R"({"x":"}\""})");
  EXPECT_EQ(http::member_of(doc, "n"), "12");
  EXPECT_EQ(http::member_of(doc, "none"), "");
  EXPECT_EQ(http::without_members(doc, {"fraud", "reviews"}), R"({"a":{"x":"}\""},"n":12,"z":null})");
  std::string out;
  http::append_json(out, "a\"\\\n\x01\xC3\xA9");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\xC3\xA9\"");
}

TEST(CardData, NumbersOfAllIssuersAreRecognised) {
  for (const char* number : {"4111111111111111",       "4242424242424242",     "4222222222222",       "5555555555554444",  "5105105105105100",
                             "2223003122003222",       "378282246310005",      "371449635398431",     "6011111111111117",  "6011000990139424",
                             "30569309025904",         "38520000023237",       "3530111333300000",    "3566002020360505",  "6200000000000005",
                             "2200000000000004",       "4111 1111 1111 1111",  "4111-1111-1111-1111", "3782 822463 10005", "card: 4111 1111 1111 1111, thanks",
                             "12 4111 1111 1111 1111", "pan:4111111111111111;"})
    EXPECT_TRUE(domain::holds_card_number(number)) << number;
}

TEST(CardData, OtherNumbersAreLeftAlone) {
  for (const char* text : {"4111111111111112", "1234567890123456", "+12175550100", "+491711234567890", "2026-01-31T12:00:00.000Z", "1700000000000",
                           "4006381333931", "41111111-1111-4111-8111-111111111111", "SKU4111111111111111X", "94001118992231974284901",
                           "ord_01HZX3Q8V7N2M4K6J8G0F1D3S5", "411111111111", "", "0000000000000000"})
    EXPECT_FALSE(domain::holds_card_number(text)) << text;
}

TEST(CardData, NamesAreRecognisedHoweverTheyAreWritten) {
  for (const char* key :
       {"cvv", "CVV2", "cvc", "cvc2", "pan", "card_number", "cardNumber", "Card-Number", "card number", "track1", "track_2", "track_data", "securityCode"})
    EXPECT_TRUE(domain::names_card_data(key)) << key;
  for (const char* key : {"company", "panel", "tracking", "track_number", "card_brand", "", "c"}) EXPECT_FALSE(domain::names_card_data(key)) << key;
}

TEST(CardData, IsRefusedAnywhereInABodyAndNeverRepeated) {
  running_server server;
  const std::string number = "4111 1111 1111 1111";
  struct place {
    std::string from, to, pointer;
  };
  for (const auto& p : std::vector<place>{
           {"\"tok_visa\"", "\"" + number + "\"", "/payment_token"},
           {"\"Premium Widget\"", "\"Widget " + number + "\"", "/items/0/name"},
           {"\"metadata\": {}", "\"metadata\": {\"a\": [{\"b\": \"" + number + "\"}]}", "/metadata/a/0/b"},
           {"\"metadata\": {}", "\"metadata\": {\"a\": 4111111111111111}", "/metadata/a"},
           {"\"metadata\": {}", "\"metadata\": {\"" + number + "\": 1}", "/metadata"},
           {"\"metadata\": {}", "\"metadata\": {\"cvv\": \"123\"}", "/metadata/cvv"},
           {"\"line2\": \"\"", "\"line2\": \"" + number + "\"", "/billing_address/line2"},
       }) {
    const auto answer = server.send("POST", api + "/orders", order_body_with(p.from, p.to));
    EXPECT_EQ(answer.status, 422) << p.to;
    EXPECT_TRUE(has(answer.body, R"("type":"card-data-refused")")) << p.to;
    EXPECT_TRUE(has(answer.body, "\"pointer\":\"" + p.pointer + "\"")) << answer.body;
    EXPECT_FALSE(has(answer.body, "1111")) << answer.body;
  }
  EXPECT_TRUE(server.engine.placed.empty());
}

TEST(CardData, IsRefusedInQueriesPathsKeysAndReasons) {
  running_server server;
  for (const std::string target : {"/orders?q=4111111111111111", "/orders?q=4111%201111%201111%201111", "/orders/4111111111111111"}) {
    const auto answer = server.get(api + target);
    EXPECT_EQ(answer.status, 422) << target;
    EXPECT_TRUE(has(answer.body, R"("type":"card-data-refused")"));
    EXPECT_FALSE(has(answer.body, "1111"));
  }
  EXPECT_EQ(server.send("POST", api + "/orders", order_body(), "Idempotency-Key: 4111111111111111").status, 422);
  const auto reason = server.send("POST", api + "/orders/" + known_order + "/cancel", R"({"reason":"refund to 5555555555554444"})");
  EXPECT_EQ(reason.status, 422);
  EXPECT_TRUE(has(reason.body, R"("type":"card-data-refused")"));
  EXPECT_TRUE(server.engine.commands.empty());
}

}  // namespace
}  // namespace coreldove::test
