#include "persistence/stock_certificate.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/json_writer.hpp"

namespace coreldove::persistence {
namespace {

constexpr std::string_view kind = "coreldove stock certificate";
constexpr std::int64_t format_version = 1;

std::string describe(const chained_stock& row) {
  return fmt::format("{} on hand, {} reserved after {} movements", row.level.on_hand, row.level.reserved, row.movements);
}

domain::failure malformed(std::string why) { return {domain::errc::malformed, std::move(why)}; }

/// Throws simdjson_error, or std::invalid_argument.
stock_certificate parsed(simdjson::dom::element root) {
  stock_certificate c;
  c.position = std::uint64_t(root["position"]);
  const auto made_at = parse_time(std::string_view(root["made_at"]));
  if (!made_at) throw std::invalid_argument("made_at is no time");
  c.made_at = *made_at;
  for (const simdjson::dom::element row : simdjson::dom::array(root["rows"])) {
    const auto head = digest_from_hex(std::string_view(row["head"]));
    if (!head) throw std::invalid_argument("a head is no hash");
    const stock_row_name name{std::string(std::string_view(row["sku"])), std::string(std::string_view(row["warehouse"]))};
    if (!c.rows.emplace(name, chained_stock{{std::int64_t(row["on_hand"]), std::int64_t(row["reserved"])}, std::uint64_t(row["movements"]), *head}).second)
      throw std::invalid_argument(name.sku + " at " + name.warehouse + " is there twice");
  }
  return c;
}

}  // namespace

digest hash_of(const stock_certificate& c) {
  field_hash h;
  h.text(kind).number(format_version).number(c.position).number(static_cast<std::uint64_t>(c.made_at.time_since_epoch().count())).number(c.rows.size());
  for (const auto& [name, row] : c.rows) {
    h.text(name.sku).text(name.warehouse);
    h.number(static_cast<std::uint64_t>(row.level.on_hand)).number(static_cast<std::uint64_t>(row.level.reserved)).number(row.movements).hash(row.head);
  }
  return h.finish();
}

std::string certificate_document(const stock_certificate& c) {
  std::string out;
  json_writer w(out);
  w.begin_object();
  w.field("kind", kind);
  w.key("version"), w.integer(format_version);
  w.key("position"), w.integer(c.position);
  w.field("made_at", format_time(c.made_at));
  w.key("rows"), w.begin_array();
  for (const auto& [name, row] : c.rows) {
    w.begin_object();
    w.field("sku", name.sku);
    w.field("warehouse", name.warehouse);
    w.key("on_hand"), w.integer(row.level.on_hand);
    w.key("reserved"), w.integer(row.level.reserved);
    w.key("movements"), w.integer(row.movements);
    w.field("head", to_hex(row.head));
    w.end_object();
  }
  w.end_array();
  w.field("hash", to_hex(hash_of(c)));
  w.end_object();
  return out;
}

domain::result<stock_certificate> read_certificate(std::string_view document) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(simdjson::padded_string(document));
    if (std::string_view(root["kind"]) != kind || std::int64_t(root["version"]) != format_version)
      return malformed("it is no certificate of a kind that this program knows");
    const auto hash = digest_from_hex(std::string_view(root["hash"]));
    auto c = parsed(root);
    if (!hash || *hash != hash_of(c)) return malformed("it was changed after it had been made: its hash does not fit");
    return c;
  } catch (const simdjson::simdjson_error& x) {
    return malformed(fmt::format("it is no certificate: {}", x.what()));
  } catch (const std::invalid_argument& x) {
    return malformed(fmt::format("it is no certificate: {}", x.what()));
  }
}

domain::result<std::vector<std::string>> differences(const stock_certificate& c, std::uint64_t last, const stock_ledger_reader& read) {
  std::vector<std::string> out;
  if (last < c.position) out.push_back(fmt::format("the store ends at position {}, the certificate was made at {}: its end is missing", last, c.position));
  stock_chains found;
  for (std::uint64_t at = 0; at < c.position;) {
    const auto page = read(at, c.position);
    if (!page) return page.error();
    for (const auto& e : page->entries) join(found, e);
    at = page->through;
  }
  for (const auto& [name, row] : c.rows) {
    const auto it = found.find(name);
    const auto now = it == found.end() ? chained_stock{} : it->second;
    if (now.head == row.head) continue;
    out.push_back(fmt::format("{} at {}: the certificate says {}; the store's events up to there {}{}", name.sku, name.warehouse, describe(row), describe(now),
                              describe(now) == describe(row) ? ", by another history" : ""));
  }
  for (const auto& [name, row] : found)
    if (!c.rows.contains(name))
      out.push_back(fmt::format("{} at {}: the certificate does not know it; the store says {}", name.sku, name.warehouse, describe(row)));
  return out;
}

void certifier::certify(domain::time_point now, reply<stock_certificate> done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({now, std::move(done)});
    if (std::exchange(running_, true)) return;
  }
  begin();
}

void certifier::begin() {
  {
    const std::lock_guard lock(mutex_);
    served_ = std::exchange(waiting_, {});
    running_ = !served_.empty();
    if (!running_) return;
  }
  store_.last_position([me = shared_from_this()](domain::result<std::uint64_t> last) {
    if (!last) return me->end(&last.error());
    me->until_ = *last;
    me->read_on();
  });
}

void certifier::read_on() {
  if (position_ >= until_) return end(nullptr);
  store_.stock_ledger(position_, until_, [me = shared_from_this()](domain::result<stock_ledger_page> page) { me->take(std::move(page)); });
}

void certifier::take(domain::result<stock_ledger_page> page) {
  if (!page) return end(&page.error());
  for (const auto& e : page->entries) join(chains_, e);
  position_ = page->through;
  read_on();
}

void certifier::end(const domain::failure* why) {
  for (const auto& a : std::exchange(served_, {})) {
    if (why)
      a.done(*why);
    else
      a.done(stock_certificate{position_, a.at, chains_});
  }
  begin();
}

}  // namespace coreldove::persistence
