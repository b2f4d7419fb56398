#include "http/openapi/texts.hpp"

namespace coreldove::http {

std::string_view parameter_text() {
  return R"json({
"OrderId":{"name":"id","in":"path","required":true,"schema":{"type":"string","pattern":"^ord_[0-9A-HJKMNP-TV-Z]{26}$"}},
"ReviewId":{"name":"id","in":"path","required":true,"schema":{"type":"string"},"description":"As in `reviews` of an order, or in the list of reviews."},
"SkuPath":{"name":"sku","in":"path","required":true,"schema":{"type":"string","maxLength":200}},
"Form":{"name":"form","in":"path","required":true,"schema":{"type":"string"},"description":"The sealed form, as it stands in the link."},
"Source":{"name":"source","in":"path","required":true,"schema":{"type":"string","examples":["stripe","fedex"]}},
"IdempotencyKey":{"name":"Idempotency-Key","in":"header","schema":{"type":"string","minLength":1,"maxLength":255,"pattern":"^[\\x21-\\x7e]+$"},"description":"Makes repeats of this request harmless. Scoped to caller, method and path."},
"PreferWait":{"name":"Prefer","in":"header","schema":{"type":"string","pattern":"^wait=[0-9]+$","examples":["wait=10"]},"description":"How many seconds, up to 60, to wait for the order to be confirmed, rejected or on hold."},
"IfMatch":{"name":"If-Match","in":"header","schema":{"type":"string","examples":["\"7\""]},"description":"Only if the order still has this version; else 412."},
"IfNoneMatch":{"name":"If-None-Match","in":"header","schema":{"type":"string","examples":["\"7\""]},"description":"304 if the order still has this version."},
"LastEventId":{"name":"Last-Event-ID","in":"header","schema":{"type":"integer","minimum":0}},
"After":{"name":"after","in":"query","schema":{"type":"integer","minimum":0},"description":"Position after which to begin; 0: everything there is."},
"OrderIdFilter":{"name":"order_id","in":"query","schema":{"type":"string"},"description":"Only this order's events."},
"Status":{"name":"status","in":"query","schema":{"$ref":"#/components/schemas/OrderStatus"}},
"PaymentStatus":{"name":"payment_status","in":"query","schema":{"$ref":"#/components/schemas/PaymentStatus"}},
"FulfillmentStatus":{"name":"fulfillment_status","in":"query","schema":{"$ref":"#/components/schemas/FulfillmentStatus"}},
"CustomerId":{"name":"customer_id","in":"query","schema":{"type":"string","maxLength":200}},
"Sku":{"name":"sku","in":"query","schema":{"type":"string","maxLength":200},"description":"Orders with a line of this SKU."},
"CreatedAfter":{"name":"created_after","in":"query","schema":{"type":"string","format":"date-time"},"description":"At or after."},
"CreatedBefore":{"name":"created_before","in":"query","schema":{"type":"string","format":"date-time"},"description":"Before."},
"MinTotal":{"name":"min_total","in":"query","schema":{"type":"string","pattern":"^[0-9]+([.][0-9]+)?$"},"description":"In each order's own currency."},
"MaxTotal":{"name":"max_total","in":"query","schema":{"type":"string","pattern":"^[0-9]+([.][0-9]+)?$"}},
"Q":{"name":"q","in":"query","schema":{"type":"string","maxLength":200},"description":"An order's id, or the beginning of a customer's id or e-mail address."},
"Sort":{"name":"sort","in":"query","schema":{"type":"string","enum":["-created_at","created_at"],"default":"-created_at"}},
"Limit":{"name":"limit","in":"query","schema":{"type":"integer","minimum":1,"maximum":200,"default":50}},
"Cursor":{"name":"cursor","in":"query","schema":{"type":"string"},"description":"`next_cursor` of the page before."},
"HistoryCursor":{"name":"cursor","in":"query","schema":{"type":"integer","minimum":0},"description":"`next_cursor` of the page before: a seq."},
"HistoryLimit":{"name":"limit","in":"query","schema":{"type":"integer","minimum":1,"maximum":1000,"default":200}},
"ReviewStatus":{"name":"status","in":"query","schema":{"type":"string","enum":["open","approved","rejected","all"],"default":"open"}},
"ReviewKind":{"name":"kind","in":"query","schema":{"$ref":"#/components/schemas/ReviewKind"}},
"From":{"name":"from","in":"query","schema":{"type":"string","format":"date-time"}},
"To":{"name":"to","in":"query","schema":{"type":"string","format":"date-time"}},
"LowStock":{"name":"low_stock_threshold","in":"query","schema":{"type":"integer","minimum":0,"maximum":1000000,"default":10}}
})json";
}

}  // namespace coreldove::http
