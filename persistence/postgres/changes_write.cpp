// What has been worked out for many jobs, as one statement for each table.
#include <fmt/format.h>

#include "persistence/journal_row.hpp"
#include "persistence/order_number.hpp"
#include "persistence/postgres/arrays.hpp"
#include "persistence/postgres/changes.hpp"

namespace coreldove::persistence::postgres {
namespace {

std::int64_t ms(domain::time_point t) { return t.time_since_epoch().count(); }

std::optional<std::int64_t> ms(const std::optional<domain::time_point>& t) {
  if (!t) return std::nullopt;
  return ms(*t);
}

std::string_view text(const std::array<char, 3>& currency) { return {currency.data(), currency.size()}; }

/// What changes of an order's row with each append.
struct row_columns {
  number_array numbers, versions, statuses, payments, fulfillments, captured, refunded, updated, confirmed, shipped, delivered, unfinished;
  bytes_array hashes;

  void add(const append& item, const order_head& head) {
    const auto& row = item.row;
    numbers.add(head.no);
    versions.add(head.version);
    hashes.add(head.hash);
    statuses.add(static_cast<int>(row.status));
    payments.add(static_cast<int>(row.payment));
    fulfillments.add(static_cast<int>(row.fulfillment));
    captured.add(row.captured);
    refunded.add(row.refunded);
    updated.add(ms(row.updated_at));
    confirmed.add_or_null(ms(row.confirmed_at));
    shipped.add_or_null(ms(row.shipped_at));
    delivered.add_or_null(ms(row.delivered_at));
    unfinished.add(static_cast<int>(row.unfinished));
  }
  std::vector<pqxx::binarystring> parameters() {
    return {numbers.parameter(),      versions.parameter(),  hashes.parameter(),    statuses.parameter(), payments.parameter(),
            fulfillments.parameter(), captured.parameter(),  refunded.parameter(),  updated.parameter(),  confirmed.parameter(),
            shipped.parameter(),      delivered.parameter(), unfinished.parameter()};
  }
};

}  // namespace

void changes::write() {
  insert_orders();
  update_orders();
  write_documents();
  write_skus_and_parcels();
  write_journal();
  write_answers();
  write_queues();
  write_reviews();
  write_stock();
  look_up_figures();
  write_figures();
  orders_.clear();
}

void changes::insert_orders() {
  row_columns rows;
  text_array ids, customers, emails, currencies;
  number_array digits, totals, totals_e4;
  for (const auto& [id, o] : orders_) {
    if (!o.is_new) continue;
    const auto& row = o.last->row;
    rows.add(*o.last, o.head);
    ids.add(id);
    customers.add(row.customer_id);
    emails.add(row.customer_email);
    currencies.add(row.currency);
    digits.add(int{row.currency_digits});
    totals.add(row.total);
    totals_e4.add(with_four_decimals(row.total, row.currency_digits));
  }
  if (ids.empty()) return;
  auto parameters = rows.parameters();
  for (array* a : std::initializer_list<array*>{&ids, &customers, &emails, &currencies, &digits, &totals, &totals_e4}) parameters.push_back(a->parameter());
  db_.over(
      "INSERT INTO orders(no,version,hash,status,payment,fulfillment,captured,refunded,updated_at,confirmed_at,shipped_at,delivered_at,unfinished,"
      "id,customer_id,customer_email,currency,digits,total,total_e4)"
      " SELECT * FROM unnest($1::int8[],$2::int8[],$3::bytea[],$4::int8[],$5::int8[],$6::int8[],$7::int8[],$8::int8[],$9::int8[],$10::int8[],$11::int8[],"
      "$12::int8[],$13::int8[],$14::text[],$15::text[],$16::text[],$17::text[],$18::int8[],$19::int8[],$20::int8[])",
      parameters);
}

void changes::update_orders() {
  row_columns rows;
  for (const auto& [id, o] : orders_)
    if (!o.is_new) rows.add(*o.last, o.head);
  if (rows.numbers.empty()) return;
  db_.over(
      "UPDATE orders o SET version=u.version,hash=u.hash,status=u.status,payment=u.payment,fulfillment=u.fulfillment,captured=u.captured,"
      "refunded=u.refunded,updated_at=u.updated_at,confirmed_at=u.confirmed_at,shipped_at=u.shipped_at,delivered_at=u.delivered_at,unfinished=u.unfinished"
      " FROM unnest($1::int8[],$2::int8[],$3::bytea[],$4::int8[],$5::int8[],$6::int8[],$7::int8[],$8::int8[],$9::int8[],$10::int8[],$11::int8[],"
      "$12::int8[],$13::int8[])"
      " u(no,version,hash,status,payment,fulfillment,captured,refunded,updated_at,confirmed_at,shipped_at,delivered_at,unfinished) WHERE o.no=u.no",
      rows.parameters());
}

void changes::write_documents() {
  number_array numbers, removed;
  text_array texts;
  for (const auto& [id, o] : orders_) {
    const auto& document = o.last->row.document;
    if (!document.empty()) {
      numbers.add(o.head.no);
      texts.add(document);
    } else if (!o.is_new) {
      removed.add(o.head.no);
    }
  }
  if (!numbers.empty())
    db_.over("INSERT INTO documents(no,document) SELECT * FROM unnest($1::int8[],$2::text[]) ON CONFLICT(no) DO UPDATE SET document=excluded.document",
             {numbers.parameter(), texts.parameter()});
  if (!removed.empty()) db_.over("DELETE FROM documents WHERE no=ANY($1::int8[])", {removed.parameter()});
}

void changes::write_skus_and_parcels() {
  text_array skus, tracking_numbers, holders;
  number_array numbers;
  for (const auto& [id, o] : orders_) {
    if (!o.is_new) continue;
    for (const auto& sku : o.last->row.skus) {
      skus.add(sku);
      numbers.add(o.head.no);
    }
  }
  if (!skus.empty())
    db_.over("INSERT INTO order_skus(sku,no) SELECT * FROM unnest($1::text[],$2::int8[]) ON CONFLICT DO NOTHING", {skus.parameter(), numbers.parameter()});
  for (const auto& [number, holder] : parcels_) {
    tracking_numbers.add(number);
    holders.add(holder);
  }
  if (!parcels_.empty())
    db_.over(
        "INSERT INTO parcels(tracking_number,order_id) SELECT * FROM unnest($1::text[],$2::text[])"
        " ON CONFLICT(tracking_number) DO UPDATE SET order_id=excluded.order_id WHERE excluded.order_id>parcels.order_id",
        {tracking_numbers.parameter(), holders.parameter()});
  parcels_.clear();
}

void changes::write_journal() {
  if (journal_.empty()) return;
  number_array positions, seqs, counts, times;
  text_array streams, authors, traces, events;
  bytes_array hashes;
  for (const auto& row : journal_) {
    positions.add(row.position);
    streams.add(row.stream);
    seqs.add(row.seq);
    counts.add(std::uint64_t{row.events.size()});
    times.add(ms(row.at));
    authors.add(row.by);
    traces.add(row.trace_id);
    events.add(events_text(row.events));
    hashes.add(row.hashes);
  }
  db_.over(
      "INSERT INTO journal(position,stream,seq,n,at,by,trace_id,events,hashes)"
      " SELECT * FROM unnest($1::int8[],$2::text[],$3::int8[],$4::int8[],$5::int8[],$6::text[],$7::text[],$8::text[],$9::bytea[])",
      {positions.parameter(), streams.parameter(), seqs.parameter(), counts.parameter(), times.parameter(), authors.parameter(), traces.parameter(),
       events.parameter(), hashes.parameter()});
  journal_.clear();
}

void changes::write_answers() {
  const auto put = [this](auto& answers, const std::string& on_conflict) {
    if (answers.empty()) return;
    text_array scopes, keys, fingerprints, orders, documents;
    number_array statuses, versions, times;
    for (const auto& [item, document] : answers) {
      const auto& i = *item->idempotency;
      scopes.add(i.scope);
      keys.add(i.key);
      fingerprints.add(i.fingerprint);
      statuses.add(i.answer.status);
      versions.add(i.answer.version);
      orders.add(i.answer.order_id);
      documents.add_or_null(document);
      times.add(ms(item->at));
    }
    db_.over(
        "INSERT INTO idempotency(scope,key,fingerprint,status,version,order_id,document,at)"
        " SELECT * FROM unnest($1::text[],$2::text[],$3::text[],$4::int8[],$5::int8[],$6::text[],$7::text[],$8::int8[])" +
            on_conflict,
        {scopes.parameter(), keys.parameter(), fingerprints.parameter(), statuses.parameter(), versions.parameter(), orders.parameter(), documents.parameter(),
         times.parameter()});
    answers.clear();
  };
  put(new_answers_, "");
  put(better_answers_,
      " ON CONFLICT(scope,key) DO UPDATE SET status=excluded.status,version=excluded.version,document=excluded.document"
      " WHERE idempotency.fingerprint=excluded.fingerprint");
}

void changes::write_queues() {
  text_array set_orders, removed_orders, kinds, keys, payloads, delivered;
  number_array set_kinds, set_ns, due, removed_kinds, removed_ns;
  for (const auto& [name, change] : timers_) {
    const auto& [order, kind, n] = name;
    (change->set ? set_orders : removed_orders).add(order);
    (change->set ? set_kinds : removed_kinds).add(kind);
    (change->set ? set_ns : removed_ns).add(n);
    if (change->set) due.add(ms(change->timer.due_at));
  }
  if (!set_orders.empty())
    db_.over(
        "INSERT INTO timers(order_id,kind,n,due_at) SELECT * FROM unnest($1::text[],$2::int8[],$3::int8[],$4::int8[])"
        " ON CONFLICT(order_id,kind,n) DO UPDATE SET due_at=excluded.due_at",
        {set_orders.parameter(), set_kinds.parameter(), set_ns.parameter(), due.parameter()});
  if (!removed_orders.empty())
    db_.over(
        "DELETE FROM timers t USING unnest($1::text[],$2::int8[],$3::int8[]) u(order_id,kind,n)"
        " WHERE t.order_id=u.order_id AND t.kind=u.kind AND t.n=u.n",
        {removed_orders.parameter(), removed_kinds.parameter(), removed_ns.parameter()});
  for (const auto* o : outbox_) {
    keys.add(o->key);
    kinds.add(o->kind);
    payloads.add(o->payload);
  }
  if (!outbox_.empty())
    db_.over("INSERT INTO outbox(key,kind,payload) SELECT * FROM unnest($1::text[],$2::text[],$3::text[]) ON CONFLICT DO NOTHING",
             {keys.parameter(), kinds.parameter(), payloads.parameter()});
  for (const auto key_of_entry : delivered_) delivered.add(key_of_entry);
  if (!delivered_.empty()) db_.over("DELETE FROM outbox WHERE key=ANY($1::text[])", {delivered.parameter()});
  timers_.clear();
  outbox_.clear();
  delivered_.clear();
}

/// A review's number is that of its first row; later ones change its state and its document alone.
void changes::write_reviews() {
  if (reviews_.empty()) return;
  text_array orders, states, documents;
  number_array firsts, ns, kinds;
  for (const auto& [name, r] : reviews_) {
    orders.add(name.first);
    ns.add(name.second);
    firsts.add(first_no(ms(r.first->opened_at)));
    kinds.add(static_cast<int>(r.first->kind));
    states.add(r.last->state);
    documents.add(r.last->document);
  }
  db_.over(fmt::format("INSERT INTO reviews(no,order_id,n,kind,state,document)"
                       " SELECT coalesce((SELECT max(no) FROM reviews WHERE no>=u.first AND no<u.first+{}),u.first-1)"
                       "+row_number() OVER (PARTITION BY u.first ORDER BY u.order_id,u.n),u.order_id,u.n,u.kind,u.state,u.document"
                       " FROM unnest($1::int8[],$2::text[],$3::int8[],$4::int8[],$5::text[],$6::text[]) u(first,order_id,n,kind,state,document)"
                       " ON CONFLICT(order_id,n) DO UPDATE SET state=excluded.state,document=excluded.document",
                       1 << no_shift),
           {firsts.parameter(), orders.parameter(), ns.parameter(), kinds.parameter(), states.parameter(), documents.parameter()});
  reviews_.clear();
}

/// The table's own constraint has the last word.
void changes::write_stock() {
  text_array skus, warehouses;
  number_array on_hand, reserved;
  std::size_t rows = 0;
  for (const auto& [row, sum] : stock_) {
    if (sum.on_hand == 0 && sum.reserved == 0) continue;
    ++rows;
    skus.add(row.first);
    warehouses.add(row.second);
    on_hand.add(sum.on_hand);
    reserved.add(sum.reserved);
  }
  stock_.clear();
  if (rows == 0) return;
  const auto changed = db_.over(
      "UPDATE stock s SET on_hand=s.on_hand+u.on_hand,reserved=s.reserved+u.reserved"
      " FROM unnest($1::text[],$2::text[],$3::int8[],$4::int8[]) u(sku,warehouse,on_hand,reserved) WHERE s.sku=u.sku AND s.warehouse=u.warehouse",
      {skus.parameter(), warehouses.parameter(), on_hand.parameter(), reserved.parameter()});
  if (changed.affected_rows() != rows) throw sql::error("there is no such row of stock", sql::error::cause::constraint);
}

void changes::look_up_figures() {
  number_array buckets, statuses, payments, fulfillments;
  text_array currencies;
  for (const auto& [k, added] : added_) {
    if (figures_.contains(k)) continue;
    if (const auto it = known_.figures.find(k); it != known_.figures.end()) {
      figures_.insert(*it);
      continue;
    }
    figures_[k] = {};
    buckets.add(k.bucket);
    statuses.add(int{k.status});
    payments.add(int{k.payment});
    fulfillments.add(int{k.fulfillment});
    currencies.add(text(k.currency));
  }
  if (buckets.empty()) return;
  const auto found = db_.over(
      "SELECT f.* FROM unnest($1::int8[],$2::int8[],$3::int8[],$4::int8[],$5::text[]) u(bucket,status,payment,fulfillment,currency)"
      " JOIN figures f ON f.bucket=u.bucket AND f.status=u.status AND f.payment=u.payment AND f.fulfillment=u.fulfillment AND f.currency=u.currency",
      {buckets.parameter(), statuses.parameter(), payments.parameter(), fulfillments.parameter(), currencies.parameter()});
  for (const auto& row : found) {
    figure_key k{row[0].as<std::int64_t>(),
                 static_cast<std::uint8_t>(row[1].as<int>()),
                 static_cast<std::uint8_t>(row[2].as<int>()),
                 static_cast<std::uint8_t>(row[3].as<int>()),
                 {}};
    std::string_view(row[4].c_str()).copy(k.currency.data(), k.currency.size());
    auto& values = figures_[k];
    for (std::size_t i = 0; i < figure_count; ++i) values[i] = static_cast<std::uint64_t>(row[static_cast<pqxx::row::size_type>(i) + 5].as<std::int64_t>());
  }
}

void changes::write_figures() {
  if (added_.empty()) return;
  number_array buckets, statuses, payments, fulfillments;
  text_array currencies;
  std::array<number_array, figure_count> columns;
  for (const auto& [k, added] : added_) {
    auto& values = figures_[k];
    persistence::add(values, added);
    buckets.add(k.bucket);
    statuses.add(int{k.status});
    payments.add(int{k.payment});
    fulfillments.add(int{k.fulfillment});
    currencies.add(text(k.currency));
    for (std::size_t i = 0; i < figure_count; ++i) columns[i].add(values[i]);
  }
  added_.clear();
  std::vector<pqxx::binarystring> parameters{buckets.parameter(), statuses.parameter(), payments.parameter(), fulfillments.parameter(), currencies.parameter()};
  for (auto& c : columns) parameters.push_back(c.parameter());
  db_.over(
      "INSERT INTO figures SELECT * FROM unnest($1::int8[],$2::int8[],$3::int8[],$4::int8[],$5::text[],$6::int8[],$7::int8[],$8::int8[],$9::int8[],"
      "$10::int8[],$11::int8[],$12::int8[],$13::int8[],$14::int8[],$15::int8[]) ON CONFLICT(bucket,status,payment,fulfillment,currency) DO UPDATE SET"
      " orders=excluded.orders,total=excluded.total,captured=excluded.captured,refunded=excluded.refunded,confirmed=excluded.confirmed,"
      "confirm_ms=excluded.confirm_ms,shipped=excluded.shipped,ship_ms=excluded.ship_ms,delivered=excluded.delivered,deliver_ms=excluded.deliver_ms",
      parameters);
}

}  // namespace coreldove::persistence::postgres
