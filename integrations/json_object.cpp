#include "integrations/json_object.hpp"

namespace coreldove::integrations {

namespace dom = simdjson::dom;

std::optional<dom::element> parse_object(const std::string& body) {
  thread_local dom::parser parser;
  dom::element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS || !root.is_object()) return std::nullopt;
  return root;
}

std::string text_at(dom::element e, std::string_view key) {
  std::string_view text;
  return e[key].get(text) == simdjson::SUCCESS ? std::string{text} : std::string{};
}

std::int64_t number_at(dom::element e, std::string_view key) {
  std::int64_t n = 0;
  return e[key].get(n) == simdjson::SUCCESS ? n : 0;
}

}  // namespace coreldove::integrations
