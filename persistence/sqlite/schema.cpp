#include "persistence/sqlite/schema.hpp"

#include <fmt/format.h>

#include <array>

namespace coreldove::persistence::sqlite {
namespace {

constexpr const char* first_schema = R"sql(
CREATE TABLE events(
  position INTEGER PRIMARY KEY,
  stream TEXT NOT NULL, seq INTEGER NOT NULL,
  type TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, trace_id TEXT NOT NULL,
  data TEXT NOT NULL, hash BLOB NOT NULL,
  UNIQUE(stream, seq));

CREATE TABLE orders(
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL, hash BLOB NOT NULL,
  status INTEGER NOT NULL, payment INTEGER NOT NULL, fulfillment INTEGER NOT NULL,
  customer_id TEXT NOT NULL, customer_email TEXT NOT NULL COLLATE NOCASE,
  currency TEXT NOT NULL, digits INTEGER NOT NULL,
  total INTEGER NOT NULL, captured INTEGER NOT NULL, refunded INTEGER NOT NULL,
  total_e4 INTEGER NOT NULL,
  updated_at INTEGER NOT NULL, confirmed_at INTEGER, shipped_at INTEGER, delivered_at INTEGER,
  unfinished INTEGER NOT NULL);
CREATE INDEX orders_status ON orders(status);
CREATE INDEX orders_payment ON orders(payment);
CREATE INDEX orders_fulfillment ON orders(fulfillment);
CREATE INDEX orders_customer ON orders(customer_id);
CREATE INDEX orders_email ON orders(customer_email, customer_id);
CREATE INDEX orders_total ON orders(total_e4);
CREATE INDEX orders_unfinished ON orders(id) WHERE unfinished = 1;

CREATE TABLE documents(no INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE order_skus(sku TEXT NOT NULL, no INTEGER NOT NULL, PRIMARY KEY(sku, no)) WITHOUT ROWID;

CREATE TABLE parcels(tracking_number TEXT PRIMARY KEY, order_id TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE figures(
  bucket INTEGER NOT NULL, status INTEGER NOT NULL, payment INTEGER NOT NULL, fulfillment INTEGER NOT NULL, currency TEXT NOT NULL,
  orders INTEGER NOT NULL, total INTEGER NOT NULL, captured INTEGER NOT NULL, refunded INTEGER NOT NULL,
  confirmed INTEGER NOT NULL, confirm_ms INTEGER NOT NULL, shipped INTEGER NOT NULL, ship_ms INTEGER NOT NULL,
  delivered INTEGER NOT NULL, deliver_ms INTEGER NOT NULL,
  PRIMARY KEY(bucket, status, payment, fulfillment, currency)) WITHOUT ROWID;

CREATE TABLE stock(
  sku TEXT NOT NULL, warehouse TEXT NOT NULL, on_hand INTEGER NOT NULL, reserved INTEGER NOT NULL,
  CHECK(reserved >= 0 AND reserved <= on_hand),
  PRIMARY KEY(sku, warehouse)) WITHOUT ROWID;
CREATE TABLE items(
  sku TEXT PRIMARY KEY, product_id TEXT NOT NULL, name TEXT NOT NULL, weight_grams INTEGER NOT NULL, inspect INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE warehouses(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, state TEXT NOT NULL, postal_code TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE timers(
  order_id TEXT NOT NULL, kind INTEGER NOT NULL, n INTEGER NOT NULL, due_at INTEGER NOT NULL,
  PRIMARY KEY(order_id, kind, n)) WITHOUT ROWID;
CREATE INDEX timers_due ON timers(due_at);

CREATE TABLE reviews(
  no INTEGER PRIMARY KEY, order_id TEXT NOT NULL, n INTEGER NOT NULL,
  kind INTEGER NOT NULL, state TEXT NOT NULL, document TEXT NOT NULL,
  UNIQUE(order_id, n));
CREATE INDEX reviews_state ON reviews(state);
CREATE INDEX reviews_kind ON reviews(kind, state);

CREATE TABLE outbox(n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, payload TEXT NOT NULL);

CREATE TABLE idempotency(
  n INTEGER PRIMARY KEY, scope TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL, version INTEGER NOT NULL, order_id TEXT NOT NULL, document TEXT, at INTEGER NOT NULL,
  UNIQUE(scope, key));

CREATE TABLE api_keys(
  id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE probe(id INTEGER PRIMARY KEY, at INTEGER NOT NULL);
)sql";

constexpr const char* payment_inbox = R"sql(
CREATE TABLE inbox(
  n INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, verdict INTEGER NOT NULL,
  subject TEXT NOT NULL, detail TEXT NOT NULL, at INTEGER NOT NULL,
  UNIQUE(source, id));
)sql";

/// Statuses, totals and SKUs are listed by persistence/list_index.hpp.
constexpr const char* lists_in_memory = R"sql(
DROP INDEX orders_status;
DROP INDEX orders_payment;
DROP INDEX orders_fulfillment;
DROP INDEX orders_total;
CREATE TABLE skus_of_orders(no INTEGER NOT NULL, sku TEXT NOT NULL, PRIMARY KEY(no, sku)) WITHOUT ROWID;
INSERT INTO skus_of_orders SELECT no,sku FROM order_skus ORDER BY no,sku;
DROP TABLE order_skus;
ALTER TABLE skus_of_orders RENAME TO order_skus;
)sql";

/// Events that were appended together are one row, see persistence/journal_row.hpp; `position` and `seq` are those of its last event. Older rows keep one event
/// each.
constexpr const char* journal_by_append = R"sql(
CREATE TABLE journal(
  position INTEGER PRIMARY KEY,
  stream TEXT NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL,
  at INTEGER NOT NULL, by TEXT NOT NULL, trace_id TEXT NOT NULL,
  events TEXT NOT NULL, hashes BLOB NOT NULL,
  UNIQUE(stream, seq));
INSERT INTO journal SELECT position,stream,seq,1,at,by,trace_id,'[["'||type||'",'||data||']]',hash FROM events ORDER BY position;
DROP TABLE events;
)sql";

constexpr std::array migrations{first_schema, payment_inbox, lists_in_memory, journal_by_append};

}  // namespace

int schema_version() { return static_cast<int>(migrations.size()); }

void migrate(database& db) {
  const auto have = db.pragma("user_version");
  if (have > schema_version())
    throw std::runtime_error(fmt::format("its schema is version {}, this program knows versions up to {}: start a newer program", have, schema_version()));
  for (auto v = have; v < schema_version(); ++v)
    db.execute(fmt::format("BEGIN IMMEDIATE;{}PRAGMA user_version={};COMMIT;", migrations[static_cast<std::size_t>(v)], v + 1));
}

}  // namespace coreldove::persistence::sqlite
