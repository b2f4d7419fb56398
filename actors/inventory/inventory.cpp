#include "actors/inventory/inventory.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "actors/inventory/stock_text.hpp"
#include "runtime/supervision.hpp"

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;

struct inventory_state {
  static inline const char* name = "inventory";
  using self_ptr = inventory_actor::stateful_pointer<inventory_state>;

  explicit inventory_state(self_ptr s) : self(s) {}

  void load() {
    loaded = false;
    if (reading) {
      read_again = true;  // what is on its way may be older than the reason to look
      return;
    }
    l->health->set(name, runtime::condition::degraded, "reading the stock");
    l->store->load_catalog([me = inventory_actor{self}](domain::result<persistence::catalog> r) { caf::anon_send(me, catalog_loaded{std::move(r)}); });
    reading = true;
  }

  void on(catalog_loaded& m) {
    reading = false;
    if (std::exchange(read_again, false)) return load();
    if (!m.items) {
      spdlog::error("the stock cannot be read: {}", m.items.error().detail);
      self->delayed_send(self, 500ms, read_stock{});
      return;
    }
    ledger = {};
    auto& items = *m.items;
    caf::anon_send(l->shipping, warehouses_known{items.warehouses});
    for (auto& w : items.warehouses) ledger.put_warehouse(std::move(w));
    for (auto& i : items.items) ledger.put_item(std::move(i));
    for (const auto& row : items.levels) ledger.put_level(row.sku, row.warehouse, row.level);
    position = items.position;
    loaded = true;
    ++snapshot;
    l->health->set(name, runtime::condition::up);
    catch_up(early_orders);
    catch_up(early_moves);
    catch_up(early_adjustments);
  }

  /// What was asked while the stock was being read. Each by itself: if one fails, the rest is kept for the next reading.
  template <class Message>
  void catch_up(std::deque<Message>& early) {
    for (auto n = early.size(); n > 0 && loaded; --n) {
      auto m = std::move(early.front());
      early.pop_front();
      handle(m);
    }
  }

  void on(reserve_stock& m) {
    if (!loaded) {
      early_orders.push_back(std::move(m));
      return;
    }
    in_hand = &m;
    const auto& in = *m.input;
    wanted.clear();
    for (std::size_t i = 0; i < in.items.size(); ++i) wanted.push_back({static_cast<std::uint32_t>(i), in.items[i].sku, in.items[i].quantity});
    auto r = ledger.reserve(m.order_id, wanted, {in.shipping.country, in.shipping.state, in.shipping.postal_code});
    if (!r.shortages.empty() && l->owned && !m.looked_again) {  // another node may have brought some since
      in_hand = nullptr;
      m.looked_again = true;
      early_orders.push_back(std::move(m));
      return load();
    }
    if (r.shortages.empty())
      caf::anon_send(m.reply_to, stock_found{std::move(r.allocations)});
    else
      caf::anon_send(m.reply_to, stock_found{std::move(r.shortages)});
    in_hand = nullptr;
    if (suspect == m.order_id) suspect.clear();
  }

  void on(stock_moved& m) {
    if (!loaded) {
      early_moves.push_back(std::move(m));
      return;
    }
    const bool held = m.settles_hold && ledger.commit(m.order_id);
    if (m.position <= position) return;  // the snapshot has it already
    bool fits = true;
    for (const auto& move : m.movements) {
      if (held && move.on_hand == 0 && move.reserved > 0) continue;  // reserved since the hold
      fits = ledger.apply(move) && fits;
    }
    if (fits) return;
    spdlog::error("the stock in memory has lost touch with the store at order {}; reading it again", m.order_id);
    load();
  }

