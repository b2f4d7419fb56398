// What a payment adds to an order in this process, beside the one HTTP exchange with the gateway and the messages between actors: the choice of a gateway, the
// order's own decisions, their events, the request and its answer, and the webhook that tells the same once more.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "bench/micro/sample_order.hpp"
#include "domain/routing.hpp"
#include "integrations/http/client.hpp"
#include "integrations/http/hmac.hpp"
#include "integrations/stripe/outcomes.hpp"
#include "integrations/stripe/stripe.hpp"
#include "persistence/codec/event_codec.hpp"

namespace {

using namespace coreldove;
namespace stripe = integrations::stripe;

constexpr domain::time_point some_time{std::chrono::milliseconds{1'795'000'000'000}};
const std::string order_id = "ord_01JD00000000000000000000AB";
const std::string key = order_id + "/authorize/1";

/// Four gateways; each of them may be the best.
class board final : public domain::payment_routes {
public:
  board() {
    view_.policy = domain::usual_routing_policy();
    for (const auto* name : {"paypal", "payu", "razorpay", "stripe"}) view_.gateways.push_back({name, {}, false, {}, 0.2});
    view_.default_gateway = "stripe";
    view_.learnt = domain::success_table{4, view_.policy.learning};
  }
  domain::route choose(const domain::route_question& q) const override { return domain::choose_route(view_, q, 0, 0); }

private:
  domain::routing_view view_;
};

domain::order_input free_input() {
  auto in = bench::sample_input();
  in.payment_gateway.clear();
  in.payment_token.clear();
  return in;
}

domain::place_order placing(const domain::order_input& in) {
  std::vector<domain::allocation> stock;
  for (std::uint32_t i = 0; i < in.items.size(); ++i) stock.push_back({i, in.items[i].sku, "US-EAST", in.items[i].quantity, 110, false});
  return {order_id, in, "bench", {0, "accept", {}}, std::move(stock)};
}

/// Placed, and waiting for the answer to its authorization.
domain::order waiting_order(const domain::policy& rules, const board& routes) {
  domain::order o;
  const auto events = domain::decide(o, placing(free_input()), rules, some_time, &routes);
  for (const auto& e : *events) domain::evolve(o, e, some_time);
  return o;
}

/// As Stripe writes it, much of which nobody here reads.
std::string answer_of_stripe(std::int64_t amount) {
  return fmt::format(
      R"({{"id":"pi_3MtwBwLkdIwHu7ix28a3tqPa","object":"payment_intent","amount":{0},"amount_capturable":{0},"amount_details":{{"tip":{{}}}},"amount_received":0,)"
      R"("application":null,"application_fee_amount":null,"automatic_payment_methods":null,"canceled_at":null,"cancellation_reason":null,"capture_method":"manual",)"
      R"("client_secret":"pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH","confirmation_method":"automatic","created":1680800504,"currency":"usd",)"
      R"("customer":null,"description":null,"invoice":null,"last_payment_error":null,"latest_charge":"ch_3MtwBwLkdIwHu7ix28a3tqPa","livemode":false,)"
      R"("metadata":{{"order_id":"{1}","idempotency_key":"{2}"}},"next_action":null,"on_behalf_of":null,"payment_method":"pm_1MtwBwLkdIwHu7ixUEgbFdYF",)"
      R"("payment_method_options":{{"card":{{"installments":null,"mandate_options":null,"network":null,"request_three_d_secure":"automatic"}}}},)"
      R"("payment_method_types":["card"],"processing":null,"receipt_email":null,"review":null,"setup_future_usage":null,"shipping":null,"source":null,)"
      R"("statement_descriptor":null,"statement_descriptor_suffix":null,"status":"requires_capture","transfer_data":null,"transfer_group":null}})",
      amount, order_id, key);
}

/// The adapter with a client that has been stopped: requests are made in full, and handed over to nobody.
class adapter {
public:
  adapter() : gateway_{stripe::make_stripe({.api_base = "https://api.stripe.com", .secret_key = "sk_test_0123456789", .multicapture = true}, client_)} {
    client_.stop();
  }
  void authorize(const domain::order_input& in, domain::minor_units amount) {
    integrations::charge c{amount, in.currency, "tok_visa", in.customer_email, in.payment_method};
    c.return_url = "https://shop.example/thanks";
    gateway_->authorize(c, {order_id, key, "0af7651916cd43dd8448eb211c80319c", std::chrono::seconds{10}, false},
                        [](integrations::outcome o) { benchmark::DoNotOptimize(o); });
  }

private:
  integrations::http::client client_;
  std::shared_ptr<integrations::payment_gateway> gateway_;
};

integrations::outcome outcome_in(const std::string& body, std::int64_t amount) {
  const auto i = stripe::read_intent(body);
  return i ? stripe::authorization(*i, {amount, "usd", key}) : stripe::unreadable();
}

domain::settle_operation settling(const domain::order& o, integrations::outcome got) {
  domain::settle_operation c;
  c.n = o.operations.back().n;
  c.outcome = got.kind;
  c.reference = std::move(got.reference);
  return c;
}

std::size_t written(const std::vector<domain::event>& events) {
  std::string text;
  for (const auto& e : events) persistence::encode(e, text);
  return text.size();
}

bool is_about_the_payment(const domain::event& e) {
  return std::holds_alternative<domain::operation_requested>(e) || std::holds_alternative<domain::payment_routed>(e);
}

/// The whole of it. The decision to place the order is made anyway; its part that is the payment's is the route and two of its events.
void BM_PaymentPartOfAnOrder(benchmark::State& state) {
  const board routes;
  const domain::policy rules;
  const auto in = free_input();
  const auto waiting = waiting_order(rules, routes);
  const auto amount = waiting.total();
  const auto body = answer_of_stripe(amount);
  auto placed = *domain::decide(domain::order{}, placing(in), rules, some_time, &routes);
  std::erase_if(placed, [](const domain::event& e) { return !is_about_the_payment(e); });
  adapter stripe_itself;
  domain::route_question q{&in, amount, order_id, 1, {}, some_time};
  for (auto _ : state) {
    ++q.operation;
    benchmark::DoNotOptimize(routes.choose(q));
    benchmark::DoNotOptimize(written(placed));
    stripe_itself.authorize(in, amount);
    auto o = waiting;
    const auto events = domain::decide(o, settling(o, outcome_in(body, amount)), rules, some_time, &routes);
    for (const auto& e : *events) domain::evolve(o, e, some_time);
    benchmark::DoNotOptimize(written(*events));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PaymentPartOfAnOrder);

void BM_PaymentRequestOfStripe(benchmark::State& state) {
  const auto in = free_input();
  adapter stripe_itself;
  for (auto _ : state) stripe_itself.authorize(in, 5'998);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PaymentRequestOfStripe);

void BM_PaymentAnswerOfStripe(benchmark::State& state) {
  const auto body = answer_of_stripe(5'998);
  for (auto _ : state) benchmark::DoNotOptimize(outcome_in(body, 5'998));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PaymentAnswerOfStripe);

/// Signature and all; an HTTP exchange of its own brings it.
void BM_PaymentWebhookOfStripe(benchmark::State& state) {
  const auto body =
      fmt::format(R"({{"id":"evt_1","object":"event","type":"payment_intent.amount_capturable_updated","data":{{"object":{}}}}})", answer_of_stripe(5'998));
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(some_time.time_since_epoch()).count();
  const auto signature =
      fmt::format("t={},v1={}", now, integrations::http::to_hex(integrations::http::hmac_sha256("whsec_1", fmt::format("{}.{}", now, body))));
  const auto reader = stripe::make_stripe_webhook("whsec_1");
  const integrations::header_lookup headers = [&](std::string_view) { return signature; };
  for (auto _ : state) {
    auto read = reader->read(headers, body, some_time);
    if (!read) return state.SkipWithError("the webhook is refused");
    benchmark::DoNotOptimize(read);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PaymentWebhookOfStripe);

}  // namespace
