#include "persistence/sql/audit.hpp"

#include <fmt/format.h>

#include "persistence/order_head.hpp"
#include "persistence/order_number.hpp"
#include "persistence/sql/journal_rows.hpp"
#include "persistence/sql/stock_ledger.hpp"

namespace coreldove::persistence::sql {
namespace {

domain::time_point time(std::int64_t ms) { return domain::time_point{domain::duration{ms}}; }

std::optional<domain::time_point> maybe_time(std::optional<std::int64_t> ms) {
  if (!ms) return std::nullopt;
  return time(*ms);
}

class audited_store final : public audit_source {
public:
  audited_store(connection& db, std::unique_ptr<connection> own) : own_(std::move(own)), db_(db) {}

  void each_event(const std::function<void(const domain::history_entry&, const digest&)>& see) override {
    auto r = db_.query_many(fmt::format("SELECT {},hashes FROM journal ORDER BY stream,seq", journal_columns));
    while (r.next()) {
      const auto entries = entries_of(r);
      auto hashes = r.hashes(8);
      hashes.resize(entries.size());
      for (std::size_t i = 0; i < entries.size(); ++i) see(entries[i], hashes[i]);
    }
  }

  std::optional<stored_order> order(const std::string& id) override {
    stored_order s;
    {
      auto r = db_.query(
          "SELECT o.version,o.hash,o.status,o.payment,o.fulfillment,o.customer_id,o.customer_email,o.currency,o.digits,o.total,o.captured,"
          "o.refunded,o.no,o.updated_at,o.confirmed_at,o.shipped_at,o.delivered_at,o.unfinished,d.document,o.total_e4"
          " FROM orders o LEFT JOIN documents d ON d.no=o.no WHERE o.id=?",
          id);
      if (!r.next()) return std::nullopt;
      s.version = r.count(0);
      s.head = r.hash(1);
      s.row = row_in(r);
      s.search_columns_fit = r.integer(19) == with_four_decimals(s.row.total, s.row.currency_digits);
    }
    auto t = db_.query("SELECT kind,n,due_at FROM timers WHERE order_id=? ORDER BY kind,n", id);
    while (t.next()) s.timers.push_back({static_cast<domain::timer_kind>(t.integer(0)), static_cast<std::uint32_t>(t.integer(1)), time(t.integer(2))});
    auto v = db_.query("SELECT n,kind,state,no,document FROM reviews WHERE order_id=? ORDER BY n", id);
    while (v.next())
      s.reviews.push_back({static_cast<std::uint32_t>(v.integer(0)), static_cast<domain::review_kind>(v.integer(1)), v.string(2),
                           time(created_ms_of(v.integer(3))), v.string(4)});
    auto m = db_.query("SELECT kind,key,payload FROM outbox WHERE key>?1||'/' AND key<?1||'0' ORDER BY key", id);  // '0' follows '/'
    while (m.next()) s.outbox.push_back({m.string(0), m.string(1), m.string(2)});
    return s;
  }

  bool is_listed_under(const std::string& id, const std::string& sku) override {
    return db_.query("SELECT 1 FROM order_skus WHERE sku=? AND no=(SELECT no FROM orders WHERE id=?)", sku, id).next();
  }

  std::string order_of_parcel(const std::string& tracking_number) override {
    auto r = db_.query("SELECT order_id FROM parcels WHERE tracking_number=?", tracking_number);
    return r.next() ? r.string(0) : std::string();
  }

  void each_stock_row(const std::function<void(const domain::stock_row&)>& see) override {
    auto r = db_.query_many("SELECT sku,warehouse,on_hand,reserved FROM stock ORDER BY sku,warehouse");
    while (r.next()) see({r.string(0), r.string(1), {r.integer(2), r.integer(3)}});
  }

