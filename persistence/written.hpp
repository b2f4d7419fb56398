#pragma once
// What the writers of all stores write alike.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/hash_chain.hpp"
#include "persistence/journal.hpp"

namespace coreldove::persistence {

/// The hash of each event of `item`, the first following `before`.
std::vector<digest> chain_events(const append& item, const digest& before);

/// The event of a SKU's own stream.
event_record stock_event(std::string_view warehouse, std::int64_t delta, std::string_view reason);
std::string sku_stream(std::string_view sku);

/// What is stored of an answer's document: one that is the order's own at that version can be made again from its events, and is not stored twice.
std::optional<std::string_view> kept_document(const append& item);

}  // namespace coreldove::persistence
