#include "runtime/app/outside.hpp"

#include "integrations/fedex/fedex.hpp"
#include "integrations/paypal/paypal.hpp"
#include "integrations/payu/payu.hpp"
#include "integrations/razorpay/razorpay.hpp"
#include "integrations/smtp/smtp.hpp"
#include "integrations/stripe/stripe.hpp"
#include "runtime/app/signing_key.hpp"
#include "runtime/app/stop_at.hpp"

namespace coreldove::app {
namespace {

using config::reach;
using config::vendor;

bool in_this_process(const config::settings& s) {
  for (const auto v : {vendor::stripe, vendor::paypal, vendor::razorpay, vendor::payu, vendor::fedex, vendor::smtp})
    if (reach_of(s, v) == reach::built_in_sandbox) return true;
  return false;
}

bool is_there(const config::settings& s, vendor v) { return reach_of(s, v) != reach::off; }

/// A sandbox honours several captures on one authorization; at the vendor itself that is a feature of the account.
bool is_sandbox(const config::settings& s, vendor v) { return reach_of(s, v) == reach::built_in_sandbox || reach_of(s, v) == reach::sandbox_url; }

integrations::http::client_options client_options_of(const config::settings& s) {
  integrations::http::client_options o;
  // What is let out at a gate must not wait for a connection while its deadline runs, also where one sandbox stands in for several systems.
  o.connections_per_host = 2 * actors::limits{}.calls_at_once;
  o.before_call = stop_hook(s, config::stop_point::before_call);
  o.after_call = stop_hook(s, config::stop_point::after_call);
  return o;
}

}  // namespace

outside_world::outside_world(const config::settings& s)
    : pages(std::make_shared<integrations::checkout::links>(signing_key(s))), client_(client_options_of(s)) {
  if (in_this_process(s)) {
    integrations::sandbox_options o;
    o.state_file = std::filesystem::path{s.data_dir} / "sandbox.ndjson";
    o.stripe_secret_key = s.stripe_secret_key;
    o.stripe_webhook_secret = s.stripe_webhook_secret;
    o.paypal_client_id = s.paypal_client_id;
    o.paypal_client_secret = s.paypal_client_secret;
    o.paypal_webhook_id = s.paypal_webhook_id;
    o.razorpay_key_id = s.razorpay_key_id;
    o.razorpay_key_secret = s.razorpay_key_secret;
    o.razorpay_webhook_secret = s.razorpay_webhook_secret;
    o.payu_merchant_key = s.payu_merchant_key;
    o.payu_merchant_salt = s.payu_merchant_salt;
    o.fedex_client_id = s.fedex_client_id;
    o.fedex_client_secret = s.fedex_client_secret;
    o.fedex_webhook_secret = s.fedex_webhook_secret;
    sandbox_ = std::make_unique<integrations::sandbox>(std::move(o));
    sandbox_->start();
  }
  connect(s);
}

std::string outside_world::base_of(const config::settings& s, vendor v, const std::string& folder) const {
  if (reach_of(s, v) == reach::built_in_sandbox) return sandbox_address() + folder;
  return address_of(s, v);
}

void outside_world::connect(const config::settings& s) {
  if (is_there(s, vendor::stripe)) {
    const auto base = base_of(s, vendor::stripe, "/stripe");
    gateways["stripe"] = integrations::stripe::make_stripe({base, s.stripe_secret_key, is_sandbox(s, vendor::stripe)}, client_);
    if (!s.stripe_webhook_secret.empty()) webhooks["stripe"] = {"", integrations::stripe::make_stripe_webhook(s.stripe_webhook_secret), nullptr};
  }
  if (is_there(s, vendor::paypal)) {
    const auto base = base_of(s, vendor::paypal, "/paypal");
    gateways["paypal"] = integrations::paypal::make_paypal({base, s.paypal_client_id, s.paypal_client_secret}, client_);
    if (!s.paypal_webhook_id.empty()) webhooks["paypal"] = {"", integrations::paypal::make_paypal_webhook({s.paypal_webhook_id, base}, client_), nullptr};
  }
  if (is_there(s, vendor::razorpay)) {
    const auto base = base_of(s, vendor::razorpay, "/razorpay");
    gateways["razorpay"] =
        integrations::razorpay::make_razorpay({.api_base = base, .key_id = s.razorpay_key_id, .key_secret = s.razorpay_key_secret}, client_, pages);
    if (!s.razorpay_webhook_secret.empty()) webhooks["razorpay"] = {"", integrations::razorpay::make_razorpay_webhook(s.razorpay_webhook_secret), nullptr};
  }
  if (is_there(s, vendor::payu)) {
    integrations::payu::options o;
    o.api_base = base_of(s, vendor::payu, "/payu");
    // At PayU itself the payment page is on a host of its own; everywhere else both are at one address.
    if (reach_of(s, vendor::payu) != reach::own_address || !s.payu_api_base.empty()) o.page_base = o.api_base;
    o.merchant_key = s.payu_merchant_key;
    o.merchant_salt = s.payu_merchant_salt;
    gateways["payu"] = integrations::payu::make_payu(std::move(o), client_, pages);
    if (!s.payu_merchant_salt.empty()) webhooks["payu"] = {"", integrations::payu::make_payu_webhook(s.payu_merchant_key, s.payu_merchant_salt), nullptr};
  }
  if (is_there(s, vendor::fedex)) {
    integrations::fedex::options o;
    o.api_base = base_of(s, vendor::fedex, "/fedex");
    o.client_id = s.fedex_client_id;
    o.client_secret = s.fedex_client_secret;
    o.account_number = s.fedex_account_number;
    carriers["fedex"] = integrations::fedex::make_fedex(std::move(o), client_);
    if (!s.fedex_webhook_secret.empty())
      webhooks["fedex"] = {std::string{integrations::fedex::signature_header}, nullptr, integrations::fedex::make_fedex_webhook(s.fedex_webhook_secret)};
  }
  if (is_there(s, vendor::smtp)) {
    integrations::smtp::options o;
    o.url = sandbox_ && reach_of(s, vendor::smtp) == reach::built_in_sandbox ? "smtp://127.0.0.1:" + std::to_string(sandbox_->smtp_port())
                                                                             : address_of(s, vendor::smtp);
    o.from = s.smtp_from;
    o.user = s.smtp_username;
    o.password = s.smtp_password;
    mailer = integrations::smtp::make_mailer(std::move(o));
  }
}

void outside_world::send_webhooks_to(const std::string& base) {
  if (sandbox_) sandbox_->set_webhook_base(base);
}

std::string outside_world::sandbox_address() const { return sandbox_ ? "http://127.0.0.1:" + std::to_string(sandbox_->port()) : std::string{}; }

void outside_world::stop() {
  client_.stop();
  if (sandbox_) sandbox_->stop();
}

}  // namespace coreldove::app
