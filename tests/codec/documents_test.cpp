// The documents as clients see them: fixed texts, so that a change of the contract cannot slip in.
#include <gtest/gtest.h>
#include <simdjson.h>

#include "persistence/codec/event_codec.hpp"

namespace coreldove::persistence {
namespace {

using namespace domain;

time_point at(std::int64_t s) { return time_point{duration{1'780'000'000'000 + s * 1'000}}; }

constexpr const char* id = "ord_01KSPPN4000000000000000000";

/// Received, reserved, authorised, held for a review and released, labelled, on its way.
order long_life() {
  order o;
  order_input in;
  in.customer_id = "cust_123";
  in.customer_email = "a@example.com";
  in.currency = {{'U', 'S', 'D'}, 2};
  in.items = {{"prod_456", "WIDGET-001", "Premium \"Widget\"", 2, 2'999, 5'998}};
  in.billing = in.shipping = {"A. Buyer", "1 Main St", "", "Springfield", "IL", "62701", "US", "+12175550100"};
  in.payment_method = "credit_card";
  in.payment_token = "tok_visa";
  in.payment_gateway = "stripe";
  in.shipping_method = "standard";
  in.shipping_cost = 500;
  in.discount = 98;
  in.metadata = R"({"gift":1.10})";
  const std::vector<allocation> held{{0, "WIDGET-001", "berlin", 2, 250, false}};
  const std::vector<event> events{
      order_received{id, "key_1", in},
      fraud_assessed{{125, "accept", {{"velocity", 125, "2 orders in an hour"}}}},
      stock_reserved{held},
      operation_requested{1, operation_kind::authorize, "stripe", 6'400, 0, "", ""},
      review_opened{1, review_kind::high_value, "above 50.00"},
      order_held{},
      operation_settled{1, operation_outcome::done, "pi_1", "", "", "", {}},
      review_decided{1, true, "op", "fine"},
      order_released{order_status::received},
      order_confirmed{},
      fulfillment_planned{{{1, "berlin", "fedex", "standard", held}}},
      operation_requested{2, operation_kind::label, "fedex", 0, 1, "", ""},
      operation_settled{2, operation_outcome::done, "lbl_1", "", "", "794600000001", {}},
      shipment_shipped{1},
      tracking_updated{1, tracking_state::in_transit, "ev1", at(100), "Departed", "Memphis, TN"},
  };
  std::int64_t s = 0;
  for (const auto& e : events) evolve(o, e, at(s++));
  return o;
}

TEST(Documents, AnOrderIsShownAsTheContractSays) {
  EXPECT_EQ(order_document(long_life()),
            R"({"id":"ord_01KSPPN4000000000000000000","status":"fulfilling","payment_status":"authorized",)"
            R"("fulfillment_status":"fulfilled","version":15,"customer_id":"cust_123","customer_email":"a@example.com",)"
            R"("currency":"USD",)"
            R"("items":[{"product_id":"prod_456","sku":"WIDGET-001","name":"Premium \"Widget\"","quantity":2,"unit_price":"29.99",)"
            R"("total_price":"59.98"}],)"
            R"("billing_address":{"name":"A. Buyer","line1":"1 Main St","line2":"","city":"Springfield","state":"IL","postal_code":"62701",)"
            R"("country":"US","phone":"+12175550100"},)"
            R"("shipping_address":{"name":"A. Buyer","line1":"1 Main St","line2":"","city":"Springfield","state":"IL","postal_code":"62701",)"
            R"("country":"US","phone":"+12175550100"},"payment_method":"credit_card","payment_gateway":"stripe",)"
            R"("shipping_method":"standard","shipping_cost":"5.00","tax":"0.00","discount":"0.98","metadata":{"gift":1.10},)"
            R"("amounts":{"subtotal":"59.98","discount":"0.98","tax":"0.00","shipping":"5.00","total":"64.00","authorized":"64.00",)"
            R"("captured":"0.00","refunded":"0.00"},)"
            R"("fraud":{"score":12.5,"decision":"accept","reasons":[{"code":"velocity","points":12.5,"detail":"2 orders in an hour"}]},)"
            R"("payment":{"gateway":"stripe","authorization_id":"pi_1","attempts":[{"gateway":"stripe",)"
            R"("operation":"authorize","outcome":"done","code":null,"at":"2026-05-28T20:26:46.000Z"}]},)"
            R"("allocations":[],)"
            R"("shipments":[{"id":"shp_01KSPPN4000000000000000000-1","warehouse":"berlin","carrier":"fedex","service":"standard",)"
            R"("status":"shipped","tracking_number":"794600000001","tracking_status":"in_transit","lines":[{"sku":"WIDGET-001","quantity":2}]}],)"
            R"("reviews":[{"id":"rev_01KSPPN4000000000000000000-1","kind":"high_value","status":"approved","reason":"above 50.00",)"
            R"("opened_at":"2026-05-28T20:26:44.000Z","decided_at":"2026-05-28T20:26:47.000Z","decided_by":"op","note":"fine"}],)"
            R"("rejection":null,"created_at":"2026-05-28T20:26:40.000Z","updated_at":"2026-05-28T20:26:54.000Z"})");
}

TEST(Documents, AReviewIsShownWithItsOrder) {
  const auto o = long_life();
  EXPECT_EQ(review_document(o, o.reviews[0]),
            R"({"id":"rev_01KSPPN4000000000000000000-1","kind":"high_value","status":"approved","reason":"above 50.00",)"
            R"("opened_at":"2026-05-28T20:26:44.000Z","decided_at":"2026-05-28T20:26:47.000Z","decided_by":"op","note":"fine",)"
            R"("order_id":"ord_01KSPPN4000000000000000000","customer_id":"cust_123","currency":"USD","total":"64.00"})");
}

TEST(Documents, TrackingShowsEveryShipmentWithItsHistory) {
  EXPECT_EQ(tracking_document(long_life()),
            R"({"order_id":"ord_01KSPPN4000000000000000000","fulfillment_status":"fulfilled",)"
            R"("shipments":[{"id":"shp_01KSPPN4000000000000000000-1","warehouse":"berlin","carrier":"fedex","service":"standard",)"
            R"("status":"shipped","tracking_number":"794600000001","tracking_status":"in_transit","lines":[{"sku":"WIDGET-001","quantity":2}],)"
            R"("events":[{"status":"in_transit","description":"Departed","location":"Memphis, TN",)"
            R"("occurred_at":"2026-05-28T20:28:20.000Z","recorded_at":"2026-05-28T20:26:54.000Z"}]}]})");
}

TEST(Documents, NoDocumentShowsThePaymentToken) {
  const auto o = long_life();
  for (const auto& text : {order_document(o), tracking_document(o), review_document(o, o.reviews[0])}) EXPECT_EQ(text.find("tok_visa"), std::string::npos);
}

TEST(Documents, MoneyHasTheCurrencysOwnDigits) {
  auto o = long_life();
  auto in = *o.input;
  in.currency = {{'J', 'P', 'Y'}, 0};
  o.input = in;
  EXPECT_NE(order_document(o).find(R"("total":"6400")"), std::string::npos);
  in.currency = {{'K', 'W', 'D'}, 3};
  o.input = in;
  EXPECT_NE(order_document(o).find(R"("total":"6.400")"), std::string::npos);
}

TEST(Documents, ARejectionAndACancellationSayWhy) {
  order o;
  evolve(o, order_received{id, "u", {}}, at(0));
  evolve(o, order_rejected{"out_of_stock", "WIDGET-001"}, at(1));
  EXPECT_NE(order_document(o).find(R"("rejection":{"code":"out_of_stock","detail":"WIDGET-001"})"), std::string::npos);
  EXPECT_EQ(order_document(o).find("cancel_reason"), std::string::npos);
  order c;
  evolve(c, order_received{id, "u", {}}, at(0));
  evolve(c, order_cancelled{"u", "too late"}, at(1));
  EXPECT_NE(order_document(c).find(R"("cancel_reason":"too late")"), std::string::npos);
  EXPECT_NE(order_document(c).find(R"("fraud":null)"), std::string::npos);
}

TEST(Documents, AreValidJsonWhateverTheTextsHold) {
  auto o = long_life();
  auto in = *o.input;
  in.items[0].name = "\x01\"\\\xff €";
  in.billing.name = std::string("a\0b", 3);
  o.input = in;
  simdjson::dom::parser parser;
  simdjson::dom::element e;
  EXPECT_EQ(parser.parse(order_document(o)).get(e), simdjson::SUCCESS);
  EXPECT_EQ(std::string_view(e["billing_address"]["name"]), std::string_view("a\0b", 3));
}

TEST(Documents, AnOrderRebuiltFromItsStreamGivesTheSameText) {
  const auto o = long_life();
  order_received first{id, "key_1", o.input};
  std::string data;
  encode(first, data);
  const auto rebuilt = rebuild({{1, id, 1, "order_received", at(0), "key_1", "", data}});
  ASSERT_TRUE(rebuilt);
  order direct;
  evolve(direct, first, at(0));
  EXPECT_EQ(order_document(*rebuilt), order_document(direct));
}

}  // namespace
}  // namespace coreldove::persistence
