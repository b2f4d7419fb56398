// The journal's rarer jobs, one at a time: corrections of stock, the catalogue, settings, the inbox.
#include <fmt/format.h>

#include <chrono>

#include "persistence/postgres/arrays.hpp"
#include "persistence/postgres/changes.hpp"
#include "persistence/written.hpp"

namespace coreldove::persistence::postgres {
namespace {

domain::failure conflict(std::string detail) { return {domain::errc::conflict, std::move(detail)}; }

std::int64_t ms(domain::time_point t) { return t.time_since_epoch().count(); }

}  // namespace

std::unordered_map<std::string, changes::stream_head> changes::heads_of(const std::vector<std::string>& streams) {
  text_array names;
  for (const auto& s : streams) names.add(s);
  const auto found = db_.over(
      "SELECT u.stream,e.seq,e.hash FROM (SELECT DISTINCT s FROM unnest($1::text[]) s) u(stream)"
      " CROSS JOIN LATERAL (SELECT seq,substring(hashes FROM length(hashes)-31) AS hash FROM journal j WHERE j.stream=u.stream ORDER BY seq DESC LIMIT 1) e",
      {names.parameter()});
  std::unordered_map<std::string, stream_head> heads;
  for (const auto& row : found)
    heads[row[0].c_str()] = {row[1].as<std::uint64_t>(), digest_from_hex(std::string_view(row[2].c_str()).substr(2)).value_or(digest{})};
  return heads;
}

std::uint64_t changes::write_at_ends(const std::vector<stream_event>& events) {
  std::vector<std::string> streams;
  for (const auto& e : events) streams.push_back(e.stream);
  auto heads = heads_of(streams);
  std::uint64_t version = 0;
  for (const auto& e : events) {
    auto& head = heads[e.stream];
    version = head.version + 1;
    head = {version, chain(head.hash, {e.stream, version, e.event.type, e.at, e.by, e.event.data})};
    journal_.push_back({++position_, version, e.stream, e.by, {}, e.at, {&e.event, 1}, {head.hash}});
  }
  write_journal();
  return version;
}

bool changes::take_key(const idempotency_record& i, domain::time_point at) {
  return db_.execute("INSERT INTO idempotency(scope,key,fingerprint,status,version,order_id,document,at) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                     i.scope, i.key, i.fingerprint, i.answer.status, i.answer.version, i.answer.order_id, i.answer.document, ms(at)) == 1;
}

bool changes::adjust(const stock_adjustment& item) {
  const auto changed =
      db_.execute("UPDATE stock SET on_hand=on_hand+?3 WHERE sku=?1 AND warehouse=?2 AND on_hand+?3>=reserved", item.sku, item.warehouse, item.delta);
  if (changed == 1) return true;
  return item.delta >= 0 &&
         db_.execute("INSERT INTO stock(sku,warehouse,on_hand,reserved) VALUES(?,?,?,0) ON CONFLICT DO NOTHING", item.sku, item.warehouse, item.delta) == 1;
}

changes::outcome changes::apply(const stock_adjustment& item) {
  if (item.idempotency && !take_key(*item.idempotency, item.at)) return conflict("idempotency key taken");
  if (!adjust(item)) {
    if (item.idempotency) db_.execute("DELETE FROM idempotency WHERE scope=? AND key=?", item.idempotency->scope, item.idempotency->key);
    return domain::failure{domain::errc::wrong_state, fmt::format("{} at {} would fall below what is reserved", item.sku, item.warehouse)};
  }
  const auto version = write_at_ends({{sku_stream(item.sku), stock_event(item.warehouse, item.delta, item.reason), item.at, item.by}});
  return append_outcome{version, position_};
}

changes::outcome changes::apply(const setting& item) {
  const auto version = heads_of({item.stream})[item.stream].version;
  if (version != item.expected_version) return conflict(fmt::format("{} is at version {}, not {}", item.stream, version, item.expected_version));
  const auto after = write_at_ends({{item.stream, item.event, item.at, item.by}});
  return append_outcome{after, position_};
}

changes::outcome changes::apply(const catalog& items) {
  for (const auto& w : items.warehouses)
    db_.execute(
        "INSERT INTO warehouses(id,name,country,state,postal_code) VALUES(?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET name=excluded.name,"
        "country=excluded.country,state=excluded.state,postal_code=excluded.postal_code",
        w.id, w.name, w.country, w.state, w.postal_code);
  for (const auto& i : items.items)
    db_.execute(
        "INSERT INTO items(sku,product_id,name,weight_grams,inspect) VALUES(?,?,?,?,?) ON CONFLICT(sku) DO UPDATE SET product_id=excluded.product_id,"
        "name=excluded.name,weight_grams=excluded.weight_grams,inspect=excluded.inspect",
        i.sku, i.product_id, i.name, i.weight_grams, static_cast<int>(i.inspect));
  text_array skus, warehouses;
  number_array on_hand;
  for (const auto& l : items.levels) {
    skus.add(l.sku);
    warehouses.add(l.warehouse);
    on_hand.add(l.level.on_hand);
  }
  if (skus.empty()) return append_outcome{0, position_};
  const auto inserted = db_.over(
      "INSERT INTO stock(sku,warehouse,on_hand,reserved) SELECT u.sku,u.warehouse,u.on_hand,0 FROM unnest($1::text[],$2::text[],$3::int8[])"
      " u(sku,warehouse,on_hand) ON CONFLICT DO NOTHING RETURNING sku,warehouse",
      {skus.parameter(), warehouses.parameter(), on_hand.parameter()});
  std::set<std::pair<std::string, std::string>> is_new;
  for (const auto& row : inserted) is_new.emplace(row[0].c_str(), row[1].c_str());
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::vector<stream_event> events;
  for (const auto& l : items.levels)
    if (is_new.erase({l.sku, l.warehouse}) == 1)
      events.push_back({sku_stream(l.sku), stock_event(l.warehouse, l.level.on_hand, "catalogue import"), now, "system"});
  if (!events.empty()) write_at_ends(events);
  return append_outcome{0, position_};
}

/// Numbered without gaps, which an identity column would leave for a notice that is there already: readers say how many they have seen.
changes::outcome changes::apply(const std::vector<kept_notice>& notices) {
  for (const auto& n : notices)
    db_.execute(
        "INSERT INTO inbox(n,source,id,type,verdict,subject,detail,at) SELECT "
        "coalesce(max(n),0)+1,$1::text,$2::text,$3::text,$4::int,$5::text,$6::text,$7::int8 FROM inbox"
        " HAVING NOT EXISTS (SELECT 1 FROM inbox WHERE source=$1 AND id=$2)",
        n.source, n.id, n.type, static_cast<int>(n.verdict), n.subject, n.detail, ms(n.at));
  return append_outcome{};
}

}  // namespace coreldove::persistence::postgres
