#pragma once
// Sends commands for orders of other nodes to where those orders are, and goes on until there is an answer: the order may move, and its node may die, while
// a command is on its way.
//
// Applied once: a command is sent under one name, its operation, however often. The node that takes it in gives the name, or the caller's own idempotency
// key, to the journal together with what it writes; so a node that gets the command after another has written it, and died, finds the answer and gives that.
// (Webhooks and findings need none of it: their orders know what they have been told.)
//
// It ends with `unavailable` only where nothing can have happened: while no byte of it has reached anybody. A node that others do not reach, although its own
// lease is renewed, is cut off from them: then that is said at once. Else it ends, after `give_up_after`, with `timed_out`.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "actors/cluster/board.hpp"
#include "actors/cluster/command_codec.hpp"
#include "actors/cluster/figures.hpp"
#include "actors/service.hpp"
#include "integrations/http/client.hpp"
#include "runtime/clock.hpp"

namespace coreldove::actors {

struct forwarder_options {
  std::chrono::milliseconds give_up_after{15'000};  // on top of Prefer: wait; longer than a lease, so that a node that dies is no reason to
  std::chrono::milliseconds one_answer{5'000};      // on top of Prefer: wait: how long one node may take
  bool tls = false;                                 // nodes speak https with each other, and show certificates
};

/// Held by a shared pointer: an answer may come when nobody wants it any more.
class forwarder : public std::enable_shared_from_this<forwarder> {
public:
  /// Takes a command in at this very node: it has become the order's while the command was under way.
  using take_here = std::function<void(std::string encoded_command, std::function<void(forwarded_answer)>)>;

  forwarder(const cluster_board& board, runtime::clock& clock, runtime::random_source& random, cluster_figures& figures, integrations::http::client_options tls,
            take_here here, forwarder_options options);
  ~forwarder();
  forwarder(const forwarder&) = delete;
  forwarder& operator=(const forwarder&) = delete;

  /// From any thread; returns at once. Only for commands that travel.
  void forward(std::string order_id, domain::command what, request rq, reply<order_answer> done);
  /// Fails what is under way. Nothing afterwards.
  void stop();
  /// Commands under way.
  std::size_t waiting() const;

private:
  using steady = runtime::steady_point;
  struct letter {
    std::string operation, order_id, body;
    std::chrono::milliseconds wait{0};
    bool keyed = false;  // by the caller
    reply<order_answer> done;
    steady since, until, next;                // next: when to try again
    bool out = false;                         // somebody has it, and has not answered yet
    bool seen = false;                        // some byte of it may have reached somebody
    unsigned tries = 0;                       // the number of the latest one
    std::string to;                           // whom that went to,
    std::int64_t incarnation = 0;             // in which of its lives,
    std::optional<domain::time_point> lease;  // and until when its lease went when it could not be reached
  };
  struct sending {
    std::string operation, body, url, pass;
    unsigned number = 0;
    std::chrono::milliseconds timeout{0};
  };
  struct ending {
    reply<order_answer> done;
    domain::result<order_answer> outcome;
  };

  void run();
  // Under the lock, but for send().
  /// What is to be sent now goes to `out`, what is over to `over`.
  void look_at(letter& l, const persistence::cluster_view& view, std::vector<sending>& out, std::vector<ending>& over);
  sending next_try(letter& l, const persistence::cluster_node& to, steady now) const;
  void try_again(letter& l, std::chrono::milliseconds pause);
  void not_reached(letter& l);
  /// The last of it; `l` is gone afterwards.
  ending end(letter& l, domain::result<order_answer> outcome);
  domain::failure no_answer(const letter& l) const;

  void send(sending s);
  void answered(const std::string& operation, unsigned number, const integrations::http::response& r);
  void take(const std::string& operation, unsigned number, forwarded_answer a);

  const cluster_board& board_;
  runtime::clock& clock_;
  runtime::random_source& random_;
  cluster_figures& figures_;
  const take_here here_;
  const forwarder_options options_;
  mutable std::mutex lock_;  // guards what follows
  std::condition_variable wake_;
  std::unordered_map<std::string, letter> letters_;  // by operation
  bool stopped_ = false;
  std::unique_ptr<integrations::http::client> client_;
  std::thread thread_;
};

/// Where nodes take in each other's commands.
inline constexpr std::string_view commands_path = "/cluster/commands";

}  // namespace coreldove::actors
