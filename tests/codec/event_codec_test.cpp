#include "persistence/codec/event_codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <simdjson.h>

#include "tests/codec/generators.hpp"

namespace coreldove::persistence {
namespace {

using namespace domain;

std::string encoded(const event& e) {
  std::string out;
  encode(e, out);
  return out;
}

template <class T>
bool same(const T& a, const T& b);

template <class T>
bool same_value(const T& a, const T& b) {
  if constexpr (codec::described<T>)
    return same(a, b);
  else if constexpr (arbitrary::is_vector<T>::value)
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return same_value(x, y); });
  else
    return a == b;
}

template <class T>
bool same(const T& a, const T& b) {
  return std::apply([&](const auto&... d) { return (same_value(a.*(d.member), b.*(d.member)) && ...); }, codec::fields<T>::list);
}

template <class T>
void check_round_trip() {
  const T before = arbitrary::one<T>();
  const event e = before;
  const auto after = decode(type_name(e), encoded(e));
  RC_ASSERT(static_cast<bool>(after));
  RC_ASSERT(std::holds_alternative<T>(*after));
  RC_ASSERT(same(before, std::get<T>(*after)));
}

template <std::size_t... I>
void check_all(std::index_sequence<I...>) {
  (check_round_trip<std::variant_alternative_t<I, event>>(), ...);
}

RC_GTEST_PROP(EventCodec, EveryEventComesBackAsItWasStored, ()) { check_all(std::make_index_sequence<std::variant_size_v<event>>()); }

RC_GTEST_PROP(EventCodec, EveryTextSurvivesAsAJsonString, ()) {
  const std::string before = *arbitrary::text();
  std::string json;
  write_json_string(before, json);
  simdjson::dom::parser parser;
  const std::string_view after = parser.parse(json);
  RC_ASSERT(after == before);
}

/// Converts to anything: T{any, any} compiles exactly as long as T has that many members.
struct any {
  template <class T>
  operator T() const;
};

template <class T, class... Any>
constexpr std::size_t member_count() {
  if constexpr (requires { T{Any{}..., any{}}; })
    return member_count<T, Any..., any>();
  else
    return sizeof...(Any);
}

template <std::size_t... I>
constexpr bool lists_are_complete(std::index_sequence<I...>) {
  const auto complete = []<class T>(std::type_identity<T>) { return member_count<T>() == std::tuple_size_v<decltype(codec::fields<T>::list)>; };
  return (complete(std::type_identity<std::variant_alternative_t<I, event>>{}) && ...) && complete(std::type_identity<order_input>{}) &&
         complete(std::type_identity<order_line>{}) && complete(std::type_identity<address>{}) && complete(std::type_identity<allocation>{}) &&
         complete(std::type_identity<fraud_assessment>{}) && complete(std::type_identity<fraud_reason>{}) && complete(std::type_identity<planned_shipment>{});
}
static_assert(lists_are_complete(std::make_index_sequence<std::variant_size_v<event>>()), "a member of an event is missing in event_fields.hpp");

TEST(EventCodec, StoredFormIsFixedForEver) {
  EXPECT_EQ(encoded(order_confirmed{}), "{}");
  EXPECT_EQ(encoded(order_released{order_status::fulfilling}), R"({"to":"fulfilling"})");
  EXPECT_EQ(encoded(stock_reserved{{{1, "A-1", "berlin", 3, 250, true}}}),
            R"({"allocations":[{"line":1,"sku":"A-1","warehouse":"berlin","quantity":3,"weight_grams":250,"inspect":true}]})");
  operation_settled settled{4, operation_outcome::unknown, "", "timeout", "no answer", "", time_point{duration{1'700'000'000'123}}};
  EXPECT_EQ(encoded(settled), R"({"n":4,"outcome":"unknown","code":"timeout","message":"no answer","retry_at":"2023-11-14T22:13:20.123Z"})");
  EXPECT_EQ(encoded(refund_asked{1, 250, "late", "op", {0, 2}, true}), R"({"n":1,"amount":250,"reason":"late","by":"op","lines":[0,2],"restock":true})");
}

TEST(EventCodec, AnOlderEventWithoutAFieldGetsTheDefault) {
  const auto e = decode("operation_requested", R"({"n":2,"kind":"refund"})");
  ASSERT_TRUE(e);
  const auto& op = std::get<operation_requested>(*e);
  EXPECT_EQ(op.n, 2u);
  EXPECT_EQ(op.kind, operation_kind::refund);
  EXPECT_EQ(op.amount, 0);
  EXPECT_EQ(op.target, "");
}

