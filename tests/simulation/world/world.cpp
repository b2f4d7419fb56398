#include "tests/simulation/world/world.hpp"

#include <fmt/format.h>
#include <prometheus/registry.h>

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <cstdlib>
#include <functional>

#include "tests/simulation/world/notices.hpp"

namespace coreldove::simulation {
namespace {

struct test_config : caf::actor_system_config {
  test_config() {
    set("scheduler.policy", caf::atom("testing"));
    set("logger.file-verbosity", caf::atom("quiet"));
  }
};

}  // namespace

world_options::world_options() {
  routing.tokens.push_back({"tok_visa", true, {}});
  limits.shards = 2;
  policy.gateways = {"stripe", "paypal"};
  policy.carriers = {"fedex", "ups"};
  for (const auto& g : policy.gateways) engine.webhooks[g] = {std::string{signature_header}, payment_notices(), nullptr};
  for (const auto& c : policy.carriers) engine.webhooks[c] = {std::string{signature_header}, nullptr, parcel_notices()};
}

/// One incarnation of the process.
struct world::node {
  node(world& w, actors::links parts) : engine(system, with(std::move(parts), health), w.random, w.options.engine) {}

  static actors::links with(actors::links parts, runtime::health_board& board) {
    parts.health = &board;
    return parts;
  }

  test_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  runtime::health_board health;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  actors::engine engine;
};

world::world(world_options o) : random(o.seed), store(clock, o.policy), outside(clock), options(std::move(o)), figures_(metrics_) {}

world::~world() { crash(); }

actors::engine& world::engine() { return node_->engine; }

void world::start() {
  actors::links l;
  l.journal = &store;
  l.store = &store;
  l.clock = &clock;
  l.figures = &figures_;
  l.policy = options.policy;
  l.limits = options.limits;
  for (const auto& g : options.policy.gateways) l.gateways[g] = gateway_of(outside, g);
  for (const auto& c : options.policy.carriers) l.carriers[c] = carrier_of(outside, c);
  l.mailer = mailer_of(outside);
  l.routing = *persistence::latest_routing(store.disk.stream(std::string{persistence::routing_stream}));
  l.routing.policy = options.routing;
  node_ = std::make_unique<node>(*this, std::move(l));
}

void world::crash(bool reached_disk) {
  if (!node_) return;
  *node_->alive = false;
  store.close();
  outside.cut_off(true);
  node_->engine.stop(std::chrono::milliseconds{0});
  while (node_->scheduler.try_run_once()) {
  }
  store.crash(reached_disk);
  outside.answers().clear();
  while (node_->scheduler.try_run_once()) {
  }
  if (const auto left = node_->system.registry().running(); left > 0) {
    fmt::print(stderr, "{} actors outlive their engine\n", left);
    std::abort();  // the actor system would wait for them for ever
  }
  node_.reset();
  outside.cut_off(false);
}

template <class T>
std::pair<std::shared_ptr<question<T>>, actors::reply<T>> world::ask() {
  auto q = std::make_shared<question<T>>();
  return {q, [q, alive = node_->alive](domain::result<T> r) {
            if (*alive)
              q->answer = std::move(r);
            else
              q->lost = true;
          }};
}

order_question world::place(domain::order_input input, actors::request rq) {
  auto [q, done] = ask<actors::order_answer>();
  engine().place(std::move(input), std::move(rq), std::move(done));
  return q;
}

order_question world::tell(const std::string& order_id, domain::command what, actors::request rq) {
  auto [q, done] = ask<actors::order_answer>();
  engine().tell(order_id, std::move(what), std::move(rq), std::move(done));
  return q;
}

stock_question world::adjust(const std::string& sku, const std::string& warehouse, std::int64_t delta, actors::request rq) {
  auto [q, done] = ask<actors::stock_answer>();
  rq.principal = "operator";
  engine().adjust_stock(sku, warehouse, std::nullopt, delta, "count", std::move(rq), std::move(done));
  return q;
}

notice_question world::webhook(const std::string& source, const std::string& signature, const std::string& body) {
  auto [q, done] = ask<bool>();
  engine().webhook(
      source, [signature](std::string_view header) { return header == signature_header ? signature : std::string{}; }, body, {}, std::move(done));
  return q;
}

std::size_t world::jobs() const { return node_ ? node_->scheduler.jobs.size() : 0; }

void world::run_job(std::size_t which) {
  auto& jobs = node_->scheduler.jobs;
  std::swap(jobs.front(), jobs[which]);
  node_->scheduler.run_once();
}

void world::advance(domain::duration by) {
  clock.advance(by);
  if (node_) node_->scheduler.advance_time(by);
}

bool world::settle_once() {
  const auto runnable = jobs(), readable = store.reads().ready(clock.right()), outer = outside.answers().ready(clock.right());
  std::vector<std::function<void()>> choices;
  if (runnable > 0) choices.push_back([&] { run_job(random.below(runnable)); });
  if (readable > 0) choices.push_back([&] { store.reads().run(clock.right(), random.below(readable)); });
  if (outer > 0) choices.push_back([&] { outside.answers().run(clock.right(), random.below(outer)); });
  if (store.jobs_committing() > 0) choices.push_back([&] { store.end_commit(); });
  if (store.jobs_committing() == 0 && store.jobs_waiting() > 0) choices.push_back([&] { store.begin_commit(1 + random.below(store.jobs_waiting())); });
  if (store.commit_answers_waiting()) choices.push_back([&] { store.answer_commit(); });
  if (choices.empty()) return false;
  random.pick(choices)();
  return true;
}

void world::settle() {
  while (settle_once()) {
  }
}

void world::pass(domain::duration time) {
  settle();
  for (auto step = std::min<domain::duration>(time, std::chrono::milliseconds{250}); time.count() > 0; time -= step) {
    step = std::min(step, time);
    advance(step);
    settle();
  }
}

bool world::until(const std::function<bool()>& holds, domain::duration at_most) {
  settle();
  const auto end = clock.right() + at_most;
  while (!holds() && clock.right() < end) pass(std::chrono::milliseconds{250});
  return holds();
}

const domain::order* world::order(const std::string& order_id) const {
  const auto* s = store.disk.find(order_id);
  return s ? &s->replayed : nullptr;
}

double world::metric(const std::string& name) const {
  for (const auto& family : const_cast<runtime::metrics&>(metrics_).registry().Collect()) {
    if (family.name != name || family.metric.empty()) continue;
    const auto& m = family.metric.front();
    return family.type == prometheus::MetricType::Gauge ? m.gauge.value : m.counter.value;
  }
  return -1;
}

}  // namespace coreldove::simulation
