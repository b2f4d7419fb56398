#pragma once
// What the OpenAPI document says beyond the route table.
#include <span>
#include <string_view>

namespace coreldove::http {

struct operation_text {
  std::string_view id, tag, summary, description;
  std::string_view parameters;  // names below components/parameters, parted by blanks
  std::string_view request;     // a schema's name; empty: no body
  std::string_view answers;     // "202:Order 201:Order": status and schema; "-" for a schema: no JSON
  std::string_view problems;    // statuses that only this call has, parted by blanks
};

std::span<const operation_text> operation_texts();

/// The object `components` without securitySchemes.
std::string_view schema_text();
std::string_view parameter_text();

}  // namespace coreldove::http
