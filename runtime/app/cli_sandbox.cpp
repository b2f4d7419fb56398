#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

#include "integrations/sandbox/sandbox.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {

int run_sandbox(const sandbox_command& c, const config::settings& settings) {
  // Keys are wanted only where some are set, but webhooks have to be signed with something that the server expects.
  const auto agreed = config::with_sandbox_credentials(settings);
  auto options = c.options;
  options.stripe_secret_key = settings.stripe_secret_key;
  options.stripe_webhook_secret = agreed.stripe_webhook_secret;
  options.paypal_client_id = settings.paypal_client_id;
  options.paypal_client_secret = settings.paypal_client_secret;
  options.paypal_webhook_id = agreed.paypal_webhook_id;
  options.razorpay_key_id = settings.razorpay_key_id;
  options.razorpay_key_secret = settings.razorpay_key_secret;
  options.razorpay_webhook_secret = agreed.razorpay_webhook_secret;
  options.payu_merchant_key = settings.payu_merchant_key;
  options.payu_merchant_salt = agreed.payu_merchant_salt;
  options.fedex_client_id = settings.fedex_client_id;
  options.fedex_client_secret = settings.fedex_client_secret;
  options.fedex_webhook_secret = agreed.fedex_webhook_secret;
  options.smtp_port = c.smtp_port.value_or(options.port == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(options.port + 1));

  // Blocked before the first thread starts, so that only sigwait below takes them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  const auto host = options.host;
  integrations::sandbox world{std::move(options)};
  world.start();
  fmt::print("mail on smtp://{}:{}\n", host, world.smtp_port());
  fmt::print("sandbox listening on http://{}:{}\n", host, world.port());
  std::fflush(stdout);
  int which = 0;
  sigwait(&ending, &which);
  world.stop();
  return success;
}

}  // namespace coreldove::app