TEST(EventCodec, ANewerEventsUnknownFieldsAreSkipped) {
  const auto e = decode("order_cancelled", R"({"by":"u","mood":{"deep":[1,2]},"reason":"r"})");
  ASSERT_TRUE(e);
  EXPECT_EQ(std::get<order_cancelled>(*e).reason, "r");
}

TEST(EventCodec, RefusesWhatItCannotReadAndNamesTheField) {
  for (const auto& [type, data, says] :
       std::vector<std::array<std::string, 3>>{{"order_teleported", "{}", "order_teleported"},
                                               {"order_released", R"({"to":"limbo"})", "to: 'limbo'"},
                                               {"review_opened", R"({"n":-1})", "n: out of range"},
                                               {"review_opened", R"({"n":"1"})", "n:"},
                                               {"order_received", R"({"input":{"items":[{"quantity":3000000000}]}})", "input: items: quantity: out of range"},
                                               {"order_received", R"({"input":{"currency":{"code":"DOLLAR"}}})", "currency: not a currency"},
                                               {"tracking_updated", R"({"occurred_at":"yesterday"})", "occurred_at"},
                                               {"order_confirmed", R"([])", "order_confirmed"},
                                               {"order_confirmed", R"({)", "order_confirmed"}}) {
    const auto e = decode(type, data);
    ASSERT_FALSE(e) << type << ' ' << data;
    EXPECT_EQ(e.error().code, errc::internal);
    EXPECT_NE(e.error().detail.find(says), std::string::npos) << e.error().detail;
  }
}

TEST(EventCodec, MetadataComesBackToTheLetter) {
  order_received r;
  order_input in;
  in.metadata = R"({"big":123456789012345678901234567890,"price":1.10,"e":1E5})";
  r.input = in;
  const auto e = decode("order_received", encoded(r));
  ASSERT_TRUE(e);
  EXPECT_EQ(std::get<order_received>(*e).input->metadata, in.metadata);
}

TEST(EventCodec, ShownDataHidesThePaymentTokenAndOpensTheMetadata) {
  order_received r;
  order_input in;
  in.payment_token = "tok_secret";
  in.metadata = R"({"gift":true})";
  r.input = std::move(in);
  const auto shown = shown_data("order_received", encoded(r));
  EXPECT_EQ(shown.find("tok_secret"), std::string::npos);
  EXPECT_NE(shown.find(R"("metadata":{"gift":true})"), std::string::npos);
  EXPECT_EQ(shown_data("order_confirmed", "{}"), "{}");
  const history_entry h{1, "ord_x", 1, "order_received", time_point{}, "u", "t", encoded(r)};
  EXPECT_EQ(history_document(h).find("tok_secret"), std::string::npos);
}

TEST(EventCodec, ShownDataOfAnUnreadableEventShowsNothing) { EXPECT_EQ(shown_data("order_received", R"({"payment_token":"tok"])"), "{}"); }

TEST(EventCodec, BrokenUtf8IsMendedInsteadOfSpoilingTheEvent) {
  std::string json;
  write_json_string("a\xff\xc3(\xe2\x82\xac\xf0\x9f", json);
  EXPECT_EQ(json, "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\xe2\x82\xac\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(EventCodec, HistoryDocumentShowsSeqTypeTimeAndActor) {
  const history_entry h{9, "ord_x", 2, "order_cancelled", time_point{duration{0}}, "user \"7\"", "t", R"({"by":"u"})"};
  EXPECT_EQ(history_document(h), R"({"seq":2,"type":"order_cancelled","at":"1970-01-01T00:00:00.000Z","by":"user \"7\"","data":{"by":"u"}})");
}

TEST(Rebuild, RefusesAStreamWithAGap) {
  const auto o = rebuild({{1, "ord_x", 2, "order_confirmed", time_point{}, "", "", "{}"}});
  ASSERT_FALSE(o);
  EXPECT_NE(o.error().detail.find("ord_x"), std::string::npos);
}

TEST(Rebuild, NamesTheEventThatCannotBeRead) {
  const auto o = rebuild({{1, "ord_x", 1, "order_melted", time_point{}, "", "", "{}"}});
  ASSERT_FALSE(o);
  EXPECT_NE(o.error().detail.find("ord_x seq 1"), std::string::npos);
}

}  // namespace
}  // namespace coreldove::persistence
