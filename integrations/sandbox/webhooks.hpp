#pragma once
// Sends the vendors' webhooks: in the background, repeated a few times, bounded. A world without a webhook address sends none.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "integrations/sandbox/operation.hpp"

namespace boost::asio {
class io_context;
}

namespace coreldove::integrations::world {

class ledger;
class faults;
class state_log;

struct webhook {
  std::string_view vendor;  // a literal; the path below the base
  operation cause{};        // what it tells of
  std::string event_id, reference, order_id, body;
  std::string_view secret;  // outlives the sender
  /// The signature's header lines, made anew for each attempt because some vendors sign the time too; nullptr: it stands in the body.
  std::string (*sign)(std::string_view secret, std::string_view body, std::int64_t unix_seconds) = nullptr;
  std::string headers = {};  // further header lines, each with its CRLF, the same at every attempt
  std::string_view content_type = "application/json; charset=utf-8";
};

struct webhook_counts {
  std::uint64_t waiting = 0, delivered = 0, failed = 0, dropped = 0;  // failed: given up; dropped: the queue was full
};

class webhook_sender {
public:
  webhook_sender(boost::asio::io_context& io, ledger& book, faults& mishaps, state_log& log);
  ~webhook_sender();
  webhook_sender(const webhook_sender&) = delete;
  webhook_sender& operator=(const webhook_sender&) = delete;

  /// Throws std::runtime_error where it is neither empty nor http://host[:port][/path].
  void set_base(const std::string& base);
  std::string base() const;
  /// False: nobody listens, don't bother to write the event.
  bool wanted() const;
  void send(webhook w);
  webhook_counts counts() const;

private:
  struct engine;
  std::shared_ptr<engine> engine_;
};

}  // namespace coreldove::integrations::world
