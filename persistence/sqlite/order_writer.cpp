#include "persistence/sqlite/order_writer.hpp"

#include "persistence/order_number.hpp"

namespace coreldove::persistence::sqlite {
namespace {

std::int64_t ms(domain::time_point t) { return t.time_since_epoch().count(); }

std::optional<std::int64_t> ms(const std::optional<domain::time_point>& t) {
  if (!t) return std::nullopt;
  return ms(*t);
}

std::optional<std::int64_t> since(std::int64_t created, const std::optional<std::int64_t>& at) {
  if (!at) return std::nullopt;
  return *at - created;
}

}  // namespace

order_writer::order_writer(database& db)
    : db_(db),
      figures_(db),
      select_(db.prepare("SELECT no,version,hash,status,payment,fulfillment,currency,total,captured,refunded,confirmed_at,shipped_at,delivered_at,unfinished"
                         " FROM orders WHERE id=?")),
      next_no_(db.prepare("SELECT max(no) FROM orders WHERE no>=? AND no<?")),
      insert_(db.prepare("INSERT INTO orders(no,id,version,hash,status,payment,fulfillment,customer_id,customer_email,currency,digits,total,captured,"
                         "refunded,total_e4,updated_at,confirmed_at,shipped_at,delivered_at,unfinished) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")),
      put_document_(db.prepare("REPLACE INTO documents(no,document) VALUES(?,?)")),
      remove_document_(db.prepare("DELETE FROM documents WHERE no=?")),
      insert_sku_(db.prepare("INSERT INTO order_skus(no,sku) VALUES(?,?) ON CONFLICT DO NOTHING")),
      // Carriers use numbers again after some months: the later order has it then.
      put_parcel_(db.prepare("INSERT INTO parcels(tracking_number,order_id) VALUES(?,?)"
                             " ON CONFLICT DO UPDATE SET order_id=excluded.order_id WHERE excluded.order_id>order_id")) {}

std::optional<order_head> order_writer::head(const std::string& id) {
  if (const auto* known = heads_.find(id)) return *known;
  auto r = select_.query(id);
  if (!r.next()) return std::nullopt;
  order_head h;
  h.no = r.integer(0);
  h.version = r.count(1);
  h.hash = r.hash(2);
  auto& f = h.figures;
  f.status = static_cast<std::uint8_t>(r.integer(3));
  f.payment = static_cast<std::uint8_t>(r.integer(4));
  f.fulfillment = static_cast<std::uint8_t>(r.integer(5));
  r.text(6).copy(f.currency.data(), f.currency.size());
  f.created_ms = created_ms_of(h.no);
  f.total = r.integer(7);
  f.captured = r.integer(8);
  f.refunded = r.integer(9);
  f.confirm_ms = since(f.created_ms, r.maybe_integer(10));
  f.ship_ms = since(f.created_ms, r.maybe_integer(11));
  f.deliver_ms = since(f.created_ms, r.maybe_integer(12));
  h.unfinished = r.integer(13) != 0;
  return h;
}

bool order_writer::insert(const append& item, const digest& hash) {
  const auto& row = item.row;
  const auto first = first_no(ms(row.created_at));
  order_head h;
  {
    auto r = next_no_.query(first, first + (std::int64_t{1} << no_shift));
    r.next();
    h.no = r.is_null(0) ? first : r.integer(0) + 1;
  }
  h = head_after(item, h, hash);
  const auto& f = h.figures;
  const auto total_e4 = with_four_decimals(row.total, row.currency_digits);
  if (!insert_.try_run(h.no, item.stream, h.version, hash, f.status, f.payment, f.fulfillment, row.customer_id, row.customer_email, row.currency,
                       row.currency_digits, row.total, row.captured, row.refunded, total_e4, ms(row.updated_at), ms(row.confirmed_at), ms(row.shipped_at),
                       ms(row.delivered_at), row.unfinished))
    return false;
  if (!row.document.empty()) put_document_.run(h.no, row.document);
  for (const auto& sku : row.skus) insert_sku_.run(h.no, sku);
  write_parcels(item, h);
  figures_.add(f);
  heads_.put(item.stream, h);
  list(h, total_e4, row.skus);
  return true;
}

statement& order_writer::update_of(unsigned changed) {
  auto& s = update_[changed];
  if (!s) {
    // Only what has changed: SQLite rewrites the index of every column that is named, changed or not.
    std::string sql = "UPDATE orders SET version=?1,hash=?2,captured=?3,refunded=?4,updated_at=?5,confirmed_at=?6,shipped_at=?7,delivered_at=?8";
    if (changed & status) sql += ",status=?9";
    if (changed & payment) sql += ",payment=?10";
    if (changed & fulfillment) sql += ",fulfillment=?11";
    if (changed & unfinished) sql += ",unfinished=?12";
    s = db_.prepare(sql + " WHERE no=?13");
  }
  return s;
}

void order_writer::update(const append& item, const order_head& before, const digest& hash) {
  const auto& row = item.row;
  order_head h = head_after(item, before, hash);
  const auto& f = h.figures;
  const auto& old = before.figures;
  const unsigned changed = (f.status != old.status ? status : 0u) | (f.payment != old.payment ? payment : 0u) |
                           (f.fulfillment != old.fulfillment ? fulfillment : 0u) | (h.unfinished != before.unfinished ? unfinished : 0u);
  update_of(changed).run(h.version, hash, row.captured, row.refunded, ms(row.updated_at), ms(row.confirmed_at), ms(row.shipped_at), ms(row.delivered_at),
                         f.status, f.payment, f.fulfillment, row.unfinished, h.no);
  if (row.document.empty())
    remove_document_.run(h.no);
  else
    put_document_.run(h.no, row.document);
  write_parcels(item, h);
  figures_.remove(old);
  figures_.add(f);
  heads_.put(item.stream, h);
  if (changed & (status | payment | fulfillment)) list(h, with_four_decimals(row.total, row.currency_digits));
}

void order_writer::list(const order_head& h, std::int64_t total_e4, std::vector<std::string> skus) {
  const auto& f = h.figures;
  listed_.push_back({h.no, f.status, f.payment, f.fulfillment, total_e4, std::move(skus)});
}

void order_writer::write_parcels(const append& item, order_head& head) {
  const auto& numbers = item.row.tracking_numbers;
  if (numbers.size() == head.parcels) return;
  for (const auto& n : numbers) put_parcel_.run(n, item.stream);
  head.parcels = numbers.size();
}

void order_writer::forget() {
  figures_.forget();
  heads_.clear();
}

}  // namespace coreldove::persistence::sqlite
