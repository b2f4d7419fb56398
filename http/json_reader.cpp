#include "http/json_reader.hpp"

#include <algorithm>

#include "domain/card_data.hpp"

namespace coreldove::http {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t parser_bytes_kept_max = 256 * 1024;  // per thread; larger documents get a parser of their own

void append_pointer_part(std::string& pointer, std::string_view key) {
  pointer.push_back('/');
  for (char c : key) {
    if (c == '~')
      pointer.append("~0");
    else if (c == '/')
      pointer.append("~1");
    else
      pointer.push_back(c);
  }
}

/// One walk over everything; the pointer of the place is built only when something is wrong, from the stack of the recursion.
class inspector {
public:
  std::optional<problem> run(dom::object root) {
    object(root, 1, nullptr);
    if (!found_) return std::nullopt;
    return std::move(*found_);
  }

private:
  struct place {
    const place* above;
    std::string_view key;  // of an object's member
    std::size_t index;     // of an array's element, where key is null
  };

  static std::string pointer_to(const place* p) {
    if (p == nullptr) return {};
    auto out = pointer_to(p->above);
    if (p->key.data() != nullptr)
      append_pointer_part(out, p->key);
    else
      out.append("/").append(std::to_string(p->index));
    return out;
  }

  bool stop(problem p) {
    if (!found_) found_ = std::move(p);
    return false;
  }

  bool card_data(const place* where, std::string_view what) {
    return stop({problems::card_data,
                 "Card numbers and security codes are not taken here: send a payment token from the gateway.",
                 {{pointer_to(where), "card_data", std::string{what}}},
                 {},
                 0});
  }

  bool text(std::string_view s, const place* where) {
    if (s.size() >= 13 && domain::holds_card_number(s)) return card_data(where, "looks like a card number");
    if (s.find('\0') != std::string_view::npos)
      return stop({problems::invalid_input, "", {{pointer_to(where), "characters", "must not hold the character NUL"}}, {}, 0});
    return true;
  }

  bool value(dom::element e, std::size_t depth, const place* where) {
    switch (e.type()) {
      case dom::element_type::OBJECT:
        return object(dom::object(e), depth + 1, where);
      case dom::element_type::ARRAY:
        return array(dom::array(e), depth + 1, where);
      case dom::element_type::STRING:
        return text(std::string_view(e), where);
      case dom::element_type::INT64:
        return number(std::int64_t(e) < 0 ? 0 : static_cast<std::uint64_t>(std::int64_t(e)), where);
      case dom::element_type::UINT64:
        return number(std::uint64_t(e), where);
      case dom::element_type::DOUBLE:
      case dom::element_type::BOOL:
      case dom::element_type::NULL_VALUE:
        return true;
    }
    return true;
  }

  bool number(std::uint64_t n, const place* where) {
    constexpr std::uint64_t smallest_13_digits = 1'000'000'000'000;
    if (n >= smallest_13_digits && domain::holds_card_number(std::to_string(n))) return card_data(where, "looks like a card number");
    return true;
  }

  bool deep(std::size_t depth) {
    if (depth <= json_depth_max) return true;
    return stop({problems::malformed_json, "The document is nested more than 64 levels deep.", {}, {}, 0});
  }

  bool array(dom::array a, std::size_t depth, const place* where) {
    if (!deep(depth)) return false;
    std::size_t i = 0;
    for (auto e : a) {
      const place here{where, {}, i++};
      if (!value(e, depth, &here)) return false;
    }
    return true;
  }

  bool object(dom::object o, std::size_t depth, const place* where) {
    if (!deep(depth)) return false;
    std::size_t members = 0;
    for (auto m : o) {
      ++members;
      const place here{where, m.key, 0};
      if (domain::names_card_data(m.key)) return card_data(&here, "is named like card data");
      if (!text(m.key, where)) return false;  // the pointer must not repeat the key
      if (!value(m.value, depth, &here)) return false;
    }
    return no_key_twice(o, members, where);
  }

