#include "tests/simulation/simulator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "persistence/codec/event_codec.hpp"

namespace coreldove::simulation {
namespace {

using namespace std::chrono_literals;

world_options options_of(const run_options& o) {
  world_options w;
  w.seed = o.seed;
  w.policy.first_retry = 500ms;
  w.policy.longest_retry = 20s;
  w.policy.attempts_before_person = 5;
  w.policy.first_look = 5s;
  w.policy.longest_look = 1min;
  w.policy.approval_time = 3min;
  w.policy.authorization_lifetime = std::chrono::hours{24} + 20min;  // people are asked after 20 minutes
  w.limits.payment_timeout = 4s;
  w.limits.carrier_timeout = 5s;
  w.limits.lost_after = 5s;
  w.limits.idle_orders = 8;
  w.limits.idle_time = 3s;
  w.limits.commands_waiting = 16;
  return w;
}

struct choice {
  std::size_t weight;
  std::function<void()> act;
};

}  // namespace

simulator::simulator(const run_options& options) : options_(options), world_(options_of(options)), random_(world_.random) {
  persistence::catalog c;
  c.warehouses = {{"EAST", "East", "US", "IL", "62701"}, {"WEST", "West", "US", "CA", "94105"}};
  skus_ = {"WIDGET", "GADGET", "RARE", "VASE"};
  for (const auto& sku : skus_) c.items.push_back({sku, "prod_" + sku, sku, 250, sku == "VASE"});
  for (const auto& sku : skus_)
    for (const auto* warehouse : {"EAST", "WEST"}) c.levels.push_back({sku, warehouse, {sku == "RARE" ? 5 : 60, 0}});
  world_.store.disk.write(c);
  auto& outside = world_.outside;
  outside.treat = [this](const call& x) { return treatment(x); };
  outside.treat_mail = [this](const integrations::mail& m) { return treatment(m); };
  outside.on_call = [this](const call& x) { check_call(x); };
  outside.delay = [this] { return domain::duration{random_.between(0, random_.chance(100) ? 3'500 : 200)}; };
}

run_result simulator::run() {
  world_.start();
  for (step_ = 1; step_ <= options_.steps && result_.violations.empty(); ++step_) step();
  if (result_.violations.empty()) quiesce();
  if (result_.violations.empty()) check_end();
  result_.orders = world_.store.disk.orders.size();
  result_.effects = world_.outside.ledger().size();
  return result_;
}

void simulator::step() {
  if (world_.store.full() && world_.clock.right() >= full_until_) {
    note("the disk has space again");
    world_.store.disk_full(false);
  }
  one_thing();
  take_answers();
  check_step();
}

/// One choice among everything that can happen next.
void simulator::one_thing() {
  auto& store = world_.store;
  auto& outside = world_.outside;
  const auto now = world_.clock.right();
  const auto jobs = world_.jobs(), reads = store.reads().ready(now), answers = outside.answers().ready(now);
  const bool committing = store.jobs_committing() > 0, waiting = !committing && store.jobs_waiting() > 0;
  const bool busy = jobs + reads + answers > 0 || committing || waiting || store.commit_answers_waiting();
  const std::vector<choice> choices{
      {jobs > 0 ? 400u : 0u, [&] { world_.run_job(random_.below(jobs)); }},
      {reads > 0 ? 150u : 0u, [&] { store.reads().run(now, random_.below(reads)); }},
      {answers > 0 ? 120u : 0u, [&] { outside.answers().run(now, random_.below(answers)); }},
      {waiting ? 100u : 0u, [&] { store.begin_commit(1 + random_.below(store.jobs_waiting())); }},
      {committing ? 120u : 0u, [&] { commit(); }},
      {store.commit_answers_waiting() ? 200u : 0u, [&] { store.answer_commit(); }},
      {busy ? 15u : 400u, [&] { world_.advance(domain::duration{random_.chance(20) ? random_.between(5'000, 30'000) : random_.between(1, 400)}); }},
      {30u, [&] { traffic(); }},
      {3u, [&] { fault(); }},
  };
  std::size_t total = 0;
  for (const auto& c : choices) total += c.weight;
  auto drawn = random_.below(total);
  for (const auto& c : choices) {
    if (drawn < c.weight) return c.act();
    drawn -= c.weight;
  }
}

void simulator::commit() {
  auto& store = world_.store;
  auto fate = commit_fate::committed;
  if (faults_ && random_.chance(15)) fate = random_.pick<commit_fate>({commit_fate::failed, commit_fate::lost, commit_fate::written_unknown});
  if (fate != commit_fate::committed) note(fmt::format("a transaction of {} ends badly: {}", store.jobs_committing(), to_string(fate)));
  store.end_commit(fate);
  ++result_.commits;
}

/// All faults end; then everything that is open has to come to its end by itself, without anybody restarting anything.
void simulator::quiesce() {
  note("all faults end");
  end_faults();
  for (int second = 0; second < 600 && result_.violations.empty(); ++second) {
    world_.advance(1s);
    world_.settle();
    take_answers();
    for (auto* w : unanswered()) ask(*w);
    tell_again();
    check_step();
  }
}

void simulator::restart() {
  const auto torn = world_.store.jobs_committing();
  const bool reached_disk = torn > 0 && random_.chance(500);
  note(torn == 0 ? "the process is killed"
                 : fmt::format("the process is killed, and the transaction of {} {}", torn, reached_disk ? "was written" : "was not"));
  world_.crash(reached_disk);
  ++result_.crashes;
  for (auto* w : asked_) {
    w->question.reset();
    if (!w->rq.key) w->settled = true;  // nobody will ever know
  }
  asked_.clear();
  misused_.clear();
  forged_.clear();
  for (auto& n : notices_) n.question.reset();
  world_.advance(domain::duration{random_.between(0, 20'000)});
  note("the process starts");
  world_.start();
}

void simulator::note(const std::string& what) {
  if (options_.trace) fmt::print("{:>6} {} {}\n", step_, persistence::format_time(world_.clock.now()).substr(11), what);
}

void simulator::fail(const std::string& what) {
  if (result_.violations.empty()) result_.step = step_;
  note("VIOLATED: " + what);
  result_.violations.push_back(what);
}

}  // namespace coreldove::simulation
