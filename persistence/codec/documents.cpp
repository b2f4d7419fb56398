#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/json_writer.hpp"

namespace coreldove::persistence {
namespace {

void write_address(json_writer& w, std::string_view name, const domain::address& a) {
  w.key(name), w.begin_object();
  w.field("name", a.name);
  w.field("line1", a.line1);
  w.field("line2", a.line2);
  w.field("city", a.city);
  w.field("state", a.state);
  w.field("postal_code", a.postal_code);
  w.field("country", a.country);
  w.field("phone", a.phone);
  w.end_object();
}

/// All of what came in, except the payment token.
void write_input(json_writer& w, const domain::order_input& in) {
  const auto digits = in.currency.digits;
  w.field("customer_id", in.customer_id);
  w.field_or_null("customer_email", in.customer_email);
  w.field("currency", in.currency.name());
  w.key("items"), w.begin_array();
  for (const auto& line : in.items) {
    w.begin_object();
    w.field("product_id", line.product_id);
    w.field("sku", line.sku);
    w.field("name", line.name);
    w.key("quantity"), w.integer(line.quantity);
    w.key("unit_price"), w.amount(line.unit_price, digits);
    w.key("total_price"), w.amount(line.total_price, digits);
    w.end_object();
  }
  w.end_array();
  write_address(w, "billing_address", in.billing);
  write_address(w, "shipping_address", in.shipping);
  w.field("payment_method", in.payment_method);
  w.field_or_null("payment_gateway", in.payment_gateway);
  w.field("shipping_method", in.shipping_method);
  w.key("shipping_cost"), w.amount(in.shipping_cost, digits);
  w.key("tax"), w.amount(in.tax, digits);
  w.key("discount"), w.amount(in.discount, digits);
  w.key("metadata"), w.raw(in.metadata.empty() ? "{}" : in.metadata);
}

void write_amounts(json_writer& w, const domain::order& o) {
  const auto digits = o.input->currency.digits;
  w.key("amounts"), w.begin_object();
  w.key("subtotal"), w.amount(o.input->subtotal(), digits);
  w.key("discount"), w.amount(o.input->discount, digits);
  w.key("tax"), w.amount(o.input->tax, digits);
  w.key("shipping"), w.amount(o.input->shipping_cost, digits);
  w.key("total"), w.amount(o.total(), digits);
  w.key("authorized"), w.amount(o.authorized, digits);
  w.key("captured"), w.amount(o.captured, digits);
  w.key("refunded"), w.amount(o.refunded, digits);
  w.end_object();
}

void write_fraud(json_writer& w, const domain::order& o) {
  w.key("fraud");
  if (!o.fraud) return w.null();
  w.begin_object();
  w.key("score"), w.raw(domain::format_amount(o.fraud->score, 1));
  w.field("decision", o.fraud->decision);
  w.key("reasons"), w.begin_array();
  for (const auto& r : o.fraud->reasons) {
    w.begin_object();
    w.field("code", r.code);
    w.key("points"), w.raw(domain::format_amount(r.points, 1));
    w.field("detail", r.detail);
    w.end_object();
  }
  w.end_array();
  w.end_object();
}

void write_disputes(json_writer& w, const domain::order& o) {
  w.key("disputes"), w.begin_array();
  for (const auto& d : o.disputes) {
    w.begin_object();
    w.field("gateway", d.gateway);
    w.field("reference", d.reference);
    w.field("status", to_string(d.state));
    w.key("amount"), w.amount(d.amount, o.input->currency.digits);
    w.field_or_null("reason", d.reason);
    w.key("answer_by");
    if (d.answer_by)
      w.time(*d.answer_by);
    else
      w.null();
    w.key("opened_at"), w.time(d.opened_at);
    w.key("closed_at");
    if (d.state == domain::dispute::verdict::open)
      w.null();
    else
      w.time(d.closed_at);
    w.end_object();
  }
  w.end_array();
}

void write_payment(json_writer& w, const domain::order& o) {
  const auto* authorization = o.find(domain::operation_kind::authorize);
  w.key("payment"), w.begin_object();
  w.field_or_null("gateway", authorization != nullptr ? authorization->party : o.input->payment_gateway);
  w.field_or_null("authorization_id", authorization != nullptr ? std::string_view(authorization->reference) : std::string_view());
  w.key("attempts"), w.begin_array();
  for (const auto& a : o.attempts) {
    w.begin_object();
    w.field("gateway", a.gateway);
    w.field("operation", a.operation);
    w.field("outcome", a.outcome);
    w.field_or_null("code", a.code);
    w.key("at"), w.time(a.at);
    w.end_object();
  }
  w.end_array();
  if (!o.disputes.empty()) write_disputes(w, o);
  w.end_object();
}

/// What the buyer has to do before the order goes on; only while it waits for him.
void write_next_action(json_writer& w, const domain::order& o) {
  const auto* awaited = domain::awaited_approval(o);
  if (awaited == nullptr) return;
  w.key("next_action"), w.begin_object();
  w.field("type", "redirect_to_url");
  w.field("redirect_url", awaited->redirect_url);
  w.key("expires_at"), w.time(*awaited->expires_at);
  w.end_object();
}

void write_allocations(json_writer& w, const domain::order& o) {
  w.key("allocations"), w.begin_array();
  for (const auto& a : o.allocations) {
    w.begin_object();
    w.field("sku", a.sku);
    w.field("warehouse", a.warehouse);
    w.key("quantity"), w.integer(a.quantity);
    w.end_object();
  }
  w.end_array();
}

/// The fields of a shipment, inside an object that the caller opens and closes.
void write_shipment(json_writer& w, const domain::order& o, const domain::shipment& s) {
  w.field("id", domain::shipment_id(o.id, s.plan.n));
  w.field("warehouse", s.plan.warehouse);
  w.field("carrier", s.plan.carrier);
  w.field("service", s.plan.service);
  w.field("status", to_string(s.state));
  w.field_or_null("tracking_number", s.tracking_number);
  w.field_or_null("tracking_status", s.tracking_number.empty() ? std::string_view() : to_string(s.tracking));
  w.key("lines"), w.begin_array();
  for (const auto& a : s.plan.contents) {
    w.begin_object();
    w.field("sku", a.sku);
    w.key("quantity"), w.integer(a.quantity);
    w.end_object();
  }
  w.end_array();
}

/// What the outside world had answered when a person was asked: all that there is to judge by.
void write_evidence(json_writer& w, const domain::order& o, const domain::review& r) {
  const auto& op = o.operations.at(r.operation - 1);
  w.key("evidence"), w.begin_object();
  w.field("operation", to_string(op.kind));
  w.field("party", op.party);
  w.field("idempotency_key", domain::idempotency_key(o, op));
  w.key("amount");
  if (op.amount > 0)
    w.amount(op.amount, o.input->currency.digits);
  else
    w.null();
  w.field_or_null("target", op.target);
  w.key("requested_at"), w.time(op.requested_at);
  w.key("answers"), w.begin_array();
  for (std::size_t i = 0; i < r.evidence; ++i) {
    const auto& a = op.answers[i];
    w.begin_object();
    w.key("at"), w.time(a.at);
    w.field("outcome", to_string(a.outcome));
    w.field_or_null("code", a.code);
    w.field_or_null("message", a.message);
    w.end_object();
  }
  w.end_array();
  w.end_object();
}

void write_review(json_writer& w, const domain::order& o, const domain::review& r) {
  const bool decided = r.state != domain::review::verdict::open;
  w.field("id", domain::review_id(o.id, r.n));
  w.field("kind", to_string(r.kind));
  w.field("status", verdict_name(r.state));
  w.field("reason", r.reason);
  w.key("opened_at"), w.time(r.opened_at);
  w.key("decided_at");
  if (decided)
    w.time(r.decided_at);
  else
    w.null();
  w.field_or_null("decided_by", r.by);
  w.field_or_null("note", r.note);
  if (r.operation > 0) write_evidence(w, o, r);
}

void write_end(json_writer& w, const domain::order& o) {
  w.key("rejection");
  if (o.rejection) {
    w.begin_object();
    w.field("code", o.rejection->code);
    w.field("detail", o.rejection->detail);
    w.end_object();
  } else {
    w.null();
  }
  if (o.status == domain::order_status::cancelled) w.field("cancel_reason", o.cancel_reason);
}

}  // namespace

std::string_view verdict_name(domain::review::verdict v) {
  switch (v) {
    case domain::review::verdict::open:
      return "open";
    case domain::review::verdict::approved:
      return "approved";
    case domain::review::verdict::rejected:
      return "rejected";
  }
  return "open";
}

std::string order_document(const domain::order& o) {
  std::string out;
  out.reserve(2048);  // the median order of the load profile takes about 1,700 bytes
  json_writer w(out);
  w.begin_object();
  w.field("id", o.id);
  w.field("status", to_string(o.status));
  w.field("payment_status", to_string(payment_status_of(o)));
  w.field("fulfillment_status", to_string(fulfillment_status_of(o)));
  w.key("version"), w.integer(o.version);
  write_input(w, *o.input);
  write_amounts(w, o);
  write_fraud(w, o);
  write_payment(w, o);
  write_next_action(w, o);
  write_allocations(w, o);
  w.key("shipments"), w.begin_array();
  for (const auto& s : o.shipments) w.begin_object(), write_shipment(w, o, s), w.end_object();
  w.end_array();
  w.key("reviews"), w.begin_array();
  for (const auto& r : o.reviews) w.begin_object(), write_review(w, o, r), w.end_object();
  w.end_array();
  write_end(w, o);
  w.key("created_at"), w.time(o.created_at);
  w.key("updated_at"), w.time(o.updated_at);
  w.end_object();
  return out;
}

std::string review_document(const domain::order& o, const domain::review& r) {
  // Only what cannot change after the review has been written: the row is not written again with every event of its order.
  std::string out;
  json_writer w(out);
  w.begin_object();
  write_review(w, o, r);
  w.field("order_id", o.id);
  w.field("customer_id", o.input->customer_id);
  w.field("currency", o.input->currency.name());
  w.key("total"), w.amount(o.total(), o.input->currency.digits);
  w.end_object();
  return out;
}

std::string tracking_document(const domain::order& o) {
  std::string out;
  json_writer w(out);
  w.begin_object();
  w.field("order_id", o.id);
  w.field("fulfillment_status", to_string(fulfillment_status_of(o)));
  w.key("shipments"), w.begin_array();
  for (const auto& s : o.shipments) {
    w.begin_object();
    write_shipment(w, o, s);
    w.key("events"), w.begin_array();
    for (const auto& e : s.history) {
      w.begin_object();
      w.field("status", to_string(e.state));
      w.field("description", e.description);
      w.field("location", e.location);
      w.key("occurred_at"), w.time(e.occurred_at);
      w.key("recorded_at"), w.time(e.recorded_at);
      w.end_object();
    }
    w.end_array();
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out;
}

}  // namespace coreldove::persistence
