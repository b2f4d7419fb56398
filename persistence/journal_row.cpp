#include "persistence/journal_row.hpp"

#include <simdjson.h>

namespace coreldove::persistence {

std::string events_text(std::span<const event_record> events) {
  std::string text;
  std::size_t size = 2;
  for (const auto& e : events) size += e.type.size() + e.data.size() + 6;
  text.reserve(size);
  text += '[';
  for (const auto& e : events) {
    if (text.size() > 1) text += ',';
    text.append("[\"").append(e.type).append("\",").append(e.data).append("]");
  }
  text += ']';
  return text;
}

std::optional<std::vector<event_record>> events_in(std::string_view text) {
  thread_local simdjson::ondemand::parser parser;
  std::vector<event_record> events;
  try {
    const simdjson::padded_string padded(text);
    auto document = parser.iterate(padded);
    for (auto pair : document.get_array()) {
      std::string_view type, data;
      std::size_t n = 0;
      for (auto part : pair.get_array()) {
        if (n == 0) type = part.get_string();
        if (n == 1) {
          simdjson::ondemand::object object = part.get_object();
          data = object.raw_json();
        }
        ++n;
      }
      if (n != 2) return std::nullopt;
      events.push_back({std::string(type), std::string(data)});
    }
  } catch (const simdjson::simdjson_error&) {
    return std::nullopt;
  }
  return events;
}

}  // namespace coreldove::persistence
