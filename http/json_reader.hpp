#pragma once
// Reads a request body as JSON: strict, at most 64 levels deep, no key twice in an object, no NUL, and no card data anywhere.
#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.hpp"
#include "http/problem.hpp"

namespace coreldove::http {

inline constexpr std::size_t json_depth_max = 64;

/// The document's root, which must be an object. `body` needs SIMDJSON_PADDING readable bytes behind it. What is returned lives until the next call on
/// the same thread.
outcome<simdjson::dom::object> read_json(std::string_view body);

/// As above, for text without padding.
outcome<simdjson::dom::object> read_json_copy(std::string_view body);

/// Takes fields out of an object and collects complaints about their types; for bodies with a few fields. A null counts as missing.
class field_reader {
public:
  field_reader(simdjson::dom::object object, std::string at, std::vector<domain::field_error>& errors) : object_(object), at_(std::move(at)), errors_(errors) {}

  /// Nothing where it is missing (a complaint where it is `required`), has another type or is longer than `bytes_max`.
  std::optional<std::string> text(std::string_view name, bool required = false, std::size_t bytes_max = 1000);
  std::optional<std::int64_t> integer(std::string_view name, bool required = false);
  std::optional<bool> boolean(std::string_view name);
  std::optional<simdjson::dom::array> array(std::string_view name);
  void complain(std::string_view name, std::string_view code, std::string_view message);
  const std::string& at() const { return at_; }

private:
  std::optional<simdjson::dom::element> find(std::string_view name, bool required);

  simdjson::dom::object object_;
  std::string at_;  // JSON pointer of the object
  std::vector<domain::field_error>& errors_;
};

}  // namespace coreldove::http
