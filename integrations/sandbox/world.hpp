#pragma once
// What the vendors of the sandbox share, and what a vendor is. A new vendor is one class and one line in sandbox.cpp.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/events.hpp"
#include "domain/result.hpp"
#include "integrations/sandbox/exchange.hpp"
#include "integrations/sandbox/faults.hpp"
#include "integrations/sandbox/ledger.hpp"
#include "integrations/sandbox/sandbox.hpp"
#include "integrations/sandbox/state_log.hpp"
#include "integrations/sandbox/webhooks.hpp"

namespace simdjson::dom {
class element;
}

namespace coreldove::integrations::world {

struct world {
  sandbox_options options;
  ledger book;
  faults mishaps;
  state_log log;
  std::string epoch;    // 8 letters that make this world's ids differ from every other's
  std::string address;  // "127.0.0.1:8100", once it listens
  std::unique_ptr<webhook_sender> hooks;

  std::int64_t now_ms() const;
};

/// A parcel that /advance moved.
struct moved_shipment {
  std::string tracking_number, carrier, state, code;  // code: the carrier's own
  std::int64_t at_ms = 0;
};

/// A payment that its buyer has decided on, by /approve or on the vendor's page.
struct decided_payment {
  std::string reference, state;  // state: the vendor's own word
};

/// One outside system. Thread-safe.
class vendor {
public:
  virtual ~vendor() = default;
  /// A literal: the ledger's name of it, and where it is mounted ("/stripe").
  virtual std::string_view name() const = 0;
  /// What faults may name.
  virtual std::span<const operation> operations() const = 0;
  /// Speaks HTTP below /<name>; the ones that don't answer 404.
  virtual void answer(const request& rq, reply& out);
  /// Takes over one line of the state file, written by this vendor before; throws where it can't.
  virtual void restore(const simdjson::dom::element& line) = 0;
  /// Carriers: moves a parcel on. Nothing: not one of its numbers. Errors: wrong_state.
  virtual std::optional<domain::result<moved_shipment>> advance(std::string_view tracking_number, domain::tracking_state to);
  /// Gateways whose buyer acts on their page: does so. Nothing: no payment of theirs. Errors: wrong_state.
  virtual std::optional<domain::result<decided_payment>> decide(std::string_view reference, bool approve);
};

}  // namespace coreldove::integrations::world
