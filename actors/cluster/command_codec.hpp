#pragma once
// How a command travels from one node of a cluster to another, and its answer back: JSON with a version. A node that meets a version, or a command, that it
// does not know refuses it; fields that it does not know are passed over, and missing ones stand for their defaults.
//
// Only what comes from outside of the engine travels: people's commands, webhooks, findings. What an order's own machinery tells it (the answers of stock,
// gateways and carriers, timers, quarantine) is its node's own affair.
#include <string>
#include <string_view>

#include "actors/service.hpp"

namespace coreldove::actors {

/// A command on its way to the node that holds the order. `deadline`: nobody waits for the answer after it, so it is not begun any more.
struct forwarded_command {
  std::string operation;  // names this command, however often it is sent
  std::string order_id;
  domain::time_point deadline{};
  request rq;  // without a seat
  domain::command what;
};

/// What the other node answers. `moved`: the order is not its own; nothing has happened.
struct forwarded_answer {
  bool moved = false;
  domain::result<order_answer> outcome = domain::failure{domain::errc::unavailable, "The order belongs to another node."};
};

bool travels(const domain::command& c);

/// Only for commands that travel.
std::string encode(const forwarded_command& c);
std::string encode(const forwarded_answer& a);
/// Error: malformed, with a sentence for people.
domain::result<forwarded_command> decode_command(std::string_view text);
domain::result<forwarded_answer> decode_answer(std::string_view text);

}  // namespace coreldove::actors
