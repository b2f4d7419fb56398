#pragma once
// Reading PayPal's requests: nested members that may or may not be there.
#include <simdjson.h>

#include <string>
#include <string_view>

namespace coreldove::integrations::world {

/// text_in(doc, "/amount/value"): a string; empty where there is none.
inline std::string text_in(const simdjson::dom::element& doc, std::string_view pointer) {
  std::string_view text;
  return doc.at_pointer(pointer).get(text) == simdjson::SUCCESS ? std::string{text} : std::string{};
}

inline std::int64_t number_in(const simdjson::dom::element& doc, std::string_view pointer) {
  std::int64_t n = 0;
  return doc.at_pointer(pointer).get(n) == simdjson::SUCCESS ? n : 0;
}

}  // namespace coreldove::integrations::world
