#include "integrations/sandbox/fedex/reading.hpp"

#include <fmt/format.h>

namespace coreldove::integrations::world {

namespace dom = simdjson::dom;

std::optional<dom::element> read_document(std::string_view body) {
  thread_local dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object()) return std::nullopt;
  return root;
}

std::string text_at(const dom::element& doc, std::string_view pointer) {
  dom::element found;
  if (doc.at_pointer(pointer).get(found) != simdjson::SUCCESS || found.is_null()) return {};
  std::string_view text;
  if (found.get(text) == simdjson::SUCCESS) return std::string{text};
  return found.is_number() ? simdjson::minify(found) : std::string{};
}

std::optional<double> number_at(const dom::element& doc, std::string_view pointer) {
  double n = 0;
  if (doc.at_pointer(pointer).get(n) != simdjson::SUCCESS) return std::nullopt;
  return n;
}

fedex_place place_at(const dom::element& doc, std::string_view pointer) {
  const auto part = [&](std::string_view name) { return text_at(doc, fmt::format("{}/{}", pointer, name)); };
  return {part("countryCode"), part("postalCode"), part("stateOrProvinceCode"), part("city")};
}

std::optional<double> pounds_of(const dom::element& doc) {
  constexpr double pounds_per_kilogram = 2.20462262;
  dom::array items;
  if (doc.at_pointer("/requestedShipment/requestedPackageLineItems").get(items) != simdjson::SUCCESS || items.size() == 0) return std::nullopt;
  double sum = 0;
  for (const dom::element item : items) {
    const auto value = number_at(item, "/weight/value");
    const auto units = text_at(item, "/weight/units");
    if (!value || *value <= 0 || (units != "LB" && units != "KG")) return std::nullopt;
    sum += units == "KG" ? *value * pounds_per_kilogram : *value;
  }
  return sum;
}

std::string customer_reference(const dom::element& doc) {
  dom::array items;
  if (doc.at_pointer("/requestedShipment/requestedPackageLineItems").get(items) != simdjson::SUCCESS) return {};
  for (const dom::element item : items) {
    auto value = text_at(item, "/customerReferences/0/value");
    if (!value.empty()) return value;
  }
  return {};
}

}  // namespace coreldove::integrations::world
