#pragma once
// One simulated life of an installation, drawn from a seed: buyers, operators and vendors on one side, faults on the other, and after each step the question
// whether what always has to hold still holds. The same seed and steps give the same run, to the letter.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/world/world.hpp"

namespace coreldove::simulation {

struct run_options {
  std::uint64_t seed = 1;
  std::uint64_t steps = 5'000;
  bool trace = false;  // every step as a line on standard output
};

struct run_result {
  std::vector<std::string> violations;  // empty: everything held
  std::uint64_t step = 0;               // at which the first was found
  std::size_t orders = 0, effects = 0, crashes = 0, commits = 0;
  std::uint64_t fingerprint = 0;  // of everything that happened; equal for equal seeds
};

class simulator {
public:
  explicit simulator(const run_options& options);
  run_result run();

private:
  /// Something that somebody outside wants, and keeps asking for until it has an answer that settles it.
  struct wish {
    std::uint32_t n = 0;   // the buyer's own number, in the order's metadata or the refund's reason
    std::string order_id;  // refunds and other commands: which order; placing: the answer's
    bool places = false;
    domain::order_input input;
    domain::command what;
    actors::request rq;
    order_question question;
    bool settled = false;
    std::uint32_t tries = 0;
  };
  /// Something that a vendor tells, and keeps telling until it is acknowledged.
  struct notice {
    std::string source, body, order_id, id;  // id: payments, the vendor's of the notice
    std::uint32_t operation = 0;             // payments: which one
    std::string tracking_number;             // parcels: which one, and what is told of it
    domain::tracking_state state{};
    domain::time_point at{};
    bool concerns_us = false;  // when it was told last, what it is about was on disk
    bool acknowledged = false;
    notice_question question;
  };

  // simulator.cpp
  void step();
  void one_thing();
  void commit();
  void quiesce();
  void note(const std::string& what);
  void fail(const std::string& what);
  void restart();

  // traffic.cpp
  void traffic();
  void place();
  void command_an_order();
  void refund();
  void decide_a_review();
  void count_stock();
  void ask_again();
  void ask(wish& w);
  void reuse_a_key();
  void take_answers();
  void take_answer(wish& w);
  std::string some_order();
  std::vector<wish*> unanswered();

  // vendors.cpp
  void gateway_webhook();
  void buyer_acts();
  void tell_of(const call& c, const integrations::outcome& o);
  void carrier_webhook();
  void tell(notice& n);
  void tell_once_more();
  void tell_again();
  void forge(const notice& n);
  void take_receipts();
  bool concerns_us(const notice& n) const;
  bool is_written(const notice& n) const;

  // faults.cpp
  void fault();
  void set_clock_wrong();
  manner treatment(const call& c);
  manner treatment(const integrations::mail& m);
  void end_faults();

  // promises.cpp: what always has to hold
  void check_call(const call& c);
  void check_mail(const integrations::mail& m);
  void check_step();
  void check_effect(const effect& e);
  void check_stock();
  void check_money(const std::string& id, const domain::order& o);
  void check_end();
  void check_not_stuck(const std::string& id, const domain::order& o);
  void check_final_money(const std::string& id, const domain::order& o);
  void check_wishes();
  void check_news(const std::string& id, const domain::order& o);
  void check_notices();
  void check_mails();
  void check_memory_of_the_stock();

  run_options options_;
  world world_;
  dice& random_;
  run_result result_;
  std::vector<std::string> skus_;
  std::deque<wish> wishes_;              // their addresses stay
  std::vector<wish*> asked_;             // waiting for an answer
  std::vector<order_question> misused_;  // a known key with another body: never to be taken
  std::deque<notice> notices_;
  std::vector<notice_question> forged_;
  std::map<std::string, std::uint64_t> acknowledged_;  // order → the version that somebody was told of
  std::set<std::uint32_t> refused_;                    // wishes without a key that got a definite no
  std::size_t effects_seen_ = 0, log_seen_ = 0;
  std::map<std::string, std::size_t> effects_for_;  // purpose ("<order>/capture/2") → how often it was done outside
  std::set<std::string> delivered_;                 // Message-IDs that a receiver took, or refused for good
  std::uint32_t next_wish_ = 1;
  std::uint32_t misfortune_ = 0;  // permille of calls that the outside world treats badly
  std::uint64_t step_ = 0;
  domain::time_point full_until_{};
  bool faults_ = true;
};

}  // namespace coreldove::simulation
