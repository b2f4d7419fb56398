#pragma once
// Every handler checks what it was sent, asks the engine, and turns the outcome into an answer. None of them waits.
#include "http/app.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace coreldove::http {

void post_order(app& a, const request& rq, responder reply);
void post_orders_in_bulk(app& a, const request& rq, responder reply);
void get_order(app& a, const request& rq, responder reply);
void list_orders(app& a, const request& rq, responder reply);
void get_tracking(app& a, const request& rq, responder reply);
void get_history(app& a, const request& rq, responder reply);

void put_status(app& a, const request& rq, responder reply);
void cancel_order(app& a, const request& rq, responder reply);
void fulfill_order(app& a, const request& rq, responder reply);
void refund_order(app& a, const request& rq, responder reply);

void list_inventory(app& a, const request& rq, responder reply);
void get_certificate(app& a, const request& rq, responder reply);
void get_inventory(app& a, const request& rq, responder reply);
void put_inventory(app& a, const request& rq, responder reply);

void get_ledger(app& a, const request& rq, responder reply);
void get_evidence(app& a, const request& rq, responder reply);
void list_payment_inbox(app& a, const request& rq, responder reply);
void post_payment_finding(app& a, const request& rq, responder reply);

void list_reviews(app& a, const request& rq, responder reply);
void approve_review(app& a, const request& rq, responder reply);
void reject_review(app& a, const request& rq, responder reply);

void get_routing(app& a, const request& rq, responder reply);
void put_routing(app& a, const request& rq, responder reply);

void get_cluster(app& a, const request& rq, responder reply);
void take_forwarded(app& a, const request& rq, responder reply);

void get_performance(app& a, const request& rq, responder reply);
void get_inventory_figures(app& a, const request& rq, responder reply);

void stream_events(app& a, const request& rq, responder reply);
void take_webhook(app& a, const request& rq, responder reply);
void show_payment_page(app& a, const request& rq, responder reply);

void get_health(app& a, const request& rq, responder reply);
void get_liveness(app& a, const request& rq, responder reply);
void get_readiness(app& a, const request& rq, responder reply);
void get_metrics(app& a, const request& rq, responder reply);
void get_openapi(app& a, const request& rq, responder reply);
void get_docs(app& a, const request& rq, responder reply);

}  // namespace coreldove::http
