#include "runtime/app/serve.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "actors/engine.hpp"
#include "config/sample_catalog.hpp"
#include "http/server.hpp"
#include "persistence/open_store.hpp"
#include "runtime/app/await.hpp"
#include "runtime/app/catalog_file.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/cluster.hpp"
#include "runtime/app/outside.hpp"
#include "runtime/app/precedence.hpp"
#include "runtime/app/redis.hpp"
#include "runtime/app/replica.hpp"
#include "runtime/app/routing_start.hpp"
#include "runtime/app/signing_key.hpp"
#include "runtime/app/stop_at.hpp"
#include "runtime/logging.hpp"
#include "runtime/service_manager.hpp"

namespace coreldove::app {
namespace {

using namespace std::chrono_literals;

constexpr auto drain_limit = 5s;  // together with the next one well below the ten seconds that a stop may take
constexpr auto in_flight_limit = 2s;
constexpr auto last_lines_limit = 1s;

/// Blocked before the first thread starts, so that only sigwait takes them.
sigset_t block_ending_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write, not the end
  return ending;
}

/// In production the memory, with payment tokens and secrets in it, is nobody's to read: no core file, no debugger of the same user.
void keep_memory_private() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/// Each connection is a descriptor.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void import_sample_catalog(persistence::opened_store& store) {
  const auto stored = await<domain::result<persistence::catalog>>([&](auto done) { store.store().load_catalog(std::move(done)); });
  if (!stored) throw std::runtime_error(stored.error().detail);
  if (!stored->items.empty()) return;
  auto sample = read_catalog(config::sample_catalog());
  const auto imported = await<domain::result<bool>>([&](auto done) { store.journal().import(std::move(sample.items), std::move(done)); });
  if (!imported) throw std::runtime_error("the sample catalogue cannot be stored: " + imported.error().detail);
  spdlog::info("the store was empty: the sample catalogue is loaded");
}

actors::links parts_of(const config::settings& s, persistence::opened_store& store, const outside_world& world, actors::telemetry& figures,
                       runtime::health_board& health) {
  actors::links l;
  l.journal = &store.journal();
  l.store = &store.store();
  l.clock = &runtime::system_clock();
  l.health = &health;
  l.figures = &figures;
  l.policy.high_value_threshold_hundredths = s.high_value_threshold_hundredths;
  l.policy.fraud_threshold = static_cast<std::int32_t>(s.fraud_score_threshold_tenths);
  l.policy.quality_control = s.enable_quality_control;
  l.policy.gateways.clear();
  for (const auto& [name, gateway] : world.gateways) l.policy.gateways.push_back(name);
  l.policy.carriers.clear();
  for (const auto& [name, carrier] : world.carriers) l.policy.carriers.push_back(name);
  if (!l.policy.gateways.empty() && !world.gateways.contains(l.policy.default_gateway)) l.policy.default_gateway = l.policy.gateways.front();
  l.routing = routing_at_start(routing_policy_of(s), !s.payment_routing_policy.empty(), store.journal(), store.store(), l.clock->now());
  if (!l.policy.carriers.empty()) l.policy.default_carrier = l.policy.carriers.front();
  for (const auto& [name, gateway] : world.gateways)
    if (const auto can = gateway->can(); !can.partial_capture || !can.several_captures) l.policy.capture_once.push_back(name);
  l.policy.approval_time = std::chrono::minutes{s.payment_approval_minutes};
  l.return_url = [pages = world.pages, own = s.payment_return_url](std::string_view order_id) {
    constexpr std::string_view mark = "{order_id}";
    auto url = own.empty() ? pages->back() : own;
    if (const auto at = url.find(mark); at != std::string::npos) url.replace(at, mark.size(), order_id);
    return url;
  };
  l.limits.payment_timeout = s.payment_timeout;
  l.limits.carrier_timeout = s.carrier_timeout;
  l.limits.idle_orders = s.idle_orders;
  l.gateways = world.gateways;
  l.carriers = world.carriers;
  l.mailer = world.mailer;
  return l;
}

actors::engine_options engine_options_of(const config::settings& s, const outside_world& world) {
  actors::engine_options o;
  o.max_in_flight = s.max_in_flight;
  o.door.target = s.store_within;
  for (const auto& [name, gateway] : world.gateways) o.intake.gateways.push_back(name);
  if (s.environment != config::environment::production) o.intake.sandbox_token = sandbox_token;
  o.webhooks = world.webhooks;
  o.before_answer = stop_hook(s, config::stop_point::before_answer);
  return o;
}

