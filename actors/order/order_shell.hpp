#pragma once
// The state of an order's actor and what it does with each message. Only the files of this folder include it.
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/links.hpp"

namespace coreldove::actors {

struct order_shell {
  static inline const char* name = "order";
  using self_ptr = order_actor::stateful_pointer<order_shell>;

  /// One command and whoever waits for it.
  struct task {
    domain::command what;
    request rq;
    promise<order_answer> done;
    std::uint32_t tries = 0;
    runtime::steady_point until{};  // end of Prefer: wait
  };
  /// A new order whose stock and history are being looked up.
  struct placement {
    place_task order;
    std::optional<std::vector<domain::past_order>> history;
    std::optional<domain::stock_answer> stock;
    runtime::steady_point since;
    std::uint32_t tries = 0;
  };
  /// Somebody who asked to wait until the command's work is done.
  struct waiter {
    promise<order_answer> done;
    runtime::steady_point until;
    order_answer first;  // what was stored for the idempotency key, and what they get when time is up; without its document until that is needed
    std::optional<request_key> key;
    bool placed = false;  // waits for the order's first status, else for quiet
  };
  /// An operation that was asked for and is not settled on disk.
  struct under_way {
    std::uint32_t n = 0;
    std::uint32_t call = 0;  // the latest one
    runtime::steady_point since;
    bool in_doubt = false;  // it may have been asked for before, with an answer that nobody has kept
  };
  /// What the journal is writing.
  struct writing {
    task what;
    std::vector<domain::event> events;
    domain::order after;
    order_answer answer;
    bool answers_waiter = false;  // its idempotency record is the first waiter's final answer
  };
  enum class phase { unread, loading, placing, live };  // unread: the store would not be read; the next command or nudge tries again

  explicit order_shell(self_ptr s) : self(s) {}
  void start(links_ptr links, shard_actor my_shard, std::string order_id, bool fresh);

  // Messages.
  void on(place_task& t);
  void on(tell_task& t);
  void on(const history_found& m);
  void on(const stock_found& m);
  void on(appended& m);
  void on(const operation_answered& m);
  void on(stream_loaded& m);
  void on(const wait_over& m);
  void on_nudge();
  void on_stop();
  void on_leave();

  // order.cpp
  void load();
  void could_not_load(const domain::failure& why);
  void submit(task t);
  void next();
  void write(task t, std::vector<domain::event> events);
  void refused(const domain::failure& why);
  void forget_answer(const task& t);
  void committed(writing w);
  void answer(writing& w);
  void serve_waiters(bool last_answer_stored, const std::string& document);  // of the order as it is now; empty: made where it is needed
  order_answer first_of(waiter& w) const;
  void give_up(const domain::failure& why);
  bool idle() const;
  void tell_shard_when_idle();
  order_answer answer_for(const task& t, const domain::order& after, std::string document) const;

  // placing.cpp
  void look_up();
  void place_when_known(bool impatient);
  void ask_stock();

  // effects.cpp
  void perform_open(const std::vector<domain::event>& just_written = {});
  void perform(const domain::operation& op, bool in_doubt);
  bool waits_at_gate(std::uint32_t n) const;

  domain::time_point now() const { return l->clock->now(); }
  runtime::steady_point steady() const { return l->clock->steady(); }

  self_ptr self;
  links_ptr l;
  shard_actor shard;
  std::string id;
  std::string trace_id;  // of the latest command
  phase at = phase::loading;
  domain::order order;  // as committed
  std::optional<placement> placing;
  std::optional<writing> in_journal;
  std::deque<task> waiting;
  std::vector<waiter> waiters;
  std::vector<under_way> started;
  std::uint32_t calls_made = 0;
  std::optional<runtime::steady_point> stock_asked;
  bool told_idle = false;
  bool leaving = false;  // to another node: it ends when the journal has answered
};

}  // namespace coreldove::actors
