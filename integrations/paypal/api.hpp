#pragma once
// One call of PayPal's API after another, under an access token that is fetched when it is needed and renewed before it ends.
#include <chrono>
#include <memory>
#include <string>

#include "integrations/http/client.hpp"
#include "integrations/http/token_source.hpp"
#include "integrations/payment_gateway.hpp"
#include "integrations/paypal/paypal.hpp"

namespace coreldove::integrations::paypal {

class api : public std::enable_shared_from_this<api> {
public:
  api(options o, http::client& client);

  struct call {
    std::string method = "GET", path = {}, body = {};
    std::string request_id = {};  // PayPal-Request-Id, of POSTs: the same one is done once
    std::chrono::steady_clock::time_point deadline = {};
    std::string trace_id = {};
  };
  /// `done` gets the answer; not_sent where there was no token to send it under. A refused token is replaced, once.
  void send(call c, http::on_response done);

  using on_token = http::token_source::on_token;
  void token(on_token done) { tokens_->get(std::move(done)); }

private:
  struct job;
  void with_token(const std::shared_ptr<job>& one);
  void send_under(const std::string& token, const std::shared_ptr<job>& one);

  options options_;
  http::client& client_;
  std::shared_ptr<http::token_source> tokens_;
};

}  // namespace coreldove::integrations::paypal
