#include "persistence/sql/store_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "persistence/order_number.hpp"
#include "persistence/sql/ask.hpp"
#include "persistence/sql/figures_reader.hpp"
#include "persistence/sql/journal_rows.hpp"
#include "persistence/sql/key_rows.hpp"
#include "persistence/sql/list.hpp"
#include "persistence/sql/stock_ledger.hpp"

namespace coreldove::persistence::sql {
namespace {

using domain::history_entry;

domain::failure not_found(std::string_view what) { return {domain::errc::not_found, std::string(what) + " does not exist"}; }

domain::time_point time(std::int64_t ms) { return domain::time_point{domain::duration{ms}}; }

/// Of an event's stream: all of them.
constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();

bool exists(connection& r, const std::string& stream) { return r.query("SELECT 1 FROM journal WHERE stream=? LIMIT 1", stream).next(); }

/// The order's document as it was at that version, made again from its events.
domain::result<std::string> document_at(connection& r, const std::string& order_id, std::uint64_t version) {
  {
    auto now = r.query("SELECT d.document FROM orders o CROSS JOIN documents d ON d.no=o.no WHERE o.id=? AND o.version=?", order_id, version);
    if (now.next()) return now.string(0);
  }
  return document_made_again(r, order_id, version);
}

domain::stock_row stock_row_of(const rows& r) { return {r.string(0), r.string(1), {r.integer(2), r.integer(3)}}; }

}  // namespace

void store_reader::load(std::string order_id, reply<std::vector<history_entry>> done) {
  ask(pool_, lane::quick, std::move(done), [id = std::move(order_id)](connection& r) -> domain::result<std::vector<history_entry>> {
    auto all = events_of(r, id, 0, no_limit);
    if (all.empty()) return not_found(id);
    return all;
  });
}

void store_reader::document(std::string order_id, reply<domain::document> done) {
  ask(pool_, lane::quick, std::move(done), [id = std::move(order_id)](connection& r) -> domain::result<domain::document> {
    domain::document d;
    {
      auto found = r.query("SELECT d.document,o.version,o.customer_id FROM orders o LEFT JOIN documents d ON d.no=o.no WHERE o.id=?", id);
      if (!found.next()) return not_found(id);
      d = {found.string(0), found.count(1), found.string(2)};
    }
    if (!d.json.empty()) return d;
    auto made = document_made_again(r, id, d.version);
    if (!made) return made.error();
    d.json = *std::move(made);
    return d;
  });
}

void store_reader::list(domain::order_query query, reply<domain::page> done) {
  ask(pool_, lane::long_running, std::move(done), [q = std::move(query), index = index_](connection& r) { return list_orders(r, q, index); });
}

void store_reader::history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<std::vector<history_entry>> done) {
  ask(pool_, lane::quick, std::move(done), [id = std::move(order_id), after_seq, limit](connection& r) -> domain::result<std::vector<history_entry>> {
    auto some = events_of(r, id, after_seq, limit);
    if (some.empty() && !exists(r, id)) return not_found(id);
    return some;
  });
}

void store_reader::feed(std::uint64_t after_position, std::uint32_t limit, reply<std::vector<history_entry>> done) {
  ask(pool_, lane::quick, std::move(done), [after_position, limit](connection& r) -> domain::result<std::vector<history_entry>> {
    static const auto sql = fmt::format("SELECT {} FROM journal WHERE position>? ORDER BY position LIMIT ?", journal_columns);
    return entries_of_all(r.query(sql, after_position, limit), limit, [after_position](const auto& e) { return e.position <= after_position; });
  });
}

void store_reader::last_position(reply<std::uint64_t> done) {
  ask(pool_, lane::quick, std::move(done), [](connection& r) -> domain::result<std::uint64_t> {
    auto found = r.query("SELECT max(position) FROM journal");
    return found.next() ? found.count(0) : std::uint64_t{0};
  });
}

void store_reader::reviews(domain::review_query query, reply<domain::page> done) {
  ask(pool_, lane::long_running, std::move(done), [q = std::move(query)](connection& r) { return list_reviews(r, q); });
}