http::server_options server_options_of(const config::settings& s, const outside_world& world) {
  http::server_options o;
  o.payment_page = [pages = world.pages](std::string_view sealed) -> std::optional<http::payment_page> {
    auto found = pages->open(sealed);
    if (!found) return std::nullopt;
    return http::payment_page{std::move(found->html), std::move(found->content_security_policy)};
  };
  o.host = s.host;
  o.port = s.port;
  o.threads = s.http_threads != 0 ? s.http_threads : std::max(1U, std::thread::hardware_concurrency() / 2);
  o.api_key_header = s.api_key_header;
  o.jwt_secret = signing_key(s);
  o.dev_admin_key = s.environment == config::environment::development && config::is_loopback(s.host);
  o.rate_limit_per_minute = s.rate_limit_per_minute;
  o.rate_limit_burst = s.rate_limit_burst;
  o.require_https = s.require_https;
  o.tls_cert_file = s.tls_cert_file;
  o.tls_key_file = s.tls_key_file;
  o.max_in_flight = s.max_in_flight;
  o.node = s.cluster_node_id;
  o.version = CORELDOVE_VERSION;
  o.production = s.environment == config::environment::production;
  return o;
}

http::api_key_lookup key_lookup(persistence::opened_store& store) {
  return [&store](std::string hash, std::function<void(domain::result<std::optional<http::api_key_owner>>)> done) {
    store.find_api_key(std::move(hash), [done = std::move(done)](domain::result<std::optional<persistence::api_key>> key) {
      if (!key) return done(key.error());
      const auto role = *key ? http::role_from((*key)->role) : std::nullopt;
      if (!role) return done(std::optional<http::api_key_owner>{});
      done(std::optional{http::api_key_owner{(*key)->id, *role}});
    });
  };
}

/// `host` as it stands in a URL.
std::string url_host(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

/// Where buyers reach the pages that send them on to a gateway.
std::string pages_base(const config::settings& s, std::uint16_t port) {
  if (!s.public_url.empty()) return s.public_url + "/api/order-workflow/pay";
  return fmt::format("{}://{}:{}/api/order-workflow/pay", s.tls_cert_file.empty() ? "http" : "https", url_host(s.host), port);
}

/// Where the built-in sandbox reaches this server: on the machine itself. It speaks plain HTTP only.
std::string webhook_base(const config::settings& s, std::uint16_t port) {
  if (!s.tls_cert_file.empty()) return {};
  const auto host = s.host == "0.0.0.0" ? std::string{"127.0.0.1"} : s.host == "::" ? std::string{"::1"} : s.host;
  return fmt::format("http://{}:{}/api/order-workflow/webhooks/in", url_host(host), port);
}

/// What a newcomer needs to see; the last line is the contract's.
void print_banner(const config::settings& s, const outside_world& world, std::uint16_t port) {
  const auto address = fmt::format("{}://{}:{}", s.tls_cert_file.empty() ? "http" : "https", url_host(s.host), port);
  if (s.environment == config::environment::development) {
    fmt::print("API      {0}/api/order-workflow\nDocs     {0}/docs\nMetrics  {0}/metrics\n", address);
    if (!world.sandbox_address().empty()) fmt::print("Sandbox  {}\n", world.sandbox_address());
    if (config::is_loopback(s.host)) {
      fmt::print("\nDevelopment: the API key dev-admin-key is accepted, with role admin. Place an order:\n\n");
      fmt::print(R"(curl -i {}/api/order-workflow/orders -H 'X-API-Key: dev-admin-key' -H 'Content-Type: application/json' -d '{{
  "customer_id": "cust_123", "customer_email": "a@example.com", "currency": "USD",
  "items": [{{"product_id": "prod_456", "sku": "WIDGET-001", "name": "Premium Widget", "quantity": 2, "unit_price": "29.99"}}],
  "billing_address": {{"name": "A. Buyer", "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US"}},
  "shipping_address": {{"name": "A. Buyer", "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US"}},
  "payment_method": "credit_card", "shipping_method": "standard", "shipping_cost": "5.00"}}'

)",
                 address);
    }
  }
  fmt::print("coreldove {} listening on {}\n", CORELDOVE_VERSION, address);
  std::fflush(stdout);
  runtime::notify_service_manager(fmt::format("READY=1\nSTATUS=listening on {}", address));
}

