#pragma once
// What each event consists of, once: the writer and the reader both walk these lists, so they cannot drift apart.
// Names are stored for ever: add fields, never rename or reuse one.
#include <string_view>
#include <tuple>

#include "domain/order.hpp"

namespace coreldove::persistence::codec {

/// How a text field is treated when an event is shown outside.
enum class exposure { open, secret, json };  // secret: left out; json: stored as a text, shown as the object it is

template <class Owner, class Member>
struct field {
  std::string_view name;
  Member Owner::*member;
  exposure shown = exposure::open;
};

template <class Owner, class Member>
constexpr field<Owner, Member> of(std::string_view name, Member Owner::*member, exposure shown = exposure::open) {
  return {name, member, shown};
}

/// Specialised for every struct that is stored: `static constexpr auto list`, a tuple of fields.
template <class T>
struct fields;

template <class T>
concept described = requires {
  fields<T>::list;
};

#define CORELDOVE_FIELDS(type, ...)                            \
  template <>                                                  \
  struct fields<domain::type> {                                \
    using t = domain::type;                                    \
    static constexpr auto list = std::make_tuple(__VA_ARGS__); \
  }

CORELDOVE_FIELDS(address, of("name", &t::name), of("line1", &t::line1), of("line2", &t::line2), of("city", &t::city), of("state", &t::state),
                 of("postal_code", &t::postal_code), of("country", &t::country), of("phone", &t::phone));
CORELDOVE_FIELDS(order_line, of("product_id", &t::product_id), of("sku", &t::sku), of("name", &t::name), of("quantity", &t::quantity),
                 of("unit_price", &t::unit_price), of("total_price", &t::total_price));
CORELDOVE_FIELDS(order_input, of("customer_id", &t::customer_id), of("customer_email", &t::customer_email), of("currency", &t::currency),
                 of("items", &t::items), of("billing_address", &t::billing), of("shipping_address", &t::shipping), of("payment_method", &t::payment_method),
                 of("payment_token", &t::payment_token, exposure::secret), of("payment_gateway", &t::payment_gateway),
                 of("shipping_method", &t::shipping_method), of("shipping_cost", &t::shipping_cost), of("tax", &t::tax), of("discount", &t::discount),
                 of("metadata", &t::metadata, exposure::json));
CORELDOVE_FIELDS(allocation, of("line", &t::line), of("sku", &t::sku), of("warehouse", &t::warehouse), of("quantity", &t::quantity),
                 of("weight_grams", &t::weight_grams), of("inspect", &t::inspect));
CORELDOVE_FIELDS(fraud_reason, of("code", &t::code), of("points", &t::points), of("detail", &t::detail));
CORELDOVE_FIELDS(fraud_assessment, of("score", &t::score), of("decision", &t::decision), of("reasons", &t::reasons));
CORELDOVE_FIELDS(planned_shipment, of("n", &t::n), of("warehouse", &t::warehouse), of("carrier", &t::carrier), of("service", &t::service),
                 of("contents", &t::contents));

CORELDOVE_FIELDS(order_received, of("order_id", &t::order_id), of("placed_by", &t::placed_by), of("input", &t::input));
CORELDOVE_FIELDS(fraud_assessed, of("assessment", &t::assessment));
CORELDOVE_FIELDS(stock_reserved, of("allocations", &t::allocations));
CORELDOVE_FIELDS(stock_released, of("allocations", &t::allocations), of("damaged", &t::damaged));
CORELDOVE_FIELDS(stock_restocked, of("allocations", &t::allocations));
CORELDOVE_FIELDS(review_opened, of("n", &t::n), of("kind", &t::kind), of("reason", &t::reason), of("operation", &t::operation));
CORELDOVE_FIELDS(review_decided, of("n", &t::n), of("approved", &t::approved), of("by", &t::by), of("note", &t::note));
CORELDOVE_FIELDS(order_held);
CORELDOVE_FIELDS(order_released, of("to", &t::to));
CORELDOVE_FIELDS(order_confirmed);
CORELDOVE_FIELDS(order_rejected, of("code", &t::code), of("detail", &t::detail));
CORELDOVE_FIELDS(order_cancelled, of("by", &t::by), of("reason", &t::reason));
CORELDOVE_FIELDS(operation_requested, of("n", &t::n), of("kind", &t::kind), of("party", &t::party), of("amount", &t::amount), of("shipment", &t::shipment),
                 of("target", &t::target), of("reason", &t::reason));
CORELDOVE_FIELDS(operation_settled, of("n", &t::n), of("outcome", &t::outcome), of("reference", &t::reference), of("code", &t::code),
                 of("message", &t::message), of("tracking_number", &t::tracking_number), of("retry_at", &t::retry_at), of("redirect_url", &t::redirect_url),
                 of("expires_at", &t::expires_at));
CORELDOVE_FIELDS(routed_candidate, of("gateway", &t::gateway), of("share", &t::share), of("value", &t::value), of("success", &t::success),
                 of("evidence", &t::evidence), of("latency_ms", &t::latency_ms));
CORELDOVE_FIELDS(routed_out, of("gateway", &t::gateway), of("why", &t::why));
CORELDOVE_FIELDS(payment_routed, of("n", &t::n), of("instead_of", &t::instead_of), of("gateway", &t::gateway), of("reason", &t::reason),
                 of("policy", &t::policy), of("currency", &t::currency), of("method", &t::method), of("size", &t::size), of("candidates", &t::candidates),
                 of("left_out", &t::left_out));
CORELDOVE_FIELDS(operation_retried, of("n", &t::n));
CORELDOVE_FIELDS(authorization_expiring, of("n", &t::n));
CORELDOVE_FIELDS(refund_asked, of("n", &t::n), of("amount", &t::amount), of("reason", &t::reason), of("by", &t::by), of("lines", &t::lines),
                 of("restock", &t::restock));
CORELDOVE_FIELDS(fulfillment_planned, of("shipments", &t::shipments));
CORELDOVE_FIELDS(quality_checked, of("shipment", &t::shipment), of("passed", &t::passed), of("findings", &t::findings));
CORELDOVE_FIELDS(shipment_shipped, of("shipment", &t::shipment));
CORELDOVE_FIELDS(shipment_cancelled, of("shipment", &t::shipment));
CORELDOVE_FIELDS(tracking_updated, of("shipment", &t::shipment), of("state", &t::state), of("source_id", &t::source_id), of("occurred_at", &t::occurred_at),
                 of("description", &t::description), of("location", &t::location));
CORELDOVE_FIELDS(notice_received, of("source", &t::source), of("id", &t::id), of("type", &t::type), of("verdict", &t::verdict), of("operation", &t::operation),
                 of("detail", &t::detail));
CORELDOVE_FIELDS(dispute_opened, of("gateway", &t::gateway), of("reference", &t::reference), of("payment", &t::payment), of("amount", &t::amount),
                 of("reason", &t::reason), of("answer_by", &t::answer_by));
CORELDOVE_FIELDS(dispute_closed, of("reference", &t::reference), of("won", &t::won));
CORELDOVE_FIELDS(order_shipped);
CORELDOVE_FIELDS(order_delivered);

#undef CORELDOVE_FIELDS

}  // namespace coreldove::persistence::codec
