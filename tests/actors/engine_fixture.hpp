#pragma once
// The real engine in a simulated world with a small catalogue: one warehouse, three SKUs.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/domain/order_samples.hpp"
#include "tests/simulation/world/world.hpp"

namespace coreldove::actors::tests {

using namespace std::chrono_literals;
using domain::errc;
using domain::operation_kind;
using domain::operation_outcome;
using domain::order_status;
using domain::payment_status;
using simulation::call;
using simulation::manner;

class Engine : public ::testing::Test {
protected:
  Engine() { spdlog::set_level(spdlog::level::off); }  // faults are what is tested: their log lines are expected

  void SetUp() override { boot({}); }
  void TearDown() override {
    if (!world) return;
    for (const auto& c : world->store.disk.complaints) ADD_FAILURE() << c;
    for (const auto& c : world->outside.complaints) ADD_FAILURE() << c;
  }

  /// A new world; replaces the one that was there.
  void boot(simulation::world_options options) {
    world = std::make_unique<simulation::world>(std::move(options));
    persistence::catalog c;
    c.warehouses = {{"EAST", "East", "US", "IL", "62701"}, {"WEST", "West", "US", "CA", "94105"}};
    c.items = {{"WIDGET-001", "prod_456", "Premium Widget", 250, false},
               {"RARE-001", "prod_7", "Rare Widget", 250, false},
               {"FRAGILE-001", "prod_9", "Vase", 900, true}};
    c.levels = {{"WIDGET-001", "EAST", {1'000, 0}}, {"RARE-001", "EAST", {100, 0}}, {"FRAGILE-001", "EAST", {50, 0}}};
    world->store.disk.write(c);
    world->start();
    world->settle();
  }

  static domain::order_input order_of(const std::string& sku = "WIDGET-001", std::int32_t quantity = 2) {
    auto in = domain::samples::input();
    in.items.front().sku = sku;
    in.items.front().quantity = quantity;
    in.items.front().unit_price = 500;  // a hundred of them stay below the high-value threshold
    in.items.front().total_price = quantity * in.items.front().unit_price;
    return in;
  }

  /// An order that is above the high-value threshold.
  static domain::order_input dear_order() {
    auto in = order_of("WIDGET-001", 1);
    in.items.front().unit_price = in.items.front().total_price = 250'000;
    return in;
  }

  static request with_key(const std::string& key, const std::string& fingerprint = "f") {
    request rq;
    rq.principal = "customer";
    rq.key = request_key{"customer POST /orders", key, fingerprint};
    return rq;
  }

  static request by(const std::string& principal) {
    request rq;
    rq.principal = principal;
    return rq;
  }

  static request waiting(std::chrono::milliseconds time) {
    request rq;
    rq.principal = "customer";
    rq.wait = time;
    return rq;
  }

  /// Placed and settled; its id.
  std::string placed(domain::order_input in = order_of()) {
    const auto q = world->place(std::move(in));
    world->settle();
    EXPECT_TRUE(q->ok());
    return q->ok() ? q->value().order_id : std::string{};
  }

  const domain::order& order(const std::string& id) const {
    static const domain::order none;
    const auto* o = world->order(id);
    EXPECT_NE(o, nullptr) << "no order " << id;
    return o ? *o : none;
  }

  domain::stock_level stock(const std::string& sku = "WIDGET-001") const { return world->store.disk.stock.at({sku, "EAST"}); }

  /// Every call of this kind is treated in this manner, `times` times.
  void treat(operation_kind kind, manner how, std::size_t times = 1) {
    world->outside.treat = [kind, how, times](const call& c) mutable {
      if (c.kind != kind || times == 0) return manner::answers;
      --times;
      return how;
    };
  }

  std::size_t calls(operation_kind kind) const {
    const auto& all = world->outside.calls();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const call& c) { return c.kind == kind; }));
  }

  std::size_t effects(operation_kind kind) const {
    const auto& all = world->outside.ledger();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const simulation::effect& e) { return e.kind == kind; }));
  }

  void deliver(const std::string& id) {
    for (const auto& s : order(id).shipments)
      world->tell(id, domain::track_shipment{s.tracking_number, domain::tracking_state::delivered, "ev-" + s.tracking_number, world->clock.now(), {}, {}});
    world->settle();
  }

  std::unique_ptr<simulation::world> world;
};

}  // namespace coreldove::actors::tests
