#include "persistence/written.hpp"

#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/json_writer.hpp"
#include "persistence/stock_chain.hpp"

namespace coreldove::persistence {

std::vector<digest> chain_events(const append& item, const digest& before) {
  std::vector<digest> hashes;
  hashes.reserve(item.events.size());
  const digest* last = &before;
  auto seq = item.expected_version;
  for (const auto& e : item.events) {
    hashes.push_back(chain(*last, {item.stream, ++seq, e.type, item.at, item.by, e.data}));
    last = &hashes.back();
  }
  return hashes;
}

event_record stock_event(std::string_view warehouse, std::int64_t delta, std::string_view reason) {
  event_record e{"stock_adjusted", {}};
  json_writer w(e.data);
  w.begin_object();
  w.field("warehouse", warehouse);
  w.key("delta"), w.integer(delta);
  w.field("reason", reason);
  w.end_object();
  return e;
}

std::string sku_stream(std::string_view sku) { return std::string(sku_stream_prefix).append(sku); }

std::optional<std::string_view> kept_document(const append& item) {
  const auto& document = item.idempotency->answer.document;
  if (document.empty() || document == item.row.document) return std::nullopt;
  return document;
}

}  // namespace coreldove::persistence
