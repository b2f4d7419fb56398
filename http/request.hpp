#pragma once
// One request as the handlers see it. Everything is a view into the connection's buffers and lives only as long as the handler's call does;
// a handler that goes on later copies what it needs.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/role.hpp"

namespace coreldove::http {

enum class method : std::uint8_t { get, head, post, put, patch, del, options };
inline constexpr std::size_t method_count = 7;
std::string_view to_string(method m);
std::optional<method> method_from(std::string_view token);

struct header_field {
  std::string_view name, value;  // name as it came
};

/// ASCII only, as field names are.
bool equal_ignoring_case(std::string_view a, std::string_view b);

struct route;

struct request {
  const route* row = nullptr;  // what it asks for, once that has been found
  http::method method = method::get;
  int version = 11;                      // 10 or 11
  std::string_view target, path, query;  // query without the question mark
  std::vector<header_field> fields;
  std::string_view body;                       // followed by at least simdjson's padding of readable bytes
  std::array<std::string_view, 1> parameters;  // what stood for {id}, {sku}, {source} in the path, still percent-encoded
  std::string trace_id;                        // 32 hex digits
  std::string peer;                            // the other side's address, without port
  bool tls = false;
  http::principal who;

  /// The field's value, empty where it is missing. Only fields that the header guard lets through once are safe to ask for.
  std::string_view field(std::string_view name) const;
};

}  // namespace coreldove::http
