#pragma once
// Writing JSON, and looking at the members of a JSON object whose text is known to be valid, without parsing it again.
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "domain/json_text.hpp"

namespace coreldove::http {

using domain::append_json;

struct json_member {
  std::string_view key;    // without quotes, escapes as they stand
  std::string_view value;  // its text
};

/// Calls `f` for each member of `object`, which must be the text of a valid JSON object; stops when `f` returns false.
void for_each_member(std::string_view object, const std::function<bool(const json_member&)>& f);

/// The text of the member's value, empty where it is missing.
std::string_view member_of(std::string_view object, std::string_view key);

/// A copy of `object` without the members of these names.
std::string without_members(std::string_view object, std::initializer_list<std::string_view> names);

/// The value of a JSON string's text, with quotes around it; only for values that have no escapes. Empty for anything else.
std::string_view plain_string(std::string_view value);

}  // namespace coreldove::http
