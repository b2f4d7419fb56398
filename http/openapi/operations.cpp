#include <array>

#include "http/openapi/texts.hpp"

namespace coreldove::http {
namespace {

constexpr std::array texts{
    operation_text{
        "placeOrder", "Orders", "Place an order",
        "202 once the order is durable, never before. With `Prefer: wait=N` the answer is 201 as soon as the order is confirmed, rejected or on hold, "
        "or 202 when the time is up. With an `Idempotency-Key`, repeating the request gives the first answer again, marked "
        "`Idempotent-Replayed: true`; the same key with another body is 422 `idempotency-key-reused`. Unknown top-level fields are ignored; "
        "fields that only the server writes are refused (`read_only`).",
        "IdempotencyKey PreferWait", "OrderInput", "201:Order 202:Order", "422"},
    operation_text{"listOrders", "Orders", "List orders",
                   "Newest first. Pages by cursor: every order appears exactly once, also while others are added. Customers see their own.",
                   "Status PaymentStatus FulfillmentStatus CustomerId Sku CreatedAfter CreatedBefore MinTotal MaxTotal Q Sort Limit Cursor", "",
                   "200:OrderPage", "422"},
    operation_text{
        "placeOrdersInBulk", "Orders", "Place many orders",
        "NDJSON in, one order a line; NDJSON out, one result a line, in the same order and while rows still arrive. Every row is idempotent: by its own "
        "`idempotency_key`, or by the request's `Idempotency-Key` and the line's number.",
        "IdempotencyKey", "BulkRow", "200:BulkResult", ""},
    operation_text{"getOrder", "Orders", "Look at an order", "The `ETag` is the order's version. Customers do not see `fraud` and `reviews`.",
                   "OrderId IfNoneMatch", "", "200:Order 304:-", "404"},
    operation_text{"changeOrderStatus", "Orders", "Move an order to another status",
                   "An illegal move is 409 `illegal-transition` with the moves that are `allowed`.", "OrderId IfMatch IdempotencyKey", "StatusChange",
                   "200:Order 202:Order", "404 409 412 422"},
    operation_text{"cancelOrder", "Orders", "Cancel an order", "Releases the stock and voids the authorization or refunds what was captured.",
                   "OrderId IfMatch IdempotencyKey", "Reason", "200:Order 202:Order", "404 409 412 422"},
    operation_text{"fulfillOrder", "Fulfilment", "Plan and start fulfilment",
                   "All that is left, or the given lines. A line is named by its index (the first is 0) or its SKU.", "OrderId IfMatch IdempotencyKey",
                   "Fulfillment", "200:Order 202:Order", "404 409 412 422"},
    operation_text{"refundOrder", "Payments", "Refund an order", "An amount, whole lines, or all that is left; never more than was captured.",
                   "OrderId IfMatch IdempotencyKey", "Refund", "200:Order 202:Order", "404 409 412 422"},
    operation_text{"getTracking", "Fulfilment", "Track an order's shipments", "Each shipment with carrier, tracking number, normalised state and its history.",
                   "OrderId", "", "200:Tracking", "404"},
    operation_text{"getOrderEvents", "Orders", "An order's history", "Oldest first; `seq` counts from 1 without gaps.", "OrderId HistoryCursor HistoryLimit",
                   "", "200:HistoryPage", "404 422"},
    operation_text{"getOrderLedger", "Payments", "An order's books",
                   "Double entry, made from the order's events: every entry's postings add up to zero, and the balances are what the order's amounts say.",
                   "OrderId", "", "200:Ledger", "404"},
    operation_text{"getOrderEvidence", "Payments", "An order's evidence",
                   "All that can be shown to a bank or gateway in a dispute: the order, its deliveries, its books and its whole history.", "OrderId", "",
                   "200:OrderEvidence", "404"},
    operation_text{"listPaymentInbox", "Payments", "What no order could take in",
                   "Webhooks of gateways and lines of settlement reports that are about no order of ours, or that their order could not take. Oldest first.",
                   "HistoryCursor Limit", "", "200:PaymentInbox", "422"},
    operation_text{"takePaymentFinding", "Payments", "Report what does not agree",
                   "What `coreldove reconcile` sends: a review of kind `payment` on the order, or a row of the inbox where there is no such order. Source and "
                   "id together are taken in once.",
                   "", "PaymentFinding", "200:Received", "422"},
    operation_text{"listInventory", "Inventory", "List stock", "By SKU, ascending.", "Limit Cursor", "", "200:StockPage", "422"},
    operation_text{"getStockCertificate", "Inventory", "A certificate of the stock ledger",
                   "For each SKU and warehouse: how many movements there were up to `position`, what they add up to, and the head of their hash chain. Kept "
                   "elsewhere, it shows later that the ledger up to there is still the same: `coreldove verify --certificate FILE`. (A SKU that is called "
                   "\"certificate\" is found at `/inventory/%63ertificate`.)",
                   "", "", "200:StockCertificate", ""},
    operation_text{"getInventory", "Inventory", "One SKU's stock", "", "SkuPath", "", "200:Stock", "404"},
    operation_text{"adjustInventory", "Inventory", "Correct the stock",
                   "A count (`on_hand`) or a difference (`delta`). 409 where less would be on hand than is reserved.", "SkuPath IdempotencyKey",
                   "StockAdjustment", "200:Stock", "404 409 422"},
    operation_text{"listReviews", "Reviews", "Orders that wait for a person", "", "ReviewStatus ReviewKind Limit Cursor", "", "200:ReviewPage", "422"},
    operation_text{"approveReview", "Reviews", "Approve a review", "The order goes on where it was held.", "ReviewId IfMatch IdempotencyKey", "Note",
                   "200:Order 202:Order", "404 409 412 422"},
    operation_text{"rejectReview", "Reviews", "Reject a review", "The order ends, or its shipment does.", "ReviewId IfMatch IdempotencyKey", "Note",
                   "200:Order 202:Order", "404 409 412 422"},
    operation_text{"getPaymentRouting", "Payments", "How payments are routed",
                   "What was set, and what the router knows: each gateway's circuits, calls and latency, and how often payments succeed there by currency, "
                   "method and size. The `ETag` is the version of policy and controls.",
                   "", "", "200:PaymentRouting", ""},
    operation_text{"setPaymentRouting", "Payments", "Pin, drain or weigh gateways",
                   "Replaces all controls; what is missing is not set. It concerns payments that may go to more than one gateway: an order that names its "
                   "gateway, or whose token belongs to one, stays there.",
                   "IfMatch", "PaymentRoutingControls", "200:PaymentRouting", "409 412 422"},
    operation_text{
        "getPerformance", "Analytics", "Figures about orders",
        "Over the orders created in [from, to); the last 30 days by default. Durations in seconds. With a header `Age` the figures are from a replica of the "
        "database, and so many seconds old at most.",
        "From To", "", "200:Performance", "422"},
    operation_text{"getInventoryFigures", "Analytics", "Figures about stock", "Totals, by warehouse, and what runs low.", "LowStock", "",
                   "200:InventoryFigures", "422"},
    operation_text{"getCluster", "Operations", "The nodes that share the orders",
                   "Which nodes there are, which shards of the orders each holds and since which epoch, what has changed hands since this node looks, and how "
                   "this node has fared with commands for orders of others. A server by itself says `single`.",
                   "", "", "200:Cluster", ""},
    operation_text{
        "streamEvents", "Events", "Everything that is committed, as it happens",
        "Server-sent events: `id` is the position, `event` the type, `data` the event. `Last-Event-ID` (or `after`) resumes without a gap; without either "
        "the stream begins now. A comment every 15 seconds keeps the line alive.",
        "LastEventId After OrderIdFilter", "", "200:EventStream", "422"},
    operation_text{"receiveWebhook", "Webhooks", "Notices of outside systems", "The signature is checked on the raw body; 200 once the notice is durable.",
                   "Source", "Anything", "200:Received", "403 404"},
    operation_text{"showPaymentPage", "Payments", "The page that sends a buyer on to a gateway", "Where an order's `next_action.redirect_url` leads to.",
                   "Form", "", "200:Page", "404"},
    operation_text{"returnToPaymentPage", "Payments", "The page that a buyer comes back to",
                   "Some gateways send buyers back with a POST; what it says is not read.", "Form", "Anything", "200:Page", "404"},
    operation_text{"getHealth", "Operations", "Health, with each component's state", "", "", "", "200:Health 503:Health", ""},
    operation_text{"getLiveness", "Operations", "Is the process alive?", "", "", "", "200:State", ""},
    operation_text{"getReadiness", "Operations", "Are new orders taken?", "", "", "", "200:State 503:State", ""},
    operation_text{"getMetrics", "Operations", "Metrics in Prometheus' text format", "", "", "", "200:Metrics", ""},
    operation_text{"getOpenApi", "Operations", "This document", "", "", "", "200:Anything", ""},
    operation_text{"getDocs", "Operations", "This document, readable", "", "", "", "200:Page", ""},
};

}  // namespace

std::span<const operation_text> operation_texts() { return texts; }

}  // namespace coreldove::http
