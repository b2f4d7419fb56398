#include "persistence/sql/repair.hpp"

#include <fmt/format.h>

#include "persistence/order_head.hpp"
#include "persistence/order_number.hpp"
#include "persistence/sql/audit.hpp"

namespace coreldove::persistence::sql {
namespace {

std::int64_t ms(domain::time_point t) { return t.time_since_epoch().count(); }

std::optional<std::int64_t> ms(const std::optional<domain::time_point>& t) {
  if (!t) return std::nullopt;
  return ms(*t);
}

class tables final : public repair_target {
public:
  explicit tables(connection& db) : db_(db) {}

  void put_order(const std::string& id, std::uint64_t version, const digest& head, const order_row& row) override {
    if (const auto no = number_of(id)) {
      db_.execute("DELETE FROM order_skus WHERE no=?", *no);
      db_.execute("DELETE FROM documents WHERE no=?", *no);
      db_.execute("DELETE FROM orders WHERE no=?", *no);
    }
    const auto first = first_no(ms(row.created_at)), end = first + (std::int64_t{1} << no_shift);
    db_.execute("DELETE FROM documents WHERE no>=? AND no<? AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.no=documents.no)", first, end);
    const auto no = next_number("orders", first, end);
    db_.execute(
        "INSERT INTO orders(no,id,version,hash,status,payment,fulfillment,customer_id,customer_email,currency,digits,total,captured,"
        "refunded,total_e4,updated_at,confirmed_at,shipped_at,delivered_at,unfinished) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        no, id, version, head, static_cast<int>(row.status), static_cast<int>(row.payment), static_cast<int>(row.fulfillment), row.customer_id,
        row.customer_email, row.currency, row.currency_digits, row.total, row.captured, row.refunded, with_four_decimals(row.total, row.currency_digits),
        ms(row.updated_at), ms(row.confirmed_at), ms(row.shipped_at), ms(row.delivered_at), static_cast<int>(row.unfinished));
    if (!row.document.empty()) db_.execute("INSERT INTO documents(no,document) VALUES(?,?)", no, row.document);
    for (const auto& sku : row.skus) db_.execute("INSERT INTO order_skus(sku,no) VALUES(?,?) ON CONFLICT DO NOTHING", sku, no);
    for (const auto& number : row.tracking_numbers)
      db_.execute(
          "INSERT INTO parcels(tracking_number,order_id) VALUES(?,?)"
          " ON CONFLICT(tracking_number) DO UPDATE SET order_id=excluded.order_id WHERE excluded.order_id>parcels.order_id",
          number, id);
  }

  void put_timers(const std::string& id, const std::vector<domain::timer>& timers) override {
    db_.execute("DELETE FROM timers WHERE order_id=?", id);
    for (const auto& t : timers) db_.execute("INSERT INTO timers(order_id,kind,n,due_at) VALUES(?,?,?,?)", id, static_cast<int>(t.kind), t.n, ms(t.due_at));
  }

  void put_reviews(const std::string& id, const std::vector<review_change>& reviews) override {
    db_.execute("DELETE FROM reviews WHERE order_id=?", id);
    for (const auto& r : reviews) {
      const auto first = first_no(ms(r.opened_at));
      db_.execute("INSERT INTO reviews(no,order_id,n,kind,state,document) VALUES(?,?,?,?,?,?)",
                  next_number("reviews", first, first + (std::int64_t{1} << no_shift)), id, r.n, static_cast<int>(r.kind), r.state, r.document);
    }
  }

  void put_message(const outbox_entry& m) override {
    db_.execute("INSERT INTO outbox(key,kind,payload) VALUES(?,?,?) ON CONFLICT(key) DO UPDATE SET kind=excluded.kind,payload=excluded.payload", m.key, m.kind,
                m.payload);
  }

  void remove_message(const std::string& key) override { db_.execute("DELETE FROM outbox WHERE key=?", key); }

  void put_stock(const domain::stock_row& row) override {
    db_.execute(
        "INSERT INTO stock(sku,warehouse,on_hand,reserved) VALUES(?,?,?,?)"
        " ON CONFLICT(sku,warehouse) DO UPDATE SET on_hand=excluded.on_hand,reserved=excluded.reserved",
        row.sku, row.warehouse, row.level.on_hand, row.level.reserved);
  }

  void put_figures(const std::map<figure_key, figure_values>& all) override {
    db_.run("DELETE FROM figures");
    for (const auto& [k, v] : all)
      db_.execute("INSERT INTO figures VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", k.bucket, k.status, k.payment, k.fulfillment,
                  std::string_view(k.currency.data(), k.currency.size()), v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
  }

  void remove_orphan(const audit_source::orphan& row) override {
    const auto* where = row.table == "documents"    ? "no=?"
                        : row.table == "outbox"     ? "key=?"
                        : row.table == "order_skus" ? "no||' '||sku=?"
                        : row.table == "parcels"    ? "tracking_number=?"
                                                    : "order_id=?";  // timers, reviews
    db_.execute(fmt::format("DELETE FROM {} WHERE {}", row.table, where), row.name);
  }

private:
  std::optional<std::int64_t> number_of(const std::string& id) {
    auto r = db_.query("SELECT no FROM orders WHERE id=?", id);
    if (!r.next()) return std::nullopt;
    return r.integer(0);
  }

  std::int64_t next_number(const char* table, std::int64_t first, std::int64_t end) {
    auto r = db_.query(fmt::format("SELECT max(no) FROM {} WHERE no>=? AND no<?", table), first, end);
    return r.next() && !r.is_null(0) ? r.integer(0) + 1 : first;
  }

  connection& db_;
};

}  // namespace

struct store_repair::parts {
  parts(std::unique_ptr<connection> opened, std::shared_ptr<void> held) : lock(std::move(held)), db(std::move(opened)), source(audit_of(*db)), target(*db) {}

  std::shared_ptr<void> lock;
  std::unique_ptr<connection> db;
  std::unique_ptr<audit_source> source;
  tables target;
};

store_repair::store_repair(std::unique_ptr<connection> db, std::shared_ptr<void> lock) : parts_(std::make_unique<parts>(std::move(db), std::move(lock))) {}
store_repair::~store_repair() = default;

audit_source& store_repair::source() { return *parts_->source; }
repair_target& store_repair::target() { return parts_->target; }

void store_repair::keep() { parts_->db->run("COMMIT"); }

}  // namespace coreldove::persistence::sql
