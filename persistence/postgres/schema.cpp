#include "persistence/postgres/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

namespace coreldove::persistence::postgres {
namespace {

// Texts are compared byte by byte, as in the embedded store: the same order of lists and pages, whatever language the database was made for.
// Rows that change while their order lives leave room in their pages, so that a change that touches no index stays in its page.
constexpr const char* first_schema = R"sql(
CREATE TABLE ownership(
  one SMALLINT PRIMARY KEY CHECK(one = 1), epoch BIGINT NOT NULL);
INSERT INTO ownership VALUES(1, 0);

CREATE TABLE events(
  position BIGINT NOT NULL UNIQUE CHECK(position > 0),
  stream TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL CHECK(seq > 0),
  type TEXT COLLATE "C" NOT NULL, at BIGINT NOT NULL, by TEXT COLLATE "C" NOT NULL, trace_id TEXT COLLATE "C" NOT NULL,
  data TEXT COLLATE "C" NOT NULL, hash BYTEA NOT NULL CHECK(length(hash) = 32),
  PRIMARY KEY(stream, seq));

CREATE TABLE orders(
  no BIGINT PRIMARY KEY CHECK(no >= 0),
  id TEXT COLLATE "C" NOT NULL UNIQUE,
  version BIGINT NOT NULL CHECK(version > 0), hash BYTEA NOT NULL CHECK(length(hash) = 32),
  status SMALLINT NOT NULL, payment SMALLINT NOT NULL, fulfillment SMALLINT NOT NULL,
  customer_id TEXT COLLATE "C" NOT NULL, customer_email TEXT COLLATE "C" NOT NULL,
  currency TEXT COLLATE "C" NOT NULL, digits SMALLINT NOT NULL,
  total BIGINT NOT NULL, captured BIGINT NOT NULL, refunded BIGINT NOT NULL,
  total_e4 BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, confirmed_at BIGINT, shipped_at BIGINT, delivered_at BIGINT,
  unfinished SMALLINT NOT NULL,
  CHECK(0 <= refunded AND refunded <= captured)) WITH (fillfactor = 80);
CREATE INDEX orders_status ON orders(status, no);
CREATE INDEX orders_payment ON orders(payment, no);
CREATE INDEX orders_fulfillment ON orders(fulfillment, no);
CREATE INDEX orders_customer ON orders(customer_id, no);
CREATE INDEX orders_email ON orders(lower(customer_email), no);
CREATE INDEX orders_total ON orders(total_e4, no);
CREATE INDEX orders_unfinished ON orders(id) WHERE unfinished = 1;

CREATE TABLE documents(no BIGINT PRIMARY KEY, document TEXT COLLATE "C" NOT NULL) WITH (fillfactor = 60);
CREATE TABLE order_skus(sku TEXT COLLATE "C" NOT NULL, no BIGINT NOT NULL, PRIMARY KEY(sku, no));

CREATE TABLE parcels(tracking_number TEXT COLLATE "C" PRIMARY KEY, order_id TEXT COLLATE "C" NOT NULL);

CREATE TABLE figures(
  bucket BIGINT NOT NULL, status SMALLINT NOT NULL, payment SMALLINT NOT NULL, fulfillment SMALLINT NOT NULL, currency TEXT COLLATE "C" NOT NULL,
  orders BIGINT NOT NULL, total BIGINT NOT NULL, captured BIGINT NOT NULL, refunded BIGINT NOT NULL,
  confirmed BIGINT NOT NULL, confirm_ms BIGINT NOT NULL, shipped BIGINT NOT NULL, ship_ms BIGINT NOT NULL,
  delivered BIGINT NOT NULL, deliver_ms BIGINT NOT NULL,
  PRIMARY KEY(bucket, status, payment, fulfillment, currency)) WITH (fillfactor = 50);

CREATE TABLE stock(
  sku TEXT COLLATE "C" NOT NULL, warehouse TEXT COLLATE "C" NOT NULL, on_hand BIGINT NOT NULL, reserved BIGINT NOT NULL,
  CHECK(0 <= reserved AND reserved <= on_hand),
  PRIMARY KEY(sku, warehouse)) WITH (fillfactor = 50);
CREATE TABLE items(
  sku TEXT COLLATE "C" PRIMARY KEY, product_id TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL, weight_grams INTEGER NOT NULL,
  inspect SMALLINT NOT NULL);
CREATE TABLE warehouses(
  id TEXT COLLATE "C" PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, country TEXT COLLATE "C" NOT NULL, state TEXT COLLATE "C" NOT NULL,
  postal_code TEXT COLLATE "C" NOT NULL);

CREATE TABLE timers(
  order_id TEXT COLLATE "C" NOT NULL, kind SMALLINT NOT NULL, n BIGINT NOT NULL, due_at BIGINT NOT NULL,
  PRIMARY KEY(order_id, kind, n));
CREATE INDEX timers_due ON timers(due_at);

CREATE TABLE reviews(
  no BIGINT PRIMARY KEY, order_id TEXT COLLATE "C" NOT NULL, n BIGINT NOT NULL,
  kind SMALLINT NOT NULL, state TEXT COLLATE "C" NOT NULL, document TEXT COLLATE "C" NOT NULL,
  UNIQUE(order_id, n));
CREATE INDEX reviews_state ON reviews(state, no);
CREATE INDEX reviews_kind ON reviews(kind, state, no);

CREATE TABLE outbox(key TEXT COLLATE "C" PRIMARY KEY, kind TEXT COLLATE "C" NOT NULL, payload TEXT COLLATE "C" NOT NULL);

CREATE TABLE idempotency(
  n BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, scope TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL,
  fingerprint TEXT COLLATE "C" NOT NULL, status INTEGER NOT NULL, version BIGINT NOT NULL, order_id TEXT COLLATE "C" NOT NULL,
  document TEXT COLLATE "C", at BIGINT NOT NULL,
  UNIQUE(scope, key));

CREATE TABLE inbox(
  n BIGINT PRIMARY KEY, source TEXT COLLATE "C" NOT NULL, id TEXT COLLATE "C" NOT NULL, type TEXT COLLATE "C" NOT NULL, verdict INTEGER NOT NULL,
  subject TEXT COLLATE "C" NOT NULL, detail TEXT COLLATE "C" NOT NULL, at BIGINT NOT NULL,
  UNIQUE(source, id));

CREATE TABLE api_keys(
  id TEXT COLLATE "C" PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, role TEXT COLLATE "C" NOT NULL, hash TEXT COLLATE "C" NOT NULL UNIQUE,
  created_at BIGINT NOT NULL, revoked SMALLINT NOT NULL);

-- What is long is compressed quickly, where the server was built for that.
DO $$ BEGIN
  ALTER TABLE documents ALTER document SET COMPRESSION lz4;
  ALTER TABLE events ALTER data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

CREATE TABLE probe(id SMALLINT PRIMARY KEY, at BIGINT NOT NULL);
INSERT INTO probe VALUES(1, 0);
)sql";

// A cluster's nodes write one after another: each transaction begins by counting up `commits`. Shards change hands by the same row, so a transaction sees in it
// whether any has.
constexpr const char* cluster_schema = R"sql(
CREATE TABLE cluster_head(
  one SMALLINT PRIMARY KEY CHECK(one = 1), commits BIGINT NOT NULL, map BIGINT NOT NULL) WITH (fillfactor = 10);
INSERT INTO cluster_head VALUES(1, 0, 1);

CREATE TABLE cluster_nodes(
  node TEXT COLLATE "C" PRIMARY KEY, incarnation BIGINT NOT NULL, host TEXT COLLATE "C" NOT NULL, port INTEGER NOT NULL,
  leaving BOOLEAN NOT NULL, started_at TIMESTAMPTZ NOT NULL, lease_until TIMESTAMPTZ NOT NULL) WITH (fillfactor = 50);

CREATE TABLE cluster_shards(
  shard SMALLINT PRIMARY KEY CHECK(0 <= shard AND shard < 256), node TEXT COLLATE "C" NOT NULL, incarnation BIGINT NOT NULL, epoch BIGINT NOT NULL);
INSERT INTO cluster_shards SELECT n, '', 0, 0 FROM generate_series(0, 255) n;
)sql";

