#pragma once
// Reading FedEx's requests: nested members that may or may not be there.
#include <simdjson.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "integrations/sandbox/fedex/rating.hpp"

namespace coreldove::integrations::world {

/// The object in a body; nothing where it is none. Good until the next call on the same thread.
std::optional<simdjson::dom::element> read_document(std::string_view body);

/// text_at(doc, "/accountNumber/value"): a string, or a number as it was written; empty where there is none.
std::string text_at(const simdjson::dom::element& doc, std::string_view pointer);
std::optional<double> number_at(const simdjson::dom::element& doc, std::string_view pointer);

/// An address; country and postal code may be missing.
fedex_place place_at(const simdjson::dom::element& doc, std::string_view pointer);

/// Pounds over all of requestedShipment/requestedPackageLineItems; nothing where one of them has no weight, or there are none.
std::optional<double> pounds_of(const simdjson::dom::element& doc);

/// The value of the first customer reference of any package; empty where there is none.
std::string customer_reference(const simdjson::dom::element& doc);

}  // namespace coreldove::integrations::world
