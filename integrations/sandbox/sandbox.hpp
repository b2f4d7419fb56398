#pragma once
// The outside world as a stand-in: Stripe, FedEx and a mail receiver over real sockets, with their own paths, authentication, encodings,
// idempotency rules, error bodies and webhooks; faults that can be scripted; a ledger of everything that took effect.
// docs: GET / lists what is here. For tests, trials and load runs: it believes any credentials unless told which ones to want.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace coreldove::integrations {

struct sandbox_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // HTTP; 0 takes a free one
  std::uint16_t smtp_port = 0;
  unsigned threads = 1;
  std::filesystem::path state_file = {};  // effects are appended here before they are answered, and read back at start; empty: memory only
  std::string webhook_base = {};          // "http://127.0.0.1:8001/api/order-workflow/webhooks/in": vendors post to <base>/<vendor>; empty: none
  std::string stripe_secret_key = {};     // empty: any sk_test_…
  std::string stripe_webhook_secret = {};
  std::string razorpay_key_id = {};  // empty: any rzp_test_…
  std::string razorpay_key_secret = {};
  std::string razorpay_webhook_secret = {};
  std::string payu_merchant_key = {};  // empty: any
  std::string payu_merchant_salt = {};
  std::string paypal_client_id = {};  // empty: any
  std::string paypal_client_secret = {};
  std::string paypal_webhook_id = {};
  std::string fedex_client_id = {};  // empty: any
  std::string fedex_client_secret = {};
  std::string fedex_webhook_secret = {};
};

class sandbox {
public:
  explicit sandbox(sandbox_options options = {});
  ~sandbox();
  sandbox(const sandbox&) = delete;
  sandbox& operator=(const sandbox&) = delete;

  /// Reads the state file, opens both ports and answers from its own threads. Throws std::runtime_error with one sentence
  /// (port taken, state file unreadable, bad webhook_base).
  void start();
  std::uint16_t port() const;
  std::uint16_t smtp_port() const;
  /// From now on webhooks go there; empty: none are sent. Throws std::runtime_error where it is no http:// address.
  void set_webhook_base(std::string base);
  /// Closes every connection and drops webhooks not yet sent. Harmless when repeated.
  void stop();

private:
  struct body;
  std::unique_ptr<body> body_;
};

}  // namespace coreldove::integrations
