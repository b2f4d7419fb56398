#include "runtime/app/routing_start.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "runtime/app/await.hpp"

namespace coreldove::app {
namespace {

std::string text_of(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw std::runtime_error(fmt::format("PAYMENT_ROUTING_POLICY: {} cannot be read", file));
  return text.str();
}

persistence::routing_settings stored_routing(persistence::store& store) {
  using history = std::vector<domain::history_entry>;
  const auto stream = await<domain::result<history>>([&](auto done) { store.load(std::string{persistence::routing_stream}, std::move(done)); });
  if (!stream && stream.error().code != domain::errc::not_found) throw std::runtime_error(stream.error().detail);
  auto stored = persistence::latest_routing(stream ? *stream : history{});
  if (!stored) throw std::runtime_error(stored.error().detail);
  return *std::move(stored);
}

}  // namespace

domain::routing_policy routing_policy_of(const config::settings& s) {
  auto policy = domain::usual_routing_policy();
  if (!s.payment_routing_policy.empty()) {
    auto read = persistence::read_routing_policy(text_of(s.payment_routing_policy));
    if (!read) {
      const auto& why = read.error();
      const auto detail = why.fields.empty() ? why.detail : fmt::format("{} {}", why.fields.front().pointer, why.fields.front().message);
      throw std::runtime_error(fmt::format("PAYMENT_ROUTING_POLICY: {}: {}", s.payment_routing_policy, detail));
    }
    policy = *std::move(read);
  }
  if (s.environment != config::environment::production)
    policy.tokens.push_back({sandbox_token, true, {"stripe", "paypal"}});  // the others send every buyer to a page
  return policy;
}

persistence::routing_settings routing_at_start(domain::routing_policy policy, bool from_file, persistence::journal& journal, persistence::store& store,
                                               domain::time_point now) {
  auto settings = stored_routing(store);
  const bool same = settings.version == 0 ? !from_file : settings.policy == policy;
  settings.policy = std::move(policy);
  if (same) return settings;
  persistence::setting item{std::string{persistence::routing_stream},
                            settings.version,
                            {std::string{persistence::routing_set_type}, persistence::routing_settings_text(settings)},
                            now,
                            "settings"};
  const auto written = await<domain::result<persistence::append_outcome>>([&](auto done) { journal.set(std::move(item), std::move(done)); });
  if (!written) throw std::runtime_error("the routing policy cannot be stored: " + written.error().detail);
  settings.version = static_cast<std::uint32_t>(written->version);
  return settings;
}

}  // namespace coreldove::app
