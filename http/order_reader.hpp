#pragma once
// The body of a new order, from JSON to the domain's draft. Complaints about JSON types are collected here, everything else is the domain's to say.
#include <simdjson.h>

#include <string_view>
#include <vector>

#include "domain/order_input.hpp"

namespace coreldove::http {

struct read_order {
  domain::order_draft draft;
  std::vector<domain::field_error> complaints;
};

/// `body` is the text that `root` was read from; metadata is cut out of it as it stands. Fields that only the server writes are complained about
/// (`read_only`); fields nobody knows are ignored.
read_order read_order_draft(simdjson::dom::object root, std::string_view body);

}  // namespace coreldove::http
