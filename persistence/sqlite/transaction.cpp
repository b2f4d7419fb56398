#include "persistence/sqlite/transaction.hpp"

#include <fmt/format.h>

#include "persistence/order_number.hpp"
#include "persistence/written.hpp"

namespace coreldove::persistence::sqlite {
namespace {

domain::failure conflict(std::string detail) { return {domain::errc::conflict, std::move(detail)}; }

}  // namespace

transaction::transaction(database& db)
    : db_(db),
      events_(db),
      orders_(db),
      stock_(db),
      begin_(db.prepare("BEGIN IMMEDIATE")),
      commit_(db.prepare("COMMIT")),
      savepoint_(db.prepare("SAVEPOINT one")),
      release_(db.prepare("RELEASE one")),
      rollback_to_(db.prepare("ROLLBACK TO one")),
      put_timer_(db.prepare("REPLACE INTO timers(order_id,kind,n,due_at) VALUES(?,?,?,?)")),
      remove_timer_(db.prepare("DELETE FROM timers WHERE order_id=? AND kind=? AND n=?")),
      put_review_(db.prepare("INSERT INTO reviews(no,order_id,n,kind,state,document)"
                             " VALUES(coalesce((SELECT max(no)+1 FROM reviews WHERE no>=?1 AND no<?2),?1),?3,?4,?5,?6,?7)"
                             " ON CONFLICT(order_id,n) DO UPDATE SET state=excluded.state,document=excluded.document")),
      put_outbox_(db.prepare("INSERT INTO outbox(key,kind,payload) VALUES(?,?,?) ON CONFLICT DO NOTHING")),
      remove_outbox_(db.prepare("DELETE FROM outbox WHERE key=?")),
      put_notice_(db.prepare("INSERT INTO inbox(source,id,type,verdict,subject,detail,at) VALUES(?,?,?,?,?,?,?) ON CONFLICT DO NOTHING")),
      insert_answer_(db.prepare("INSERT INTO idempotency(scope,key,fingerprint,status,version,order_id,document,at) VALUES(?,?,?,?,?,?,?,?)")),
      remove_answer_(db.prepare("DELETE FROM idempotency WHERE scope=? AND key=?")),
      replace_answer_(db.prepare("INSERT INTO idempotency(scope,key,fingerprint,status,version,order_id,document,at) VALUES(?,?,?,?,?,?,?,?)"
                                 " ON CONFLICT(scope,key) DO UPDATE SET status=excluded.status,version=excluded.version,document=excluded.document"
                                 " WHERE fingerprint=excluded.fingerprint")),
      oldest_answer_(db.prepare("SELECT at FROM idempotency ORDER BY n LIMIT 1")),
      purge_answers_(db.prepare("DELETE FROM idempotency WHERE n IN (SELECT n FROM idempotency ORDER BY n LIMIT ?) AND at<?")),
      put_warehouse_(db.prepare("REPLACE INTO warehouses(id,name,country,state,postal_code) VALUES(?,?,?,?,?)")),
      put_item_(db.prepare("REPLACE INTO items(sku,product_id,name,weight_grams,inspect) VALUES(?,?,?,?,?)")),
      probe_(db.prepare("REPLACE INTO probe(id,at) VALUES(1,?)")) {}

bool transaction::flush() {
  orders_.flush();
  return stock_.flush();
}

void transaction::roll_back() {
  if (sqlite3_get_autocommit(db_.handle()) == 0) db_.execute("ROLLBACK");
  static_cast<void>(orders_.take_listed());
  forget();
}

void transaction::roll_back_to_savepoint() {
  rollback_to_.run();
  release_.run();
  orders_.forget_listed_since_mark();
  forget();
}

void transaction::forget() {
  events_.forget();
  orders_.forget();
  stock_.forget();
  oldest_answer_at_.reset();
}

domain::result<append_outcome> transaction::apply(const append& item, const std::vector<digest>& hashes) {
  // What may fail comes first, so that a failed append has nothing to take back but its own answer.
  const bool has_new_answer = item.idempotency && !item.idempotency->replaces;
  if (has_new_answer && !remember_answer(item)) return conflict("idempotency key taken");
  if (auto why = write_order(item, hashes)) {
    if (has_new_answer) remove_answer_.run(item.idempotency->scope, item.idempotency->key);
    return *std::move(why);
  }
  if (item.idempotency && item.idempotency->replaces) replace_answer(item);
  stock_.add(item.stock);
  write_queues(item);
  return append_outcome{item.expected_version + item.events.size(), events_.position()};
}

std::optional<domain::failure> transaction::write_order(const append& item, const std::vector<digest>& hashes) {
  if (item.expected_version == 0) {
    if (item.events.empty()) return domain::failure{domain::errc::internal, fmt::format("{}: a stream begins with an event", item.stream)};
    if (!orders_.insert(item, hashes.back())) return conflict(fmt::format("{} exists already", item.stream));
    events_.write(item, hashes);
    return std::nullopt;
  }
  const auto head = orders_.head(item.stream);
  if (!head || head->version != item.expected_version)
    return conflict(fmt::format("{} is at version {}, not {}", item.stream, head ? head->version : 0, item.expected_version));
  if (item.events.empty()) return std::nullopt;  // only a later answer, or work taken off a queue
  const auto chained = chain_events(item, head->hash);
  orders_.update(item, *head, chained.back());
  events_.write(item, chained);
  return std::nullopt;
}

bool transaction::remember_answer(const append& item) {
  const auto& i = *item.idempotency;
  return insert_answer_.try_run(i.scope, i.key, i.fingerprint, i.answer.status, i.answer.version, i.answer.order_id, kept_document(item),
                                item.at.time_since_epoch().count());
}

void transaction::replace_answer(const append& item) {
  const auto& i = *item.idempotency;
  replace_answer_.run(i.scope, i.key, i.fingerprint, i.answer.status, i.answer.version, i.answer.order_id, kept_document(item),
                      item.at.time_since_epoch().count());
}

void transaction::write_queues(const append& item) {
  for (const auto& [timer, set] : item.timers) {
    const auto kind = static_cast<int>(timer.kind);
    if (set)
      put_timer_.run(item.stream, kind, timer.n, timer.due_at.time_since_epoch().count());
    else
      remove_timer_.run(item.stream, kind, timer.n);
  }
  for (const auto& r : item.reviews) {
    const auto first = first_no(r.opened_at.time_since_epoch().count());
    put_review_.run(first, first + (std::int64_t{1} << no_shift), item.stream, r.n, static_cast<int>(r.kind), r.state, r.document);
  }
  for (const auto& o : item.outbox) put_outbox_.run(o.key, o.kind, o.payload);
}

domain::result<append_outcome> transaction::apply(const stock_adjustment& item) {
  if (!item.idempotency) return adjust(item);
  const auto& i = *item.idempotency;
  if (!insert_answer_.try_run(i.scope, i.key, i.fingerprint, i.answer.status, i.answer.version, i.answer.order_id,
                              std::optional{std::string_view{i.answer.document}}, item.at.time_since_epoch().count()))
    return conflict("idempotency key taken");
  auto done = adjust(item);
  if (!done) remove_answer_.run(i.scope, i.key);
  return done;
}

domain::result<append_outcome> transaction::adjust(const stock_adjustment& item) {
  // The orders before it in this transaction have moved the row already, as far as the adjustment is concerned.
  if (!stock_.flush()) throw sqlite_error(nullptr, SQLITE_CONSTRAINT);
  if (!stock_.adjust(item.sku, item.warehouse, item.delta))
    return domain::failure{domain::errc::wrong_state, fmt::format("{} at {} would fall below what is reserved", item.sku, item.warehouse)};
  const auto version = events_.write_next(sku_stream(item.sku), stock_event(item.warehouse, item.delta, item.reason), item.at, item.by);
  return append_outcome{version, events_.position()};
}

domain::result<append_outcome> transaction::apply(const setting& item) {
  const auto version = events_.version_of(item.stream);
  if (version != item.expected_version) return conflict(fmt::format("{} is at version {}, not {}", item.stream, version, item.expected_version));
  return append_outcome{events_.write_next(item.stream, item.event, item.at, item.by), events_.position()};
}

void transaction::apply(const catalog& items, domain::time_point now) {
  for (const auto& w : items.warehouses) put_warehouse_.run(w.id, w.name, w.country, w.state, w.postal_code);
  for (const auto& i : items.items) put_item_.run(i.sku, i.product_id, i.name, i.weight_grams, i.inspect);
  for (const auto& l : items.levels)
    if (stock_.insert(l.sku, l.warehouse, l.level.on_hand))
      events_.write_next(sku_stream(l.sku), stock_event(l.warehouse, l.level.on_hand, "catalogue import"), now, "system");
}

void transaction::keep(const std::vector<kept_notice>& notices) {
  for (const auto& n : notices) put_notice_.run(n.source, n.id, n.type, static_cast<int>(n.verdict), n.subject, n.detail, n.at.time_since_epoch().count());
}

void transaction::remove_outbox(const std::vector<std::string>& keys) {
  for (const auto& k : keys) remove_outbox_.run(k);
}

void transaction::purge_answers(domain::time_point before, std::size_t limit) {
  const auto cutoff = before.time_since_epoch().count();
  if (!oldest_answer_at_) {
    auto r = oldest_answer_.query();
    if (!r.next()) return;
    oldest_answer_at_ = r.integer(0);
  }
  if (*oldest_answer_at_ >= cutoff) return;
  purge_answers_.run(limit, cutoff);
  oldest_answer_at_.reset();
}

}  // namespace coreldove::persistence::sqlite