  void on(adjust_stock& m) {
    if (!loaded) {
      early_adjustments.push_back(std::move(m));
      return;
    }
    std::int64_t on_hand = 0;
    if (const auto* levels = ledger.levels(m.sku)) {
      if (const auto it = levels->find(m.warehouse); it != levels->end()) on_hand = it->second.on_hand;
    } else {
      return m.done.answer(domain::failure{domain::errc::not_found, "There is no such SKU."});
    }
    const auto delta = m.on_hand ? *m.on_hand - on_hand : m.delta.value_or(0);
    auto after = ledger.adjust(m.sku, m.warehouse, delta);
    if (!after) return m.done.answer(std::move(after).error());
    std::vector<domain::stock_row> rows;
    for (const auto& [warehouse, level] : *ledger.levels(m.sku)) rows.push_back({m.sku, warehouse, level});
    const order_answer answer{200, 0, {}, stock_text(rows), false};
    // What comes is offered once it is committed; what goes is taken off at once.
    if (delta > 0) ledger.apply({m.sku, m.warehouse, -delta, 0});
    auto what = std::make_shared<adjust_stock>(std::move(m));
    persistence::stock_adjustment item{what->sku, what->warehouse, what->reason, what->by, delta, l->clock->now(), {}};
    if (what->key)
      item.idempotency =
          persistence::idempotency_record{what->key->scope, what->key->key, what->key->fingerprint, {answer.status, 0, {}, answer.document}, false};
    l->journal->adjust(std::move(item), [me = inventory_actor{self}, what, answer, delta, on = snapshot](domain::result<persistence::append_outcome> r) {
      caf::anon_send(me, stock_adjusted{what, answer, delta, on, std::move(r)});
    });
  }

  void on(stock_adjusted& m) {
    const bool same_snapshot = m.snapshot == snapshot;
    const bool committed = static_cast<bool>(m.outcome);
    if (same_snapshot ? (committed ? m.delta > 0 : m.delta < 0) : (committed && m.outcome->position > position)) {
      const auto correction = same_snapshot && !committed ? -m.delta : m.delta;
      if (!ledger.apply({m.what->sku, m.what->warehouse, correction, 0})) load();
    }
    if (!committed) {
      if (m.outcome.error().code == domain::errc::timed_out) load();  // it may have been written
      return m.what->done.answer(m.outcome.error());
    }
    m.what->done.answer(std::move(m.answer));
  }

  void on(const drop_hold& m) {
    std::erase_if(early_orders, [&](const reserve_stock& r) { return r.order_id == m.order_id; });
    ledger.release(m.order_id);
  }

  void on(const read_stock&) {
    if (watch->recovering()) watch->recovered();
    load();
  }

  /// A failure in one message is no end of the actor: what the ledger says is in doubt then, so the stock is read again, and whoever asks meanwhile waits.
  template <class Message>
  void handle(Message& m) {
    watch->run(
        l->clock->steady(), [&] { on(m); }, [&](domain::duration pause) { self->delayed_send(self, pause, read_stock{}); });
    if (!watch->recovering()) return;
    loaded = false;
    if (in_hand) ask_again_later(*std::exchange(in_hand, nullptr));
  }

  /// The question in hand is answered after the next reading. One that fails again has no answer here: its order is stored and asks anew in a while.
  void ask_again_later(const reserve_stock& m) {
    if (std::exchange(suspect, m.order_id) != m.order_id) return early_orders.push_back(m);
    suspect.clear();
    caf::anon_send(m.reply_to, stock_found{domain::stock_pending{}});
  }

  self_ptr self;
  links_ptr l;
  domain::stock_ledger ledger;
  std::uint64_t position = 0;  // of the last event that the snapshot includes
  std::uint64_t snapshot = 0;  // how often the store was read
  bool loaded = false, reading = false, read_again = false;
  std::vector<domain::wanted_line> wanted;
  std::deque<reserve_stock> early_orders;  // asked while the stock was being read
  std::deque<stock_moved> early_moves;
  std::deque<adjust_stock> early_adjustments;
  const reserve_stock* in_hand = nullptr;  // while it is being answered
  std::string suspect;                     // the order whose question failed last
  std::optional<runtime::supervisor> watch;
};

inventory_actor::behavior_type behavior(inventory_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.l = std::move(l);
  s.watch.emplace(inventory_state::name, *s.l->health);
  s.load();
  return {[&s](reserve_stock& m) { s.handle(m); },   [&s](stock_moved& m) { s.handle(m); },    [&s](const drop_hold& m) { s.handle(m); },
          [&s](adjust_stock& m) { s.handle(m); },    [&s](stock_adjusted& m) { s.handle(m); }, [&s](catalog_loaded& m) { s.handle(m); },
          [&s](const read_stock& m) { s.handle(m); }};
}

}  // namespace

inventory_actor spawn_inventory(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
