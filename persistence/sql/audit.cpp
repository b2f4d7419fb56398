#include "persistence/sqlite/audit.hpp"

#include <fmt/format.h>

#include "persistence/sqlite/order_writer.hpp"
#include "persistence/sqlite/schema.hpp"
#include "persistence/sqlite/stock_ledger.hpp"
#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {
namespace {

domain::time_point time(std::int64_t ms) { return domain::time_point{domain::duration{ms}}; }

std::optional<domain::time_point> maybe_time(std::optional<std::int64_t> ms) {
  if (!ms) return std::nullopt;
  return time(*ms);
}

class audited_file final : public audit_source {
public:
  explicit audited_file(database& db, std::unique_ptr<database> own = nullptr)
      : own_(std::move(own)),
        db_(db),
        order_(db_.prepare("SELECT o.version,o.hash,o.status,o.payment,o.fulfillment,o.customer_id,o.customer_email,o.currency,o.digits,o.total,o.captured,"
                           "o.refunded,o.no,o.updated_at,o.confirmed_at,o.shipped_at,o.delivered_at,o.unfinished,d.document,o.total_e4"
                           " FROM orders o LEFT JOIN documents d ON d.no=o.no WHERE o.id=?")),
        timers_(db_.prepare("SELECT kind,n,due_at FROM timers WHERE order_id=? ORDER BY kind,n")),
        reviews_(db_.prepare("SELECT n,kind,state,no,document FROM reviews WHERE order_id=? ORDER BY n")),
        listing_(db_.prepare("SELECT 1 FROM order_skus WHERE sku=? AND no=(SELECT no FROM orders WHERE id=?)")),
        parcel_(db_.prepare("SELECT order_id FROM parcels WHERE tracking_number=?")),
        outbox_(db_.prepare("SELECT kind,key,payload FROM outbox WHERE key>?1||'/' AND key<?1||'0'")) {}  // '0' follows '/'

  void each_event(const std::function<void(const domain::history_entry&, const digest&)>& see) override {
    auto all = db_.prepare("SELECT position,stream,seq,type,at,by,trace_id,data,hash FROM events ORDER BY stream,seq");
    auto r = all.query();
    while (r.next()) see({r.count(0), r.string(1), r.count(2), r.string(3), time(r.integer(4)), r.string(5), r.string(6), r.string(7)}, r.hash(8));
  }

  std::optional<stored_order> order(const std::string& id) override {
    stored_order s;
    {
      auto r = order_.query(id);
      if (!r.next()) return std::nullopt;
      s.version = r.count(0);
      s.head = r.hash(1);
      s.row = row_in(r);
      s.search_columns_fit = r.integer(19) == with_four_decimals(s.row.total, s.row.currency_digits);
    }
    auto t = timers_.query(id);
    while (t.next()) s.timers.push_back({static_cast<domain::timer_kind>(t.integer(0)), static_cast<std::uint32_t>(t.integer(1)), time(t.integer(2))});
    auto v = reviews_.query(id);
    while (v.next())
      s.reviews.push_back({static_cast<std::uint32_t>(v.integer(0)), static_cast<domain::review_kind>(v.integer(1)), v.string(2),
                           time(created_ms_of(v.integer(3))), v.string(4)});
    auto m = outbox_.query(id);
    while (m.next()) s.outbox.push_back({m.string(0), m.string(1), m.string(2)});
    return s;
  }

  bool is_listed_under(const std::string& id, const std::string& sku) override { return listing_.query(sku, id).next(); }

  std::string order_of_parcel(const std::string& tracking_number) override {
    auto r = parcel_.query(tracking_number);
    return r.next() ? r.string(0) : std::string();
  }

  void each_stock_row(const std::function<void(const domain::stock_row&)>& see) override {
    auto all = db_.prepare("SELECT sku,warehouse,on_hand,reserved FROM stock");
    auto r = all.query();
    while (r.next()) see({r.string(0), r.string(1), {r.integer(2), r.integer(3)}});
  }