void store_reader::stock(std::string from_sku_exclusive, std::uint32_t limit, reply<domain::stock_page> done) {
  ask(pool_, lane::long_running, std::move(done), [from = std::move(from_sku_exclusive), limit](connection& r) -> domain::result<domain::stock_page> {
    return r.in_snapshot([&] {
      domain::stock_page page;
      {
        auto n = r.query("SELECT count(*) FROM (SELECT DISTINCT sku FROM stock) s");
        if (n.next()) page.total = n.count(0);
      }
      const auto wanted = std::max(limit, 1u);
      auto found = r.query(
          "SELECT sku,warehouse,on_hand,reserved FROM stock WHERE sku IN"
          " (SELECT DISTINCT sku FROM stock WHERE sku>? ORDER BY sku LIMIT ?) ORDER BY sku,warehouse",
          from, wanted + 1);
      std::uint32_t skus = 0;
      while (found.next()) {
        if (page.rows.empty() || page.rows.back().sku != found.text(0)) {
          if (skus++ == wanted) {
            page.next_cursor = page.rows.back().sku;
            break;
          }
        }
        page.rows.push_back(stock_row_of(found));
      }
      return page;
    });
  });
}

void store_reader::stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) {
  ask(pool_, lane::quick, std::move(done), [sku = std::move(sku)](connection& r) -> domain::result<std::vector<domain::stock_row>> {
    std::vector<domain::stock_row> all;
    auto found = r.query("SELECT sku,warehouse,on_hand,reserved FROM stock WHERE sku=? ORDER BY warehouse", sku);
    while (found.next()) all.push_back(stock_row_of(found));
    if (all.empty()) return not_found(sku);
    return all;
  });
}

void store_reader::past_orders(std::string customer_id, std::uint32_t limit, reply<std::vector<domain::past_order>> done) {
  ask(pool_, lane::quick, std::move(done), [customer = std::move(customer_id), limit](connection& r) -> domain::result<std::vector<domain::past_order>> {
    std::vector<domain::past_order> all;
    auto found =
        r.query("SELECT no,total,currency,digits FROM orders INDEXED BY orders_customer WHERE customer_id=? ORDER BY no DESC LIMIT ?", customer, limit);
    while (found.next()) {
      domain::past_order p{time(created_ms_of(found.integer(0))), found.integer(1), {}};
      found.text(2).copy(p.currency.code.data(), p.currency.code.size());
      p.currency.digits = static_cast<std::uint8_t>(found.integer(3));
      all.push_back(p);
    }
    return all;
  });
}

void store_reader::key(std::string scope, std::string key, reply<std::optional<stored_key>> done) {
  ask(pool_, lane::quick, std::move(done), [scope = std::move(scope), key = std::move(key)](connection& r) -> domain::result<std::optional<stored_key>> {
    return r.in_snapshot([&]() -> domain::result<std::optional<stored_key>> {
      auto found = r.query("SELECT fingerprint,status,version,order_id,document FROM idempotency WHERE scope=? AND key=?", scope, key);
      if (!found.next()) return std::optional<stored_key>();
      stored_key k{found.string(0), {static_cast<int>(found.integer(1)), found.count(2), found.string(3), found.string(4)}};
      if (found.is_null(4)) {
        auto document = document_at(r, k.answer.order_id, k.answer.version);
        if (!document) return document.error();
        k.answer.document = *std::move(document);
      }
      return std::optional(std::move(k));
    });
  });
}

void store_reader::performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) {
  ask(pool_, lane::long_running, std::move(done), [from, to](connection& r) -> domain::result<domain::performance> {
    return r.in_snapshot([&] { return performance_of(r, {from, to}); });
  });
}

void store_reader::due_timers(domain::time_point until, std::uint32_t limit, reply<std::vector<due_timer>> done) {
  ask(pool_, lane::quick, std::move(done), [until, limit](connection& r) -> domain::result<std::vector<due_timer>> {
    std::vector<due_timer> all;
    auto found = r.query("SELECT order_id,kind,n,due_at FROM timers INDEXED BY timers_due WHERE due_at<=? ORDER BY due_at LIMIT ?",
                         until.time_since_epoch().count(), limit);
    while (found.next())
      all.push_back(
          {found.string(0), {static_cast<domain::timer_kind>(found.integer(1)), static_cast<std::uint32_t>(found.integer(2)), time(found.integer(3))}});
    return all;
  });
}

