#pragma once
// A whole installation in one thread: the real engine on CAF's test scheduler, over a store in memory and an outside world, in simulated time. It can crash and
// start again any number of times; the disk and the outside world live on.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/engine.hpp"
#include "tests/simulation/world/dice.hpp"
#include "tests/simulation/world/memory_store.hpp"
#include "tests/simulation/world/outside_world.hpp"
#include "tests/simulation/world/simulated_clock.hpp"

namespace coreldove::simulation {

/// An answer that somebody outside waits for. It never comes if the process dies first.
template <class T>
struct question {
  std::optional<domain::result<T>> answer;
  bool lost = false;  // the process has died

  bool answered() const { return answer.has_value(); }
  bool ok() const { return answered() && static_cast<bool>(*answer); }
  const T& value() const { return **answer; }
  const domain::failure& error() const { return answer->error(); }
};
using order_question = std::shared_ptr<question<actors::order_answer>>;
using stock_question = std::shared_ptr<question<actors::stock_answer>>;
using notice_question = std::shared_ptr<question<bool>>;

struct world_options {
  std::uint64_t seed = 1;
  domain::policy policy;
  domain::routing_policy routing = domain::usual_routing_policy();  // tok_visa is everybody's
  actors::limits limits;
  actors::engine_options engine;
  world_options();
};

class world {
public:
  explicit world(world_options options = {});
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  void start();
  /// kill -9: what is not on disk, or outside, is gone. `reached_disk`: what became of the transaction that was on its way.
  void crash(bool reached_disk = false);
  bool running() const { return node_ != nullptr; }
  actors::engine& engine();

  // ---- what people ask ---------------------------------------------------------------------------------------------------------------------------
  order_question place(domain::order_input input, actors::request rq = {});
  order_question tell(const std::string& order_id, domain::command what, actors::request rq = {});
  stock_question adjust(const std::string& sku, const std::string& warehouse, std::int64_t delta, actors::request rq = {});
  /// A vendor tells something by itself: the body as it came over the wire, and its signature.
  notice_question webhook(const std::string& source, const std::string& signature, const std::string& body);

  // ---- one thing at a time -----------------------------------------------------------------------------------------------------------------------
  std::size_t jobs() const;
  void run_job(std::size_t which);    // one message of one actor
  void advance(domain::duration by);  // time alone: timers fire, nothing runs yet

  // ---- many at once, in an order drawn from the seed ---------------------------------------------------------------------------------------------
  /// Everything that can happen at this moment.
  void settle();
  /// The same, over a stretch of time.
  void pass(domain::duration time);
  /// Until `holds` or until so much time has passed; whether it held.
  bool until(const std::function<bool()>& holds, domain::duration at_most = std::chrono::minutes{2});

  const domain::order* order(const std::string& order_id) const;  // as its events on disk say; nullptr where there is none
  double metric(const std::string& name) const;

  simulated_clock clock;
  dice random;
  memory_store store;
  outside_world outside;
  world_options options;

private:
  struct node;
  bool settle_once();
  template <class T>
  std::pair<std::shared_ptr<question<T>>, actors::reply<T>> ask();

  runtime::metrics metrics_;
  actors::telemetry figures_;
  std::unique_ptr<node> node_;
};

}  // namespace coreldove::simulation