int run(const config::settings& s, const sigset_t& ending) {
  std::filesystem::create_directories(s.data_dir);
  outside_world world{s};
  runtime::metrics metrics;
  actors::telemetry figures{metrics};
  runtime::health_board health;

  std::atomic<actors::engine*> listener{nullptr};
  std::atomic<cluster_node*> fenced{nullptr};
  persistence::store_options store_options;
  store_options.place = store_place(s);
  store_options.readers = s.store_readers;
  store_options.max_queued = s.max_in_flight;
  store_options.on_commit = [&](std::uint64_t) {
    if (auto* e = listener.load()) e->committed();
  };
  store_options.observe.before_commit = stop_hook(s, config::stop_point::before_commit);
  store_options.observe.after_commit = stop_hook(s, config::stop_point::after_commit);
  store_options.observe.commit_seconds = [&](double seconds) { figures.commit_seconds.Observe(seconds); };
  store_options.observe.batch_size = [&](std::size_t appends) { figures.commit_appends.Observe(static_cast<double>(appends)); };
  store_options.observe.fenced = [&](std::size_t appends) {
    if (auto* n = fenced.load()) n->fenced(appends);
  };
  store_options.member = member_of(s);
  const auto opened = persistence::open_store(store_options);
  auto& store = *opened;
  if (s.environment != config::environment::production) import_sample_catalog(store);
  static_cast<void>(domain::check_address({}, {}));  // the first check compiles every country's postal code pattern

  caf::actor_system_config actors_config;
  // CAF would start four at least; on two cores the surplus only polls for work.
  actors_config.set("scheduler.max-threads", s.actor_threads != 0 ? s.actor_threads : std::max(1U, std::thread::hardware_concurrency()));
  // CAF's own choice, work stealing, lets idle threads poll: a fifth of all CPU time on two cores.
  actors_config.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system{actors_config};
  auto parts = parts_of(s, store, world, figures, health);
  const auto owned = store.cluster() != nullptr ? std::make_shared<runtime::owned_shards>(runtime::system_clock()) : nullptr;
  parts.owned = owned;
  actors::engine engine{system, std::move(parts), runtime::system_random(), engine_options_of(s, world)};
  listener = &engine;
  const auto cluster = owned ? std::make_unique<cluster_node>(s, *store.cluster(), owned, engine, metrics, health) : nullptr;
  fenced = cluster.get();

  const replica_use replica{s, store_options.place, engine, metrics, health};
  auto server_options = server_options_of(s, world);
  server_options.performance = replica.performance();
  http::server server{std::move(server_options), engine, metrics, key_lookup(store), runtime::system_clock()};
  const redis_use redis{s, engine, server.limits(), metrics, health};
  make_working_threads();
  server.start();
  world.pages->set_base(pages_base(s, server.port()));
  world.send_webhooks_to(webhook_base(s, server.port()));
  print_banner(s, world, server.port());

  int which = 0;
  sigwait(&ending, &which);
  spdlog::info("stopping");
  runtime::notify_service_manager("STOPPING=1\nSTATUS=finishing what is under way");
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);  // a second signal ends the process at once
  server.drain(drain_limit);
  if (cluster) cluster->leave();
  engine.stop(in_flight_limit);
  world.stop();
  listener = nullptr;
  fenced = nullptr;
  store.stop();
  system.await_actors_before_shutdown(false);
  spdlog::info("stopped");
  return success;
}

}  // namespace

int serve(const config::settings& given) {
  const auto ending = block_ending_signals();
  raise_descriptor_limit();
  if (given.environment == config::environment::production) keep_memory_private();
  runtime::start_logging(given.log_level, given.log_format == "json" ? runtime::log_format::json : runtime::log_format::text);
  int status = failure;
  try {
    status = run(config::with_sandbox_credentials(given), ending);
  } catch (const std::exception& e) {
    fmt::print(stderr, "coreldove: {}\n", e.what());
  }
  if (!runtime::stop_logging(last_lines_limit)) _exit(status);
  return status;
}

}  // namespace coreldove::app