void store_reader::unfinished(std::string after_order_id, std::uint32_t limit, reply<std::vector<std::string>> done) {
  ask(pool_, lane::quick, std::move(done), [after = std::move(after_order_id), limit](connection& r) -> domain::result<std::vector<std::string>> {
    std::vector<std::string> all;
    auto found = r.query("SELECT id FROM orders INDEXED BY orders_unfinished WHERE unfinished=1 AND id>? ORDER BY id LIMIT ?", after, limit);
    while (found.next()) all.push_back(found.string(0));
    return all;
  });
}

void store_reader::kept_notices(std::uint64_t after, std::uint32_t limit, reply<std::vector<kept_notice>> done) {
  ask(pool_, lane::quick, std::move(done), [after, limit](connection& r) -> domain::result<std::vector<kept_notice>> {
    std::vector<kept_notice> all;
    auto found = r.query("SELECT source,id,type,verdict,subject,detail,at FROM inbox WHERE n>? ORDER BY n LIMIT ?", after, limit);
    while (found.next())
      all.push_back({found.string(0), found.string(1), found.string(2), static_cast<domain::notice_verdict>(found.integer(3)), found.string(4), found.string(5),
                     domain::time_point{domain::duration{found.integer(6)}}});
    return all;
  });
}

void store_reader::outbox(std::string after_key, std::uint32_t limit, reply<std::vector<outbox_entry>> done) {
  ask(pool_, lane::quick, std::move(done), [after = std::move(after_key), limit](connection& r) -> domain::result<std::vector<outbox_entry>> {
    std::vector<outbox_entry> all;
    auto found = r.query("SELECT kind,key,payload FROM outbox WHERE key>? ORDER BY key LIMIT ?", after, limit);
    while (found.next()) all.push_back({found.string(0), found.string(1), found.string(2)});
    return all;
  });
}

void store_reader::order_of_parcel(std::string tracking_number, reply<std::string> done) {
  ask(pool_, lane::quick, std::move(done), [number = std::move(tracking_number)](connection& r) -> domain::result<std::string> {
    auto found = r.query("SELECT order_id FROM parcels WHERE tracking_number=?", number);
    if (!found.next()) return not_found(number);
    return found.string(0);
  });
}

void store_reader::load_catalog(reply<catalog> done) {
  ask(pool_, lane::long_running, std::move(done), [](connection& r) -> domain::result<catalog> {
    return r.in_snapshot([&] {
      catalog c;
      auto warehouses = r.query("SELECT id,name,country,state,postal_code FROM warehouses");
      while (warehouses.next())
        c.warehouses.push_back({warehouses.string(0), warehouses.string(1), warehouses.string(2), warehouses.string(3), warehouses.string(4)});
      auto items = r.query("SELECT sku,product_id,name,weight_grams,inspect FROM items");
      while (items.next())
        c.items.push_back({items.string(0), items.string(1), items.string(2), static_cast<std::int32_t>(items.integer(3)), items.integer(4) != 0});
      auto levels = r.query("SELECT sku,warehouse,on_hand,reserved FROM stock");
      while (levels.next()) c.levels.push_back(stock_row_of(levels));
      auto position = r.query("SELECT max(position) FROM journal");
      if (position.next()) c.position = position.count(0);
      return c;
    });
  });
}

void store_reader::stock_ledger(std::uint64_t after, std::uint64_t until, reply<stock_ledger_page> done) {
  ask(pool_, lane::long_running, std::move(done), [after, until](connection& r) { return sql::stock_ledger(r, after, until); });
}

void store_reader::ping(reply<bool> done) {
  ask(pool_, lane::quick, std::move(done), [](connection& r) -> domain::result<bool> { return r.query("SELECT 1 FROM probe").next(); });
}

void store_reader::find_api_key(std::string hash, reply<std::optional<api_key>> done) {
  ask(pool_, lane::quick, std::move(done),
      [hash = std::move(hash)](connection& r) -> domain::result<std::optional<api_key>> { return key_with_hash(r, hash); });
}

}  // namespace coreldove::persistence::sql