  void each_figure(const std::function<void(const figure_key&, const figure_values&)>& see) override {
    auto r = db_.query_many(
        "SELECT bucket,status,payment,fulfillment,currency,orders,total,captured,refunded,confirmed,confirm_ms,shipped,ship_ms,"
        "delivered,deliver_ms FROM figures");
    while (r.next()) {
      figure_key k{r.integer(0), static_cast<std::uint8_t>(r.integer(1)), static_cast<std::uint8_t>(r.integer(2)), static_cast<std::uint8_t>(r.integer(3)), {}};
      r.text(4).copy(k.currency.data(), k.currency.size());
      figure_values v{};
      for (std::size_t i = 0; i < figure_count; ++i) v[i] = r.count(static_cast<int>(i) + 5);
      see(k, v);
    }
  }

  void each_answer(const std::function<void(const kept_answer&)>& see) override {
    auto r = db_.query_many(
        "SELECT i.scope,i.key,i.order_id,i.version,coalesce(o.version,0) FROM idempotency i LEFT JOIN orders o ON o.id=i.order_id"
        " WHERE i.order_id LIKE 'ord\\_%' ESCAPE '\\' AND i.version>coalesce(o.version,0)");
    while (r.next()) see({r.string(0), r.string(1), r.string(2), r.count(3), r.count(4)});
  }

  positions count_positions() override {
    auto r = db_.query("SELECT coalesce(sum(n),0),max(position) FROM journal");
    r.next();
    return {r.count(0), r.count(1)};
  }

  void each_orphan(bool listings, bool parcels, const std::function<void(const orphan&)>& see) override {
    const auto look = [&](const char* table, const std::string& sql) {
      auto r = db_.query_many(sql);
      while (r.next()) see({table, r.string(0)});
    };
    look("orders", "SELECT id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM journal e WHERE e.stream=o.id)");
    look("documents", "SELECT no FROM documents d WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.no=d.no)");
    for (const auto* table : {"timers", "reviews"})
      look(table, fmt::format("SELECT DISTINCT order_id FROM {} t WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id=t.order_id)", table));
    look("outbox", fmt::format("SELECT key FROM outbox WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id={})", db_.words().order_of_key));
    // What the order itself says stands in its document, which has been looked at before.
    if (listings) look("order_skus", db_.words().stray_listings);
    if (parcels) look("parcels", db_.words().stray_parcels);
  }

  row_counts count_rows() override { return {count("order_skus"), count("parcels")}; }

  domain::result<stock_ledger_page> stock_ledger(std::uint64_t after, std::uint64_t until) override { return sql::stock_ledger(db_, after, until); }

private:
  static order_row row_in(const rows& r) {
    order_row row;
    row.status = static_cast<domain::order_status>(r.integer(2));
    row.payment = static_cast<domain::payment_status>(r.integer(3));
    row.fulfillment = static_cast<domain::fulfillment_status>(r.integer(4));
    row.customer_id = r.string(5);
    row.customer_email = r.string(6);
    row.currency = r.string(7);
    row.currency_digits = static_cast<std::uint8_t>(r.integer(8));
    row.total = r.integer(9);
    row.captured = r.integer(10);
    row.refunded = r.integer(11);
    row.created_at = time(created_ms_of(r.integer(12)));
    row.updated_at = time(r.integer(13));
    row.confirmed_at = maybe_time(r.maybe_integer(14));
    row.shipped_at = maybe_time(r.maybe_integer(15));
    row.delivered_at = maybe_time(r.maybe_integer(16));
    row.unfinished = r.integer(17) != 0;
    row.document = r.string(18);
    return row;
  }

  std::uint64_t count(std::string_view table) {
    auto r = db_.query(fmt::format("SELECT count(*) FROM {}", table));
    return r.next() ? r.count(0) : 0;
  }

  std::unique_ptr<connection> own_;
  connection& db_;
};

}  // namespace

std::unique_ptr<audit_source> audit_of(connection& db) { return std::make_unique<audited_store>(db, nullptr); }

std::unique_ptr<audit_source> audit_over(std::unique_ptr<connection> db) {
  auto& one = *db;
  return std::make_unique<audited_store>(one, std::move(db));
}

}  // namespace coreldove::persistence::sql
