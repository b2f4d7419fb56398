#include <algorithm>
#include <cassert>

#include "config/option.hpp"

namespace coreldove::config {
namespace {

using s = settings;
using t = option_type;

constexpr std::int64_t second = 1'000, minute = 60 * second;
constexpr std::int64_t most_hundredths = 1'000'000'000'000'00;  // far above any order, far below an overflow

void add_server(std::vector<option>& out) {
  const std::string_view g = "Server";
  out.push_back({g,
                 "ENVIRONMENT",
                 &s::environment,
                 t::one_of,
                 "What this installation is for; production is strict about secrets and has no sandbox world.",
                 0,
                 0,
                 {"development", "test", "production"}});
  out.push_back({g, "HOST", &s::host, t::host, "Address to listen on. Only on loopback does development accept the API key dev-admin-key."});
  out.push_back({g, "PORT", &s::port, t::whole, "Port to listen on; 0 takes a free one and prints it.", 0, 65'535});
  out.push_back({g, "PUBLIC_URL", &s::public_url, t::web_address,
                 "Address under which buyers reach this server, for the pages that send them on to a payment; empty: the address it listens on."});
  out.push_back({g, "DATA_DIR", &s::data_dir, t::path, "Folder of the embedded store and of the keys made on first start; created where missing.", 1, 4'000});
  out.push_back({g, "DATABASE_URL", &s::database_url, t::text,
                 "Empty: the embedded SQLite store in DATA_DIR. sqlite:PATH: the same at another place. postgresql://USER:PASSWORD@HOST:PORT/DATABASE: a "
                 "PostgreSQL database, see docs/postgresql.md.",
                 0, 4'000});
  out.push_back({g, "DATABASE_REPLICA_URL", &s::database_replica_url, t::text,
                 "A streaming replica of the PostgreSQL database (postgresql://…), for reports that may be a little old; empty: all is read from the primary.",
                 0, 4'000});
  out.push_back({g, "DATABASE_REPLICA_BEHIND", &s::database_replica_behind, t::span,
                 "How old the replica may be; where it is older, or away, the primary is asked.", second, 60 * minute});
  out.push_back(
      {g, "REDIS_URL", &s::redis_url, t::text,
       "Empty: everything in process. redis://USER:PASSWORD@HOST:PORT/DATABASE: a Redis server through which nodes share their rate limits, and others get the "
       "events; see docs/redis.md.",
       0, 4'000});
  out.push_back({g,
                 "LOG_LEVEL",
                 &s::log_level,
                 t::one_of,
                 "The least important lines that are still written to standard error.",
                 0,
                 0,
                 {"trace", "debug", "info", "warning", "error"}});
  out.push_back({g, "LOG_FORMAT", &s::log_format, t::one_of, "Log lines for people, or one JSON object a line.", 0, 0, {"text", "json"}});
}

void add_security(std::vector<option>& out) {
  const std::string_view g = "Security";
  out.push_back({g,
                 "JWT_SECRET_KEY",
                 &s::jwt_secret_key,
                 t::text,
                 "Key of the signed tokens (HS256). Production needs 32 bytes or more; elsewhere one is made in DATA_DIR on first use.",
                 0,
                 4'096,
                 {},
                 true});
  out.push_back({g,
                 "ENCRYPTION_KEY",
                 &s::encryption_key,
                 t::text,
                 "Key for encrypting stored fields. Production needs 32 bytes or more, although this version stores no field encrypted.",
                 0,
                 4'096,
                 {},
                 true});
  out.push_back({g, "API_KEY_HEADER", &s::api_key_header, t::header_name, "Request header that carries an API key."});
  out.push_back({g, "REQUIRE_HTTPS", &s::require_https, t::flag, "Serve nothing over plain HTTP; needs TLS_CERT_FILE and TLS_KEY_FILE."});
  out.push_back({g, "TLS_CERT_FILE", &s::tls_cert_file, t::file, "Certificate chain (PEM); with TLS_KEY_FILE the server speaks HTTPS."});
  out.push_back({g, "TLS_KEY_FILE", &s::tls_key_file, t::file, "Private key (PEM) of TLS_CERT_FILE."});
  out.push_back({g, "RATE_LIMIT_PER_MINUTE", &s::rate_limit_per_minute, t::whole, "Requests a minute for each caller; 0: no limit.", 0, 10'000'000});
  out.push_back({g, "RATE_LIMIT_BURST", &s::rate_limit_burst, t::whole,
                 "Requests a caller may send at once before the rate counts; 0: as many as a minute allows.", 0, 10'000'000});
}

void add_rules(std::vector<option>& out) {
  const std::string_view g = "Business rules";
  out.push_back({g, "HIGH_VALUE_THRESHOLD", &s::high_value_threshold_hundredths, t::hundredths,
                 "Orders with a total above this, in the order's own currency, wait for a person.", 0, most_hundredths});
  out.push_back({g, "FRAUD_SCORE_THRESHOLD", &s::fraud_score_threshold_tenths, t::tenths, "Orders with this fraud score or more wait for a person.", 0, 1'000});
  out.push_back(
      {g, "PAYMENT_ROUTING_POLICY", &s::payment_routing_policy, t::file,
       "JSON file with the gateways' costs and limits and how payments are routed (docs/payments.md); empty: no costs, and what the gateways usually take."});
  out.push_back({g, "PAYMENT_APPROVAL_MINUTES", &s::payment_approval_minutes, t::whole,
                 "How long an order waits for a buyer who has to approve the payment on the gateway's page; then it is rejected and its stock is free.", 1,
                 10'080});
  out.push_back({g, "PAYMENT_RETURN_URL", &s::payment_return_url, t::text,
                 "Where a gateway's page sends the buyer back to, {order_id} standing for the order; empty: a page of this server that says goodbye.", 0,
                 2'000});
  out.push_back({g, "ENABLE_QUALITY_CONTROL", &s::enable_quality_control, t::flag,
                 "Shipments with goods that the catalogue marks for inspection wait for a person's quality check."});
  out.push_back(
      {g, "ENABLE_MULTI_WAREHOUSE", &s::enable_multi_warehouse, t::flag, "An order may be served from several warehouses.", 0, 0, {}, false, effect::fixed});
  out.push_back({g, "ENABLE_AUTO_REORDER", &s::enable_auto_reorder, t::flag, "Reorder stock that runs low.", 0, 0, {}, false, effect::fixed});
  out.push_back({g, "ENABLE_AI_OPTIMIZATION", &s::enable_ai_optimization, t::flag, "Optimisation by language models.", 0, 0, {}, false, effect::fixed});
  out.push_back({g, "ENABLE_AI_CREW_INTEGRATION", &s::enable_ai_crew_integration, t::flag, "The AI crew.", 0, 0, {}, false, effect::fixed});
  out.push_back({g, "ENABLE_SALEOR_INTEGRATION", &s::enable_saleor_integration, t::flag, "Orders from Saleor.", 0, 0, {}, false, effect::fixed});
  out.push_back({g, "ENABLE_DYNAMIC_PRICING", &s::enable_dynamic_pricing, t::flag, "Prices that follow demand.", 0, 0, {}, false, effect::fixed});
  out.push_back({g, "ENABLE_ROUTE_OPTIMIZATION", &s::enable_route_optimization, t::flag, "Delivery routes.", 0, 0, {}, false, effect::fixed});
  out.push_back({g, "OPENAI_API_KEY", &s::openai_api_key, t::text, "Key for language models.", 0, 4'096, {}, true, effect::unused});
  out.push_back({g, "AI_CREW_API_URL", &s::ai_crew_api_url, t::text, "Address of the AI crew.", 0, 4'000, {}, false, effect::fixed});
}

void add_outside(std::vector<option>& out) {
  const std::string_view g = "Outside systems";
  out.push_back({g, "SANDBOX_URL", &s::sandbox_url, t::web_address,
                 "A sandbox world that runs on its own (coreldove sandbox); every outside system without an address of its own is looked for there."});
  out.push_back({g, "STRIPE_SECRET_KEY", &s::stripe_secret_key, t::text, "Stripe's secret API key (sk_test_…, sk_live_…).", 0, 512, {}, true});
  out.push_back({g, "STRIPE_WEBHOOK_SECRET", &s::stripe_webhook_secret, t::text, "Signing secret of Stripe's webhooks (whsec_…).", 0, 512, {}, true});
  out.push_back(
      {g, "STRIPE_API_BASE", &s::stripe_api_base, t::web_address, "Stripe's address; empty: https://api.stripe.com in production, else the sandbox world."});
  out.push_back({g, "PAYPAL_CLIENT_ID", &s::paypal_client_id, t::text, "Client id of the PayPal REST app.", 0, 512});
  out.push_back({g, "PAYPAL_CLIENT_SECRET", &s::paypal_client_secret, t::text, "Secret of the PayPal REST app.", 0, 512, {}, true});
  out.push_back({g, "PAYPAL_WEBHOOK_ID", &s::paypal_webhook_id, t::text, "Id of the webhook at PayPal, which is part of what PayPal signs.", 0, 128});
  out.push_back(
      {g, "PAYPAL_API_BASE", &s::paypal_api_base, t::web_address, "PayPal's address; empty: https://api-m.paypal.com in production, else the sandbox world."});
  out.push_back({g, "RAZORPAY_KEY_ID", &s::razorpay_key_id, t::text, "Razorpay's key id (rzp_test_…, rzp_live_…).", 0, 512});
  out.push_back({g, "RAZORPAY_KEY_SECRET", &s::razorpay_key_secret, t::text, "Razorpay's key secret.", 0, 512, {}, true});
  out.push_back({g, "RAZORPAY_WEBHOOK_SECRET", &s::razorpay_webhook_secret, t::text, "Secret that Razorpay signs its webhooks with.", 0, 512, {}, true});
  out.push_back({g, "RAZORPAY_API_BASE", &s::razorpay_api_base, t::web_address,
                 "Razorpay's address; empty: https://api.razorpay.com in production, else the sandbox world."});
  out.push_back({g, "PAYU_MERCHANT_KEY", &s::payu_merchant_key, t::text, "PayU India's merchant key.", 0, 512, {}, true});
  out.push_back({g, "PAYU_MERCHANT_SALT", &s::payu_merchant_salt, t::text, "PayU India's salt, which signs both ways.", 0, 512, {}, true});
  out.push_back(
      {g, "PAYU_API_BASE", &s::payu_api_base, t::web_address,
       "PayU's address, for commands and for the payment page; empty: https://info.payu.in and https://secure.payu.in in production, else the sandbox "
       "world."});
  out.push_back({g, "FEDEX_CLIENT_ID", &s::fedex_client_id, t::text, "FedEx API key.", 0, 512});
  out.push_back({g, "FEDEX_CLIENT_SECRET", &s::fedex_client_secret, t::text, "FedEx secret key.", 0, 512, {}, true});
  out.push_back({g, "FEDEX_ACCOUNT_NUMBER", &s::fedex_account_number, t::text, "FedEx account that pays for the labels.", 0, 64});
  out.push_back({g, "FEDEX_WEBHOOK_SECRET", &s::fedex_webhook_secret, t::text, "Security token of FedEx's tracking webhooks.", 0, 512, {}, true});
  out.push_back(
      {g, "FEDEX_API_BASE", &s::fedex_api_base, t::web_address, "FedEx's address; empty: https://apis.fedex.com in production, else the sandbox world."});
  out.push_back({g, "SMTP_API_BASE", &s::smtp_api_base, t::mail_address,
                 "Mail server (smtp://HOST:PORT with STARTTLS where offered, smtps://HOST:PORT); empty: no mail in production, else the sandbox world."});
  out.push_back({g, "SMTP_FROM", &s::smtp_from, t::mailbox, "Sender of the mails to customers."});
  out.push_back({g, "SMTP_USERNAME", &s::smtp_username, t::text, "User at the mail server; empty: no login.", 0, 512});
  out.push_back({g, "SMTP_PASSWORD", &s::smtp_password, t::text, "Password at the mail server.", 0, 512, {}, true});
}

void add_tuning(std::vector<option>& out) {
  const std::string_view g = "Tuning";
  out.push_back({g, "CORELDOVE_HTTP_THREADS", &s::http_threads, t::whole, "Threads that read and write requests; 0: by the number of cores.", 0, 256});
  out.push_back({g, "CORELDOVE_ACTOR_THREADS", &s::actor_threads, t::whole, "Threads that run the orders; 0: by the number of cores.", 0, 256});
  out.push_back({g, "CORELDOVE_STORE_READERS", &s::store_readers, t::whole, "Threads that read from the store.", 1, 64});
  out.push_back({g, "CORELDOVE_STORE_WITHIN", &s::store_within, t::span,
                 "Under load so many commands are let in at once that each is stored within this time; the others get 503 at once. "
                 "0: only CORELDOVE_MAX_IN_FLIGHT counts.",
                 0, 10'000});
  out.push_back({g, "CORELDOVE_MAX_IN_FLIGHT", &s::max_in_flight, t::whole, "Requests in work at once; above that the answer is 503 before anything is stored.",
                 1, 1'000'000});
  out.push_back(
      {g, "CORELDOVE_IDLE_ORDERS", &s::idle_orders, t::whole, "Orders kept in memory while they wait; older ones sleep in the store.", 1, 10'000'000});
  out.push_back({g, "CORELDOVE_EVENT_STREAM_LENGTH", &s::event_stream_length, t::whole,
                 "Events that the stream coreldove:events in Redis keeps, about; 0: there is no such stream.", 0, 100'000'000});
  out.push_back({g, "CORELDOVE_PAYMENT_TIMEOUT", &s::payment_timeout, t::span,
                 "How long a payment gateway may take for one answer; after that the outcome is unknown.", 100, 2 * minute});
  out.push_back({g, "CORELDOVE_CARRIER_TIMEOUT", &s::carrier_timeout, t::span, "How long a carrier may take for one answer.", 100, 2 * minute});
}

void add_cluster(std::vector<option>& out) {
  const std::string_view g = "Cluster";
  out.push_back({g, "CLUSTER_NODE_ID", &s::cluster_node_id, t::text,
                 "This node's name where several share one PostgreSQL database, see docs/cluster.md; empty: a server by itself.", 0, 64});
  out.push_back({g, "CLUSTER_LEASE", &s::cluster_lease, t::span, "How long the others wait before they take over the orders of a node that is not heard of.",
                 2 * second, minute});
  out.push_back({g, "CLUSTER_HOST", &s::cluster_host, t::host,
                 "Where this node listens for the others, and what they call it by; another address than loopback only with CLUSTER_TLS_*."});
  out.push_back({g, "CLUSTER_PORT", &s::cluster_port, t::whole, "Port there; 0: a free one. The others find it in the database.", 0, 65'535});
  out.push_back({g, "CLUSTER_TLS_CERT_FILE", &s::cluster_tls_cert_file, t::file,
                 "Certificate, for CLUSTER_HOST, that this node shows the others, as server and as client: PEM, with its chain."});
  out.push_back({g, "CLUSTER_TLS_KEY_FILE", &s::cluster_tls_key_file, t::file, "The certificate's private key, PEM."});
  out.push_back({g, "CLUSTER_TLS_CA_FILE", &s::cluster_tls_ca_file, t::file, "The authority that has signed the nodes' certificates, PEM; no other is trusted."});
}

void add_tests(std::vector<option>& out) {
  out.push_back({"Tests", "CORELDOVE_TEST_STOP_AT", &s::test_stop_at, t::text,
                 "For tests of crashes: the process kills itself, as `kill -9` would, when it gets to this point for the N-th time (POINT:N). Refused in "
                 "production.",
                 0, 64});
}

}  // namespace

const std::vector<option>& options() {
  static const std::vector<option> table = [] {
    std::vector<option> out;
    add_server(out);
    add_security(out);
    add_rules(out);
    add_outside(out);
    add_tuning(out);
    add_cluster(out);
    add_tests(out);
    return out;
  }();
  return table;
}

const option& find_option(std::string_view name) {
  const auto at = std::ranges::find(options(), name, &option::name);
  assert(at != options().end());
  return *at;
}

}  // namespace coreldove::config
