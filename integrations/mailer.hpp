#pragma once
// The port to e-mail. Same promises as payment_gateway.hpp: `done` runs exactly once.
#include <string>

#include "integrations/payment_gateway.hpp"

namespace coreldove::integrations {

struct mail {
  std::string to, subject, text;
  std::string message_id;  // "<key@coreldove>": the same at each repeat, so that a receiver can drop the second one
  std::string order_id;    // header X-Order-Id
};

class mailer {
public:
  virtual ~mailer() = default;
  /// done; declined: permanent (5xx), never try again; not_done: try again; unknown: lost after the final dot, try again with the same id.
  virtual void send(const mail& m, on_outcome done) = 0;
  virtual void check(on_outcome done) = 0;
};

}  // namespace coreldove::integrations
