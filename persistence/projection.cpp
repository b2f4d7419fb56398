#include "persistence/projection.hpp"

#include <algorithm>

#include "persistence/codec/event_codec.hpp"

namespace coreldove::persistence {
namespace {

bool awaits_first_answer(const domain::order& o) {
  if (o.status != domain::order_status::received || o.operations.size() != 1) return false;
  const auto& only = o.operations.front();
  return only.state == domain::operation_state::requested && only.attempts == 0 && only.looks == 0;
}

}  // namespace

order_row row_of(const domain::order& o) {
  order_row row;
  row.status = o.status;
  row.payment = payment_status_of(o);
  row.fulfillment = fulfillment_status_of(o);
  row.customer_id = o.input->customer_id;
  row.customer_email = o.input->customer_email;
  row.currency = o.input->currency.name();
  row.currency_digits = o.input->currency.digits;
  row.total = o.total();
  row.captured = o.captured;
  row.refunded = o.refunded;
  row.skus.reserve(o.input->items.size());
  for (const auto& line : o.input->items)
    if (std::find(row.skus.begin(), row.skus.end(), line.sku) == row.skus.end()) row.skus.push_back(line.sku);
  for (const auto& s : o.shipments)
    if (!s.tracking_number.empty()) row.tracking_numbers.push_back(s.tracking_number);
  row.created_at = o.created_at;
  row.updated_at = o.updated_at;
  row.confirmed_at = o.confirmed_at;
  row.shipped_at = o.shipped_at;
  row.delivered_at = o.delivered_at;
  row.unfinished = !is_quiet(o);
  if (!awaits_first_answer(o)) row.document = order_document(o);
  return row;
}

review_change review_row_of(const domain::order& o, const domain::review& r) {
  return {r.n, r.kind, std::string(verdict_name(r.state)), r.opened_at, review_document(o, r)};
}

}  // namespace coreldove::persistence
