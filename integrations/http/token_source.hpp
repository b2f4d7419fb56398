#pragma once
// An OAuth access token (client credentials), kept until shortly before its end and fetched by one call at a time, however many wait for it.
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "integrations/http/client.hpp"

namespace coreldove::integrations::http {

class token_source : public std::enable_shared_from_this<token_source> {
public:
  /// `fetch`: the request for a token; its answer is JSON with `access_token` and `expires_in` (seconds, as a number or a string).
  token_source(client& c, request fetch);

  /// `token` is empty where there is none; then `why` is the answer to the request for it. Runs at once where a token is at hand, else on a thread
  /// of the client, within the fetching request's timeout.
  using on_token = std::function<void(const std::string& token, const response& why)>;
  void get(on_token done);

  /// The other side refuses this token: the next `get` fetches a new one. Nothing happens where it has been replaced already.
  void drop(const std::string& token);

private:
  using clock = std::chrono::steady_clock;
  void fetched(const response& r);

  client& client_;
  request fetch_;
  std::mutex mutex_;
  std::string token_;
  clock::time_point renew_at_{}, ends_at_{};
  bool fetching_ = false;
  std::vector<on_token> waiting_;
};

}  // namespace coreldove::integrations::http
