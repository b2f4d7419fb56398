#include "http/openapi/texts.hpp"

namespace coreldove::http {

std::string_view schema_text() {
  return R"json({
"Money":{"type":"string","pattern":"^-?[0-9]+([.][0-9]+)?$","description":"A decimal with the currency's own number of minor digits.","examples":["59.98"]},
"OrderStatus":{"type":"string","enum":["received","on_hold","confirmed","fulfilling","shipped","delivered","rejected","cancelled"]},
"PaymentStatus":{"type":"string","enum":["pending","authorized","partially_captured","captured","voided","declined","partially_refunded","refunded","unknown"]},
"FulfillmentStatus":{"type":"string","enum":["unfulfilled","reserved","partially_fulfilled","fulfilled","delivered","partially_returned","returned"]},
"ReviewKind":{"type":"string","enum":["high_value","fraud","inventory","quality","address","payment"]},
"Address":{"type":"object","required":["name","line1","city","country"],"properties":{"name":{"type":"string"},"line1":{"type":"string"},"line2":{"type":"string"},"city":{"type":"string"},"state":{"type":"string"},"postal_code":{"type":"string"},"country":{"type":"string","pattern":"^[A-Z]{2}$"},"phone":{"type":"string","pattern":"^\\+[1-9][0-9]{1,14}$"}}},
"OrderLine":{"type":"object","required":["product_id","sku","name","quantity","unit_price"],"properties":{"product_id":{"type":"string"},"sku":{"type":"string"},"name":{"type":"string"},"quantity":{"type":"integer","minimum":1,"maximum":10000},"unit_price":{"$ref":"#/components/schemas/Money"},"total_price":{"$ref":"#/components/schemas/Money"}}},
"OrderInput":{"type":"object","required":["customer_id","currency","items","billing_address","shipping_address","payment_method","shipping_method"],"properties":{
 "customer_id":{"type":"string"},"customer_email":{"type":"string","format":"email"},"currency":{"type":"string","pattern":"^[A-Z]{3}$"},
 "items":{"type":"array","minItems":1,"maxItems":500,"items":{"$ref":"#/components/schemas/OrderLine"}},
 "billing_address":{"$ref":"#/components/schemas/Address"},"shipping_address":{"$ref":"#/components/schemas/Address"},
 "payment_method":{"type":"string","enum":["credit_card","debit_card","card","wallet","paypal","apple_pay","google_pay","bank_transfer","upi","net_banking"]},
 "payment_token":{"type":"string","description":"From the gateway's own front end; never a card number."},
 "payment_gateway":{"type":"string","enum":["stripe","paypal","razorpay","payu"]},
 "shipping_method":{"type":"string","enum":["standard","express","overnight","economy"]},
 "shipping_cost":{"$ref":"#/components/schemas/Money"},"tax":{"$ref":"#/components/schemas/Money"},"discount":{"$ref":"#/components/schemas/Money"},
 "metadata":{"type":"object","description":"Kept as it is."}},
 "examples":[{"customer_id":"cust_123","customer_email":"a@example.com","currency":"USD","items":[{"product_id":"prod_456","sku":"WIDGET-001","name":"Premium Widget","quantity":2,"unit_price":"29.99","total_price":"59.98"}],"billing_address":{"name":"A. Buyer","line1":"1 Main St","city":"Springfield","state":"IL","postal_code":"62701","country":"US","phone":"+12175550100"},"shipping_address":{"name":"A. Buyer","line1":"1 Main St","city":"Springfield","state":"IL","postal_code":"62701","country":"US"},"payment_method":"credit_card","payment_token":"tok_visa","payment_gateway":"stripe","shipping_method":"standard","shipping_cost":"5.00"}]},
"BulkRow":{"allOf":[{"$ref":"#/components/schemas/OrderInput"},{"type":"object","properties":{"idempotency_key":{"type":"string","minLength":1,"maxLength":255}}}]},
"BulkResult":{"type":"object","required":["line","status"],"properties":{"line":{"type":"integer","minimum":1},"status":{"type":"integer"},"id":{"type":"string"},"version":{"type":"integer"},"replayed":{"type":"boolean"},"type":{"type":"string"},"detail":{"type":"string"},"errors":{"type":"array","items":{"$ref":"#/components/schemas/FieldError"}}}},
"Amounts":{"type":"object","required":["subtotal","discount","tax","shipping","total","authorized","captured","refunded"],"properties":{"subtotal":{"$ref":"#/components/schemas/Money"},"discount":{"$ref":"#/components/schemas/Money"},"tax":{"$ref":"#/components/schemas/Money"},"shipping":{"$ref":"#/components/schemas/Money"},"total":{"$ref":"#/components/schemas/Money"},"authorized":{"$ref":"#/components/schemas/Money"},"captured":{"$ref":"#/components/schemas/Money"},"refunded":{"$ref":"#/components/schemas/Money"}}},
"Allocation":{"type":"object","required":["sku","warehouse","quantity"],"properties":{"sku":{"type":"string"},"warehouse":{"type":"string"},"quantity":{"type":"integer"}}},
"Order":{"allOf":[{"$ref":"#/components/schemas/OrderInput"},{"type":"object","required":["id","status","payment_status","fulfillment_status","version","amounts","created_at","updated_at"],"properties":{
 "id":{"type":"string"},"status":{"$ref":"#/components/schemas/OrderStatus"},"payment_status":{"$ref":"#/components/schemas/PaymentStatus"},"fulfillment_status":{"$ref":"#/components/schemas/FulfillmentStatus"},
 "version":{"type":"integer","description":"Of the last event; also the ETag."},"amounts":{"$ref":"#/components/schemas/Amounts"},
 "fraud":{"type":["object","null"],"properties":{"score":{"type":"number"},"decision":{"type":"string"},"reasons":{"type":"array","items":{"type":"object"}}}},
 "payment":{"type":"object","properties":{"gateway":{"type":"string"},"authorization_id":{"type":["string","null"]},"attempts":{"type":"array","items":{"type":"object","properties":{"gateway":{"type":"string"},"outcome":{"type":"string"},"code":{"type":"string"},"at":{"type":"string","format":"date-time"}}}}}},
 "allocations":{"type":"array","items":{"$ref":"#/components/schemas/Allocation"}},"shipments":{"type":"array","items":{"$ref":"#/components/schemas/Shipment"}},"reviews":{"type":"array","items":{"$ref":"#/components/schemas/Review"}},
 "created_at":{"type":"string","format":"date-time"},"updated_at":{"type":"string","format":"date-time"}}}]},
"OrderPage":{"type":"object","required":["items","next_cursor","total"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/Order"}},"next_cursor":{"type":["string","null"]},"total":{"type":"integer"}}},
"StatusChange":{"type":"object","required":["status","reason"],"properties":{"status":{"$ref":"#/components/schemas/OrderStatus"},"reason":{"type":"string","minLength":1,"maxLength":1000}}},
"Reason":{"type":"object","required":["reason"],"properties":{"reason":{"type":"string","minLength":1,"maxLength":1000}}},
"LineReference":{"oneOf":[{"type":"integer","minimum":0,"description":"The line's index."},{"type":"string","description":"The line's SKU."},{"type":"object","properties":{"line":{"type":"integer","minimum":0},"sku":{"type":"string"}}}]},
"Fulfillment":{"type":"object","properties":{"lines":{"type":"array","maxItems":500,"items":{"oneOf":[{"$ref":"#/components/schemas/LineReference"},{"type":"object","properties":{"line":{"type":"integer","minimum":0},"sku":{"type":"string"},"quantity":{"type":"integer","minimum":1,"maximum":10000}}}]}},"warehouse":{"type":"string"},"carrier":{"type":"string"}}},
"Refund":{"type":"object","required":["reason"],"properties":{"amount":{"$ref":"#/components/schemas/Money"},"reason":{"type":"string","minLength":1,"maxLength":1000},"lines":{"type":"array","maxItems":500,"items":{"$ref":"#/components/schemas/LineReference"}},"restock":{"type":"boolean","default":false}}},
"Note":{"type":"object","properties":{"note":{"type":"string","maxLength":1000}}},
"Shipment":{"type":"object","properties":{"id":{"type":"string"},"warehouse":{"type":"string"},"carrier":{"type":"string"},"tracking_number":{"type":["string","null"]},"state":{"type":"string"}}},
"Tracking":{"type":"object","required":["order_id","shipments"],"properties":{"order_id":{"type":"string"},"shipments":{"type":"array","items":{"$ref":"#/components/schemas/Shipment"}}}},
"HistoryEntry":{"type":"object","required":["seq","type","at","data"],"properties":{"seq":{"type":"integer","minimum":1},"type":{"type":"string"},"at":{"type":"string","format":"date-time"},"by":{"type":"string"},"data":{"type":"object"}}},
"HistoryPage":{"type":"object","required":["items","next_cursor","total"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/HistoryEntry"}},"next_cursor":{"type":["string","null"]},"total":{"type":"integer"}}},
"Stock":{"type":"object","required":["sku","warehouses","on_hand","reserved","available"],"properties":{"sku":{"type":"string"},"warehouses":{"type":"array","items":{"type":"object","required":["id","on_hand","reserved","available"],"properties":{"id":{"type":"string"},"on_hand":{"type":"integer"},"reserved":{"type":"integer"},"available":{"type":"integer"}}}},"on_hand":{"type":"integer"},"reserved":{"type":"integer"},"available":{"type":"integer"}}},
"StockPage":{"type":"object","required":["items","next_cursor","total"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/Stock"}},"next_cursor":{"type":["string","null"]},"total":{"type":"integer"}}},
"StockAdjustment":{"type":"object","required":["warehouse","reason"],"properties":{"warehouse":{"type":"string"},"on_hand":{"type":"integer","minimum":0},"delta":{"type":"integer"},"reason":{"type":"string","minLength":1,"maxLength":1000}},"oneOf":[{"required":["on_hand"]},{"required":["delta"]}]},
"Review":{"type":"object","properties":{"id":{"type":"string"},"order_id":{"type":"string"},"kind":{"$ref":"#/components/schemas/ReviewKind"},"reason":{"type":"string"},"status":{"type":"string","enum":["open","approved","rejected"]}}},
"ReviewPage":{"type":"object","required":["items","next_cursor","total"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/Review"}},"next_cursor":{"type":["string","null"]},"total":{"type":"integer"}}},
"Performance":{"type":"object","required":["from","to","orders","by_status","by_currency","average_seconds"],"properties":{"from":{"type":"string","format":"date-time"},"to":{"type":"string","format":"date-time"},"orders":{"type":"integer"},"confirmed":{"type":"integer"},"shipped":{"type":"integer"},"delivered":{"type":"integer"},"open_reviews":{"type":"integer"},"by_status":{"type":"object","additionalProperties":{"type":"integer"}},"average_seconds":{"type":"object","properties":{"to_confirm":{"type":["number","null"]},"to_ship":{"type":["number","null"]},"to_deliver":{"type":["number","null"]}}},"by_currency":{"type":"array","items":{"type":"object","properties":{"currency":{"type":"string"},"orders":{"type":"integer"},"total":{"$ref":"#/components/schemas/Money"},"captured":{"$ref":"#/components/schemas/Money"},"refunded":{"$ref":"#/components/schemas/Money"},"average_order_value":{"$ref":"#/components/schemas/Money"}}}}}},
"InventoryFigures":{"type":"object","properties":{"skus":{"type":"integer"},"on_hand":{"type":"integer"},"reserved":{"type":"integer"},"available":{"type":"integer"},"low_stock_threshold":{"type":"integer"},"low_stock":{"type":"integer"},"out_of_stock":{"type":"integer"},"warehouses":{"type":"array","items":{"type":"object"}},"low_stock_items":{"type":"array","maxItems":100,"items":{"$ref":"#/components/schemas/Stock"}}}},
"Received":{"type":"object","properties":{"received":{"type":"boolean"}}},
"Health":{"type":"object","required":["status","ready","components"],"properties":{"status":{"type":"string","enum":["up","degraded","down"]},"ready":{"type":"boolean"},"version":{"type":"string"},"node":{"type":"string"},"components":{"type":"object","additionalProperties":{"type":"object","properties":{"state":{"type":"string","enum":["up","degraded","down"]},"detail":{"type":"string"}}}}}},
"State":{"type":"object","properties":{"status":{"type":"string"}}},
"Anything":{},
"FieldError":{"type":"object","required":["pointer","code","message"],"properties":{"pointer":{"type":"string","description":"JSON pointer into the body, or a parameter's name."},"code":{"type":"string"},"message":{"type":"string"}}},
"Problem":{"type":"object","required":["type","title","status","detail","instance","trace_id"],"properties":{"type":{"type":"string","description":"Stable name of the kind of problem, such as illegal-transition."},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"},"instance":{"type":"string"},"trace_id":{"type":"string"},"errors":{"type":"array","items":{"$ref":"#/components/schemas/FieldError"}},"allowed":{"type":"array","items":{"type":"string"}}}}
})json";
}

}  // namespace coreldove::http