  void each_figure(const std::function<void(const figure_key&, const figure_values&)>& see) override {
    auto all = db_.prepare(
        "SELECT bucket,status,payment,fulfillment,currency,orders,total,captured,refunded,confirmed,confirm_ms,shipped,ship_ms,"
        "delivered,deliver_ms FROM figures");
    auto r = all.query();
    while (r.next()) {
      figure_key k{r.integer(0), static_cast<std::uint8_t>(r.integer(1)), static_cast<std::uint8_t>(r.integer(2)), static_cast<std::uint8_t>(r.integer(3)), {}};
      r.text(4).copy(k.currency.data(), k.currency.size());
      figure_values v{};
      for (std::size_t i = 0; i < figure_count; ++i) v[i] = r.count(static_cast<int>(i) + 5);
      see(k, v);
    }
  }

  void each_answer(const std::function<void(const kept_answer&)>& see) override {
    auto all = db_.prepare(
        "SELECT i.scope,i.key,i.order_id,i.version,coalesce(o.version,0) FROM idempotency i LEFT JOIN orders o ON o.id=i.order_id"
        " WHERE i.order_id LIKE 'ord\\_%' ESCAPE '\\' AND i.version>coalesce(o.version,0)");
    auto r = all.query();
    while (r.next()) see({r.string(0), r.string(1), r.string(2), r.count(3), r.count(4)});
  }

  positions count_positions() override {
    auto s = db_.prepare("SELECT count(*),max(position) FROM events");
    auto r = s.query();
    r.next();
    return {r.count(0), r.count(1)};
  }

  void each_orphan(bool listings, bool parcels, const std::function<void(const orphan&)>& see) override {
    const auto look = [&](const char* table, const char* sql) {
      auto all = db_.prepare(sql);
      auto r = all.query();
      while (r.next()) see({table, r.string(0)});
    };
    look("orders", "SELECT id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.stream=o.id)");
    look("documents", "SELECT no FROM documents d WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.no=d.no)");
    for (const auto* table : {"timers", "reviews"})
      look(table, fmt::format("SELECT DISTINCT order_id FROM {} t WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id=t.order_id)", table).c_str());
    look("outbox", "SELECT key FROM outbox WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id=substr(key,1,instr(key,'/')-1))");
    // What the order itself says stands in its document, which has been looked at before.
    if (listings)
      look("order_skus",
           "SELECT no||' '||sku FROM order_skus s WHERE NOT EXISTS"
           " (SELECT 1 FROM documents d, json_each(d.document,'$.items') i WHERE d.no=s.no AND json_extract(i.value,'$.sku')=s.sku)");
    if (parcels)
      look("parcels",
           "SELECT tracking_number FROM parcels p WHERE NOT EXISTS"
           " (SELECT 1 FROM orders o JOIN documents d ON d.no=o.no, json_each(d.document,'$.shipments') s"
           " WHERE o.id=p.order_id AND json_extract(s.value,'$.tracking_number')=p.tracking_number)");
  }

  row_counts count_rows() override { return {count("order_skus"), count("parcels")}; }

  domain::result<stock_ledger_page> stock_ledger(std::uint64_t after, std::uint64_t until) override {
    if (!ledger_reader_) ledger_reader_.emplace(open_for_reading(sqlite3_db_filename(db_.handle(), "main")));
    return sqlite::stock_ledger(*ledger_reader_, after, until);
  }

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
    auto s = db_.prepare(fmt::format("SELECT count(*) FROM {}", table));
    auto r = s.query();
    return r.next() ? r.count(0) : 0;
  }

  std::unique_ptr<database> own_;
  database& db_;
  std::optional<reader> ledger_reader_;
  statement order_, timers_, reviews_, listing_, parcel_, outbox_;
};

}  // namespace

std::unique_ptr<audit_source> open_audit(const std::filesystem::path& file) {
  auto db = open_for_reading(file);
  if (const auto version = db.pragma("user_version"); version != schema_version())
    throw std::runtime_error(
        fmt::format("{} has schema version {}, this program's is {}: run coreldove migrate first", file.string(), version, schema_version()));
  db.execute("BEGIN");
  auto own = std::make_unique<database>(std::move(db));
  auto& connection = *own;
  return std::make_unique<audited_file>(connection, std::move(own));
}

std::unique_ptr<audit_source> audit_of(database& db) { return std::make_unique<audited_file>(db); }

}  // namespace coreldove::persistence::sqlite
