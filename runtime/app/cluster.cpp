#include "runtime/app/cluster.hpp"

#include <stdexcept>
#include <utility>

namespace coreldove::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t message_bytes_max = 8 << 20;  // an order's whole document travels back
constexpr auto door_within = 500ms;                 // for the answers to other nodes, when this one ends

http::server_options door_options(const config::settings& s, const persistence::cluster_member& me) {
  http::server_options o;
  o.host = s.cluster_host;
  o.port = s.cluster_port;
  o.threads = 1;
  o.tls_cert_file = s.cluster_tls_cert_file;
  o.tls_key_file = s.cluster_tls_key_file;
  o.tls_client_ca_file = s.cluster_tls_ca_file;
  o.node_pass = me.pass;
  o.auth_failures_per_minute = 0;
  o.max_in_flight = s.max_in_flight;
  o.body_bytes_max = message_bytes_max;
  o.handler_timeout = 90s;  // Prefer: wait is part of the message here, and the node that has sent it keeps the time
  o.node = s.cluster_node_id;
  return o;
}

integrations::http::client_options client_options_of(const config::settings& s) {
  integrations::http::client_options o;
  o.body_bytes_max = message_bytes_max;
  o.waiting_per_host = s.max_in_flight;
  o.connections_per_host = 256;
  o.cert_file = s.cluster_tls_cert_file;
  o.key_file = s.cluster_tls_key_file;
  o.ca_file = s.cluster_tls_ca_file;
  o.system_authorities = false;
  return o;
}

/// Nobody comes to this door with an API key.
http::api_key_lookup no_keys() {
  return [](const std::string&, const std::function<void(domain::result<std::optional<http::api_key_owner>>)>& done) {
    done(std::optional<http::api_key_owner>{});
  };
}

}  // namespace

std::optional<persistence::cluster_member> member_of(const config::settings& s) {
  if (s.cluster_node_id.empty()) return std::nullopt;
  auto& random = runtime::system_random();
  auto& clock = runtime::system_clock();
  const auto pass = domain::make_ulid(clock.now(), random.entropy()) + domain::make_ulid(clock.now(), random.entropy());  // 160 random bits
  return persistence::cluster_member{s.cluster_node_id, s.cluster_host, s.cluster_port, s.cluster_lease, pass};
}

cluster_node::cluster_node(const config::settings& s, persistence::cluster_register& nodes, std::shared_ptr<runtime::owned_shards> owned,
                           actors::engine& engine, runtime::metrics& metrics, runtime::health_board& health)
    : figures_(metrics), board_(nodes.me().node), owned_(std::move(owned)) {
  auto& clock = runtime::system_clock();
  actors::forwarder_options options;
  options.give_up_after = s.cluster_lease + 10s;
  options.tls = !s.cluster_tls_cert_file.empty();
  const auto here = [&engine](const std::string& command, std::function<void(actors::forwarded_answer)> done) {
    engine.take_forwarded(command, std::move(done));
  };
  forwarder_ = std::make_shared<actors::forwarder>(board_, clock, runtime::system_random(), figures_, client_options_of(s), here, options);
  engine.join({&board_, &figures_, forwarder_});
  try {
    door_.emplace(door_options(s, nodes.me()), engine, metrics, no_keys(), clock);
    door_->start();
  } catch (const std::exception& e) {
    throw std::runtime_error(std::string{"the port for other nodes (CLUSTER_HOST, CLUSTER_PORT): "} + e.what());
  }
  nodes.reachable_at(door_->port());
  actors::membership_ports ports;
  ports.leave = [&engine](const auto& which, const auto& last_out) { engine.leave_shards(which, last_out); };
  ports.gained = [&engine] { engine.shards_gained(); };
  ports.committed = [&engine] { engine.others_committed(); };
  ports.seen = [this, &clock](const persistence::cluster_view& view) {
    figures_.epochs_changed(board_.saw(view, clock.now()));
    figures_.holds(owned_->all().count());
  };
  ports.renewed = [this](bool done) { figures_.renewed(done); };
  membership_.emplace(nodes, *owned_, clock, health, std::move(ports));
}

void cluster_node::leave() {
  membership_->leave();
  door_->drain(door_within);
  forwarder_->stop();
}

}  // namespace coreldove::app
