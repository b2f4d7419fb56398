#pragma once
// The one table of everything that can be called, and by whom. A call that has no row does not exist; a row without roles would let nobody in.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/app.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/role.hpp"

namespace coreldove::http {

using handler = void (*)(app&, const request&, responder);

enum class body_kind : std::uint8_t {
  none,           // what comes is read and dropped
  json,           // application/json
  optional_json,  // or nothing at all
  raw,            // any type; the handler sees the bytes
  ndjson,         // application/x-ndjson, handed on as it comes
};

struct route {
  http::method method;
  std::string_view pattern;  // "~" stands for api_prefix, "{name}" for one segment
  role_set roles;
  body_kind body;
  handler handle;
  std::string_view operation;  // id in the OpenAPI document
  bool between_nodes = false;  // there only where nodes of a cluster speak with each other, and nothing else is
};

std::span<const route> routes();

struct route_match {
  const route* row = nullptr;  // nullptr: no such path, or not with this method
  bool path_known = false;
  std::string allow;  // for 405 and OPTIONS, where the path is known
};
/// HEAD finds the row of GET. Fills in rq.parameters. `between_nodes`: among the rows that are for nodes, else among the others.
route_match find_route(request& rq, bool between_nodes = false);

}  // namespace coreldove::http