  bool no_key_twice(dom::object o, std::size_t members, const place* where) {
    constexpr std::size_t compared_in_pairs_max = 24;
    bool twice = false;
    if (members <= compared_in_pairs_max) {
      std::array<std::string_view, compared_in_pairs_max> keys;
      std::size_t n = 0;
      for (auto m : o) {
        for (std::size_t i = 0; i < n; ++i) twice = twice || keys[i] == m.key;
        keys[n++] = m.key;
      }
    } else {
      std::vector<std::string_view> keys;
      keys.reserve(members);
      for (auto m : o) keys.push_back(m.key);
      std::sort(keys.begin(), keys.end());
      twice = std::adjacent_find(keys.begin(), keys.end()) != keys.end();
    }
    if (!twice) return true;
    return stop({problems::malformed_json, "An object has the same key twice.", {{pointer_to(where), "duplicate_key", "has a key twice"}}, {}, 0});
  }

  std::optional<problem> found_;
};

problem malformed(simdjson::error_code error) {
  switch (error) {
    case simdjson::DEPTH_ERROR:
      return {problems::malformed_json, "The document is nested more than 64 levels deep."};
    case simdjson::UTF8_ERROR:
      return {problems::malformed_json, "The body is not valid UTF-8."};
    case simdjson::EMPTY:
      return {problems::malformed_json, "The body is empty; a JSON object is wanted."};
    case simdjson::NUMBER_ERROR:
      return {problems::malformed_json, "A number is malformed or too large."};
    case simdjson::STRING_ERROR:
      return {problems::malformed_json, "A string is malformed."};
    case simdjson::UNCLOSED_STRING:
      return {problems::malformed_json, "A string has no end."};
    case simdjson::UNESCAPED_CHARS:
      return {problems::malformed_json, "A string holds a control character that must be escaped."};
    default:
      return {problems::malformed_json, "The body is not a JSON document."};
  }
}

outcome<dom::object> read(std::string_view body, bool copy) {
  thread_local dom::parser parser;
  thread_local std::optional<dom::parser> large;  // kept until the next call only, so that one big body does not stay for ever
  large.reset();
  dom::parser& p = body.size() <= parser_bytes_kept_max ? parser : large.emplace();
  dom::element root;
  if (const auto error = p.parse(body.data(), body.size(), copy).get(root)) return malformed(error);
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return problem{problems::malformed_json, "The body must be a JSON object."};
  if (auto found = inspector{}.run(object)) return std::move(*found);
  return object;
}

}  // namespace

outcome<dom::object> read_json(std::string_view body) { return read(body, false); }
outcome<dom::object> read_json_copy(std::string_view body) { return read(body, true); }

std::optional<dom::element> field_reader::find(std::string_view name, bool required) {
  dom::element e;
  if (object_.at_key(name).get(e) == simdjson::SUCCESS && !e.is_null()) return e;
  if (required) complain(name, "required", "is required");
  return std::nullopt;
}

void field_reader::complain(std::string_view name, std::string_view code, std::string_view message) {
  errors_.push_back({at_ + "/" + std::string{name}, std::string{code}, std::string{message}});
}

std::optional<std::string> field_reader::text(std::string_view name, bool required, std::size_t bytes_max) {
  const auto e = find(name, required);
  if (!e) return std::nullopt;
  std::string_view s;
  if (e->get(s) != simdjson::SUCCESS) {
    complain(name, "type", "must be a string");
    return std::nullopt;
  }
  if (s.size() > bytes_max) {
    complain(name, "too_long", "must not be longer than " + std::to_string(bytes_max) + " bytes");
    return std::nullopt;
  }
  if (required && s.empty()) {
    complain(name, "required", "must not be empty");
    return std::nullopt;
  }
  return std::string{s};
}

std::optional<std::int64_t> field_reader::integer(std::string_view name, bool required) {
  const auto e = find(name, required);
  if (!e) return std::nullopt;
  std::int64_t n = 0;
  if (e->type() == dom::element_type::INT64 && e->get(n) == simdjson::SUCCESS) return n;
  complain(name, "type", "must be an integer");
  return std::nullopt;
}

std::optional<bool> field_reader::boolean(std::string_view name) {
  const auto e = find(name, false);
  if (!e) return std::nullopt;
  bool b = false;
  if (e->get(b) == simdjson::SUCCESS) return b;
  complain(name, "type", "must be true or false");
  return std::nullopt;
}

std::optional<dom::array> field_reader::array(std::string_view name) {
  const auto e = find(name, false);
  if (!e) return std::nullopt;
  dom::array a;
  if (e->get(a) == simdjson::SUCCESS) return a;
  complain(name, "type", "must be an array");
  return std::nullopt;
}

}  // namespace coreldove::http
