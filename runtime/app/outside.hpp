#pragma once
// The outside systems of a server: the sandbox world where it runs in this process, the HTTP client, and the adapters that the settings ask for.
#include <map>
#include <memory>
#include <string>

#include "actors/engine.hpp"
#include "config/settings.hpp"
#include "integrations/carrier.hpp"
#include "integrations/checkout/links.hpp"
#include "integrations/http/client.hpp"
#include "integrations/mailer.hpp"
#include "integrations/payment_gateway.hpp"
#include "integrations/sandbox/sandbox.hpp"

namespace coreldove::app {

class outside_world {
public:
  /// Starts the sandbox if some system is to be found there. Throws std::runtime_error.
  explicit outside_world(const config::settings& s);

  /// The built-in sandbox sends its webhooks here, once the server has a port. Nothing where there is no built-in sandbox.
  void send_webhooks_to(const std::string& base);
  /// Where the built-in sandbox listens; empty where there is none.
  std::string sandbox_address() const;
  /// No call is answered after this but as failed.
  void stop();

  std::map<std::string, std::shared_ptr<integrations::payment_gateway>, std::less<>> gateways;
  std::map<std::string, std::shared_ptr<integrations::carrier>, std::less<>> carriers;
  std::shared_ptr<integrations::mailer> mailer;
  std::map<std::string, actors::webhook_source, std::less<>> webhooks;
  /// The pages that send buyers on to a gateway. They need an address: pages->set_base() with the one that buyers reach this server at.
  const std::shared_ptr<integrations::checkout::links> pages;

private:
  void connect(const config::settings& s);
  std::string base_of(const config::settings& s, config::vendor v, const std::string& folder) const;

  std::unique_ptr<integrations::sandbox> sandbox_;
  integrations::http::client client_;
};

}  // namespace coreldove::app
