#pragma once
// Reading what is wanted off a JSON answer. Whatever is missing, or of another type, reads as empty or 0.
#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coreldove::integrations {

/// Nothing where the bytes are no JSON object. The parser keeps its buffers from answer to answer: what it returns is to be read out before the next call on
/// the same thread.
std::optional<simdjson::dom::element> parse_object(const std::string& body);

/// A string member, or empty; also where `e` is no object.
std::string text_at(simdjson::dom::element e, std::string_view key);
std::int64_t number_at(simdjson::dom::element e, std::string_view key);

}  // namespace coreldove::integrations
