#include "http/routes.hpp"

#include <algorithm>
#include <array>

#include "http/handlers/handlers.hpp"

namespace coreldove::http {
namespace {

using enum method;
using enum body_kind;

// A path is looked up from the top: rows without parameters stand before rows that would match the same path.
constexpr std::array table{
    route{post, "~/orders", any_role, json, post_order, "placeOrder"},
    route{get, "~/orders", any_role, none, list_orders, "listOrders"},
    route{post, "~/orders/bulk", any_role, ndjson, post_orders_in_bulk, "placeOrdersInBulk"},
    route{get, "~/orders/{id}", any_role, none, get_order, "getOrder"},
    route{put, "~/orders/{id}/status", staff, json, put_status, "changeOrderStatus"},
    route{post, "~/orders/{id}/cancel", any_role, json, cancel_order, "cancelOrder"},
    route{post, "~/orders/{id}/fulfill", staff, optional_json, fulfill_order, "fulfillOrder"},
    route{post, "~/orders/{id}/refund", managers, json, refund_order, "refundOrder"},
    route{get, "~/orders/{id}/tracking", any_role, none, get_tracking, "getTracking"},
    route{get, "~/orders/{id}/events", staff, none, get_history, "getOrderEvents"},
    route{get, "~/orders/{id}/ledger", staff, none, get_ledger, "getOrderLedger"},
    route{get, "~/orders/{id}/evidence", staff, none, get_evidence, "getOrderEvidence"},
    route{get, "~/payments/inbox", staff, none, list_payment_inbox, "listPaymentInbox"},
    route{post, "~/payments/findings", managers, json, post_payment_finding, "takePaymentFinding"},
    route{get, "~/inventory", staff, none, list_inventory, "listInventory"},
    route{get, "~/inventory/certificate", staff, none, get_certificate, "getStockCertificate"},
    route{get, "~/inventory/{sku}", staff, none, get_inventory, "getInventory"},
    route{put, "~/inventory/{sku}", staff, json, put_inventory, "adjustInventory"},
    route{get, "~/reviews", staff, none, list_reviews, "listReviews"},
    route{post, "~/reviews/{id}/approve", staff, optional_json, approve_review, "approveReview"},
    route{post, "~/reviews/{id}/reject", staff, optional_json, reject_review, "rejectReview"},
    route{get, "~/payments/routing", staff, none, get_routing, "getPaymentRouting"},
    route{put, "~/payments/routing", staff, json, put_routing, "setPaymentRouting"},
    route{get, "~/analytics/performance", staff, none, get_performance, "getPerformance"},
    route{get, "~/analytics/inventory", staff, none, get_inventory_figures, "getInventoryFigures"},
    route{get, "~/cluster", admins, none, get_cluster, "getCluster"},
    route{get, "~/events/stream", staff, none, stream_events, "streamEvents"},
    route{post, "~/webhooks/in/{source}", everybody, raw, take_webhook, "receiveWebhook"},
    route{get, "~/pay/{form}", everybody, none, show_payment_page, "showPaymentPage"},
    route{post, "~/pay/{form}", everybody, raw, show_payment_page, "returnToPaymentPage"},
    route{get, "/health", everybody, none, get_health, "getHealth"},
    route{get, "/health/live", everybody, none, get_liveness, "getLiveness"},
    route{get, "/health/ready", everybody, none, get_readiness, "getReadiness"},
    route{get, "/metrics", everybody, none, get_metrics, "getMetrics"},
    route{get, "/openapi.json", everybody, none, get_openapi, "getOpenApi"},
    route{get, "/docs", everybody, none, get_docs, "getDocs"},
    route{post, "/cluster/commands", everybody, raw, take_forwarded, "takeForwarded", true},
};

/// Whether `path` has the shape of `pattern`; the segment that stands for the parameter goes to `parameter`.
bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  while (true) {
    const auto open = pattern.find('{');
    const auto literal = pattern.substr(0, open);
    if (!path.starts_with(literal)) return false;
    path.remove_prefix(literal.size());
    if (open == std::string_view::npos) return path.empty();
    pattern.remove_prefix(pattern.find('}') + 1);
    parameter = path.substr(0, path.find('/'));
    if (parameter.empty()) return false;
    path.remove_prefix(parameter.size());
  }
}

std::string allowed_methods(std::string_view pattern) {
  std::string out;
  for (const auto& row : table) {
    if (row.pattern != pattern) continue;
    out.append(to_string(row.method)).append(row.method == get ? ", HEAD, " : ", ");
  }
  return out.append("OPTIONS");
}

}  // namespace

std::span<const route> routes() { return table; }

route_match find_route(request& rq, bool between_nodes) {
  auto path = rq.path;
  const bool api = path.starts_with(api_prefix) && path.substr(api_prefix.size()).starts_with('/');
  if (api) path.remove_prefix(api_prefix.size());
  const auto wanted = rq.method == head ? get : rq.method;
  std::string_view pattern;
  for (const auto& row : table) {
    auto rest = row.pattern;
    if (rest.starts_with('~') != api || row.between_nodes != between_nodes) continue;
    if (api) rest.remove_prefix(1);
    if (pattern.empty() ? !matches(rest, path, rq.parameters[0]) : row.pattern != pattern) continue;
    pattern = row.pattern;
    if (row.method == wanted) return {&row, true, {}};
  }
  if (pattern.empty()) return {};
  return {nullptr, true, allowed_methods(pattern)};
}

}  // namespace coreldove::http
