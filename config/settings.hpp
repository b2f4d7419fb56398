#pragma once
// What an operator may set: plain values with the defaults of a laptop. Read from the environment by load(); the rooms never see this struct, runtime/app turns
// it into their own small option structs.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace coreldove::config {

enum class environment : std::uint8_t { development, test, production };

/// One member per row of the option table (option.hpp); see there for the meaning of each.
struct settings {
  config::environment environment = config::environment::development;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8001;  // 0: a free one
  std::string public_url;     // empty: where it listens
  std::string data_dir = "var";
  std::string database_url, redis_url;
  std::string database_replica_url;  // empty: none
  std::chrono::milliseconds database_replica_behind{10'000};
  std::string cluster_node_id;  // empty: a server by itself
  std::chrono::milliseconds cluster_lease{5'000};
  std::string cluster_host = "127.0.0.1";
  std::uint16_t cluster_port = 0;  // a free one
  std::string cluster_tls_cert_file, cluster_tls_key_file, cluster_tls_ca_file;
  std::string log_level = "info", log_format = "text";

  std::string jwt_secret_key, api_key_header = "X-API-Key", encryption_key;
  bool require_https = false;
  std::string tls_cert_file, tls_key_file;  // PEM; both or none
  std::uint32_t rate_limit_per_minute = 0;  // 0: none
  std::uint32_t rate_limit_burst = 0;       // 0: as many as a minute allows

  std::int64_t high_value_threshold_hundredths = 100'000;  // of the currency's major unit
  std::int64_t fraud_score_threshold_tenths = 750;         // of a point
  bool enable_quality_control = true, enable_multi_warehouse = true;
  bool enable_auto_reorder = false, enable_ai_optimization = false, enable_ai_crew_integration = false, enable_saleor_integration = false;
  bool enable_dynamic_pricing = false, enable_route_optimization = false;
  std::string openai_api_key, ai_crew_api_url;

  std::uint32_t payment_approval_minutes = 30;
  std::string payment_routing_policy;  // a JSON file
  std::string payment_return_url;      // empty: a page of this server
  std::string sandbox_url;
  std::string stripe_secret_key, stripe_webhook_secret, stripe_api_base;
  std::string paypal_client_id, paypal_client_secret, paypal_webhook_id, paypal_api_base;
  std::string razorpay_key_id, razorpay_key_secret, razorpay_webhook_secret, razorpay_api_base;
  std::string payu_merchant_key, payu_merchant_salt, payu_api_base;
  std::string fedex_client_id, fedex_client_secret, fedex_account_number, fedex_webhook_secret, fedex_api_base;
  std::string smtp_username, smtp_password, smtp_from = "orders@coreldove.example", smtp_api_base;

  std::uint32_t http_threads = 0, actor_threads = 0;  // 0: by the number of cores
  std::uint32_t store_readers = 2;
  std::uint32_t max_in_flight = 20'000;         // requests
  std::chrono::milliseconds store_within{25};   // under load; 0: only max_in_flight counts
  std::uint32_t idle_orders = 20'000;           // order actors kept awake with nothing to do
  std::uint32_t event_stream_length = 100'000;  // in Redis
  std::chrono::milliseconds payment_timeout{10'000}, carrier_timeout{10'000};

  std::string test_stop_at;  // see stop_at.hpp; never in production
};

using variables = std::map<std::string, std::string, std::less<>>;

/// What came of the environment. `problems`: one line each, naming the setting, its value (never a secret's) and what is allowed; the values are usable only
/// where there are none. `notes`: settings that are fine but have no effect, one line each.
struct loaded {
  settings values;
  std::vector<std::string> problems, notes;
};

/// Reads every setting out of `from` and checks them, alone and against each other. Empty values count as not set. A secret may come from a file: NAME_FILE.
loaded load(const variables& from);

/// The variables of this process.
variables process_environment();

/// True where `host` can only be reached from this machine.
bool is_loopback(std::string_view host);

/// An outside system of this version.
enum class vendor : std::uint8_t { stripe, paypal, razorpay, payu, fedex, smtp };

/// Where an outside system is: nowhere (off), in the sandbox world that runs in this process, in the one at SANDBOX_URL, or at an address of its own
/// (<NAME>_API_BASE, or the vendor's production address).
enum class reach : std::uint8_t { off, built_in_sandbox, sandbox_url, own_address };
reach reach_of(const settings& s, vendor v);

/// The address for reach::own_address (<NAME>_API_BASE, else the vendor's production address) and for reach::sandbox_url (its folder there; mail is at the port
/// after it); empty otherwise.
std::string address_of(const settings& s, vendor v);

/// Fills in the credentials that the sandbox world and this program agree on, for vendors that are there or at a test's own address; never for a vendor's
/// production address. What is set stays.
settings with_sandbox_credentials(settings s);

/// Where the store is: the path of the embedded store's file, or the address of a PostgreSQL database.
std::string database_place(const settings& s);

}  // namespace coreldove::config
