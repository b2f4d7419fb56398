#include "persistence/sqlite/repair.hpp"

#include <fmt/format.h>

#include "persistence/sqlite/audit.hpp"
#include "persistence/sqlite/order_writer.hpp"
#include "persistence/sqlite/schema.hpp"
#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {
namespace {

std::int64_t ms(domain::time_point t) { return t.time_since_epoch().count(); }

class tables final : public repair_target {
public:
  explicit tables(database& db)
      : db_(db),
        orders_(db),
        number_(db.prepare("SELECT no FROM orders WHERE id=?")),
        forget_listings_(db.prepare("DELETE FROM order_skus WHERE no=?")),
        forget_document_(db.prepare("DELETE FROM documents WHERE no=?")),
        forget_order_(db.prepare("DELETE FROM orders WHERE no=?")),
        forget_strays_(db.prepare("DELETE FROM documents WHERE no>=? AND no<? AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.no=documents.no)")),
        forget_timers_(db.prepare("DELETE FROM timers WHERE order_id=?")),
        put_timer_(db.prepare("INSERT INTO timers(order_id,kind,n,due_at) VALUES(?,?,?,?)")),
        forget_reviews_(db.prepare("DELETE FROM reviews WHERE order_id=?")),
        put_review_(db.prepare("INSERT INTO reviews(no,order_id,n,kind,state,document)"
                               " VALUES(coalesce((SELECT max(no)+1 FROM reviews WHERE no>=?1 AND no<?2),?1),?3,?4,?5,?6,?7)")),
        put_message_(
            db.prepare("INSERT INTO outbox(key,kind,payload) VALUES(?,?,?) ON CONFLICT(key) DO UPDATE SET kind=excluded.kind,payload=excluded.payload")),
        remove_message_(db.prepare("DELETE FROM outbox WHERE key=?")),
        put_stock_(db.prepare("REPLACE INTO stock(sku,warehouse,on_hand,reserved) VALUES(?,?,?,?)")) {}

  void put_order(const std::string& id, std::uint64_t version, const digest& head, const order_row& row) override {
    std::optional<std::int64_t> no;
    if (auto r = number_.query(id); r.next()) no = r.integer(0);
    if (no) {
      forget_listings_.run(*no);
      forget_document_.run(*no);
      forget_order_.run(*no);
    }
    const auto first = first_no(ms(row.created_at));
    forget_strays_.run(first, first + (std::int64_t{1} << no_shift));
    append whole;
    whole.stream = id;
    whole.expected_version = version;
    whole.row = row;
    orders_.insert(whole, head);
    orders_.forget();  // counters are the caller's own business
  }

  void put_timers(const std::string& id, const std::vector<domain::timer>& timers) override {
    forget_timers_.run(id);
    for (const auto& t : timers) put_timer_.run(id, static_cast<int>(t.kind), t.n, ms(t.due_at));
  }

  void put_reviews(const std::string& id, const std::vector<review_change>& reviews) override {
    forget_reviews_.run(id);
    for (const auto& r : reviews) {
      const auto first = first_no(ms(r.opened_at));
      put_review_.run(first, first + (std::int64_t{1} << no_shift), id, r.n, static_cast<int>(r.kind), r.state, r.document);
    }
  }

  void put_message(const outbox_entry& m) override { put_message_.run(m.key, m.kind, m.payload); }
  void remove_message(const std::string& key) override { remove_message_.run(key); }
  void put_stock(const domain::stock_row& row) override { put_stock_.run(row.sku, row.warehouse, row.level.on_hand, row.level.reserved); }

  void put_figures(const std::map<figure_key, figure_values>& all) override {
    db_.execute("DELETE FROM figures");
    auto put = db_.prepare("INSERT INTO figures VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    for (const auto& [k, v] : all)
      put.run(k.bucket, k.status, k.payment, k.fulfillment, std::string_view(k.currency.data(), k.currency.size()), v[0], v[1], v[2], v[3], v[4], v[5], v[6],
              v[7], v[8], v[9]);
  }

  void remove_orphan(const audit_source::orphan& row) override {
    const auto* where = row.table == "documents"    ? "no=?"
                        : row.table == "outbox"     ? "key=?"
                        : row.table == "order_skus" ? "no||' '||sku=?"
                        : row.table == "parcels"    ? "tracking_number=?"
                                                    : "order_id=?";  // timers, reviews
    db_.prepare(fmt::format("DELETE FROM {} WHERE {}", row.table, where)).run(row.name);
  }

private:
  database& db_;
  order_writer orders_;
  statement number_, forget_listings_, forget_document_, forget_order_, forget_strays_, forget_timers_, put_timer_, forget_reviews_, put_review_, put_message_,
      remove_message_, put_stock_;
};

}  // namespace

struct store_repair::parts {
  explicit parts(const std::filesystem::path& file) : lock(file), db(open_for_writing(file)), source(audit_of(db)), target(db) {
    db.execute("BEGIN IMMEDIATE");
  }
  store_lock lock;
  database db;
  std::unique_ptr<audit_source> source;
  tables target;
};

store_repair::store_repair(const std::filesystem::path& file) : parts_(std::make_unique<parts>(file)) {}
store_repair::~store_repair() = default;

audit_source& store_repair::source() { return *parts_->source; }
repair_target& store_repair::target() { return parts_->target; }

void store_repair::keep() { parts_->db.execute("COMMIT"); }

}  // namespace coreldove::persistence::sqlite
