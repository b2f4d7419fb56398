#pragma once
// From the text of a new order to the domain's input, for one order and for many.
#include <simdjson.h>

#include <string_view>

#include "domain/order_input.hpp"
#include "http/app.hpp"
#include "http/problem.hpp"
#include "http/role.hpp"

namespace coreldove::http {

/// `root` was read from `body`. A customer may only order for themselves.
outcome<domain::order_input> read_order_input(const app& a, const principal& who, simdjson::dom::object root, std::string_view body);

}  // namespace coreldove::http