// What a node shows another one to be listened to.
constexpr const char* forwarding_schema = R"sql(
ALTER TABLE cluster_nodes ADD COLUMN pass TEXT COLLATE "C" NOT NULL DEFAULT '';
)sql";

// Events that were appended together are one row, see persistence/journal_row.hpp; `position` and `seq` are those of its last event. Older rows keep one each.
constexpr const char* journal_by_append = R"sql(
CREATE TABLE journal(
  position BIGINT PRIMARY KEY CHECK(position > 0),
  stream TEXT COLLATE "C" NOT NULL, seq BIGINT NOT NULL, n BIGINT NOT NULL CHECK(0 < n AND n <= seq AND n <= position),
  at BIGINT NOT NULL, by TEXT COLLATE "C" NOT NULL, trace_id TEXT COLLATE "C" NOT NULL,
  events TEXT COLLATE "C" NOT NULL, hashes BYTEA NOT NULL CHECK(length(hashes) = 32 * n),
  UNIQUE(stream, seq));
DO $$ BEGIN
  ALTER TABLE journal ALTER events SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
INSERT INTO journal SELECT position,stream,seq,1,at,by,trace_id,'[["'||type||'",'||data||']]',hash FROM events;
DROP TABLE events;
)sql";

constexpr std::array migrations{first_schema, cluster_schema, forwarding_schema, journal_by_append};

/// Any number that no other program uses for a lock in this database.
constexpr std::int64_t migration_lock = 0x636f72656c647631;

}  // namespace

int schema_version() { return static_cast<int>(migrations.size()); }

int stored_version(connection& db) {
  if (db.rows_of("SELECT to_regclass('schema_version')")[0][0].is_null()) return 0;
  return db.rows_of("SELECT version FROM schema_version")[0][0].as<int>();
}

void migrate(connection& db) {
  if (const std::string encoding = db.rows_of("SHOW server_encoding")[0][0].c_str(); encoding != "UTF8")
    throw std::runtime_error(fmt::format("the database keeps texts as {}; it must be created with ENCODING 'UTF8'", encoding));
  if (stored_version(db) == schema_version()) return;
  // Before the transaction: one that began before another server's was committed would not know of the tables that it has made.
  db.run(fmt::format("SELECT pg_advisory_lock({})", migration_lock));
  db.run("BEGIN");
  const auto have = stored_version(db);
  if (have > schema_version()) {
    db.run(fmt::format("ROLLBACK; SELECT pg_advisory_unlock({})", migration_lock));
    throw std::runtime_error(fmt::format("its schema is version {}, this program knows versions up to {}: start a newer program", have, schema_version()));
  }
  if (have == 0) db.run("CREATE TABLE schema_version(version INTEGER NOT NULL); INSERT INTO schema_version VALUES(0)");
  for (auto v = have; v < schema_version(); ++v) db.run(migrations[static_cast<std::size_t>(v)]);
  db.run(fmt::format("UPDATE schema_version SET version={}; COMMIT; SELECT pg_advisory_unlock({})", schema_version(), migration_lock));
}

}  // namespace coreldove::persistence::postgres
