#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/event_fields.hpp"

namespace coreldove::persistence {
namespace {

using simdjson::dom::element;

/// Thrown where a stored value is not what its field says; ends in decode().
struct unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::optional<domain::order_status> named(std::string_view s, domain::order_status) { return domain::order_status_from(s); }
std::optional<domain::operation_kind> named(std::string_view s, domain::operation_kind) { return domain::operation_kind_from(s); }
std::optional<domain::operation_outcome> named(std::string_view s, domain::operation_outcome) { return domain::operation_outcome_from(s); }
std::optional<domain::review_kind> named(std::string_view s, domain::review_kind) { return domain::review_kind_from(s); }
std::optional<domain::notice_verdict> named(std::string_view s, domain::notice_verdict) { return domain::notice_verdict_from(s); }
std::optional<domain::tracking_state> named(std::string_view s, domain::tracking_state) { return domain::tracking_state_from(s); }

void read(element from, domain::shared_input& to);
template <class T>
void read(element from, T& to);
template <class T>
void read(element from, std::vector<T>& to);
template <class T>
void read(element from, std::optional<T>& to);

template <class T>
void read_fields(element from, T& to) {
  const simdjson::dom::object object = from;
  std::apply(
      [&](const auto&... item) {
        const auto one = [&](const auto& d) {
          element value;
          // Missing (an older event) or null: the default stands. Unknown fields (a newer writer's) are never looked at.
          if (object.at_key(d.name).get(value) != simdjson::SUCCESS || value.is_null()) return;
          try {
            read(value, to.*(d.member));
          } catch (const std::exception& x) {
            throw unreadable(fmt::format("{}: {}", d.name, x.what()));
          }
        };
        (one(item), ...);
        (void)one;
      },
      codec::fields<T>::list);
}

template <class T>
void read_integer(element from, T& to) {
  const std::int64_t v = from;
  if (!std::in_range<T>(v)) throw unreadable("out of range");
  to = static_cast<T>(v);
}

void read_currency(element from, domain::currency& to) {
  const std::string_view code = from["code"];
  if (code.size() != to.code.size()) throw unreadable("not a currency");
  code.copy(to.code.data(), to.code.size());
  read_integer(from["digits"], to.digits);
}

template <class T>
void read(element from, std::vector<T>& to) {
  for (const element x : simdjson::dom::array(from)) read(x, to.emplace_back());
}

void read(element from, domain::shared_input& to) {
  domain::order_input in;
  read(from, in);
  to = std::move(in);
}

template <class T>
void read(element from, std::optional<T>& to) {
  read(from, to.emplace());
}

template <class T>
void read(element from, T& to) {
  if constexpr (codec::described<T>) {
    read_fields(from, to);
  } else if constexpr (std::is_same_v<T, std::string>) {
    to = std::string_view(from);
  } else if constexpr (std::is_same_v<T, bool>) {
    to = bool(from);
  } else if constexpr (std::is_integral_v<T>) {
    read_integer(from, to);
  } else if constexpr (std::is_same_v<T, domain::currency>) {
    read_currency(from, to);
  } else {
    const std::string_view text = from;
    std::optional<T> value;
    if constexpr (std::is_enum_v<T>)
      value = named(text, T{});
    else
      value = parse_time(text);
    if (!value) throw unreadable(fmt::format("'{}' is not known", text));
    to = *value;
  }
}

struct known_type {
  std::string_view name;
  domain::event (*read)(element);
};

template <std::size_t... I>
auto make_known_types(std::index_sequence<I...>) {
  const auto entry = []<class E>(E e) {
    return known_type{domain::type_name(domain::event(std::move(e))), [](element from) -> domain::event {
                        E event;
                        read_fields(from, event);
                        return event;
                      }};
  };
  return std::array{entry(std::variant_alternative_t<I, domain::event>{})...};
}

const known_type* find_type(std::string_view name) {
  static const auto types = make_known_types(std::make_index_sequence<std::variant_size_v<domain::event>>());
  for (const auto& t : types)
    if (t.name == name) return &t;
  return nullptr;
}

domain::failure internal(std::string detail) { return {domain::errc::internal, std::move(detail)}; }

}  // namespace

domain::result<domain::event> decode(std::string_view type, std::string_view data) {
  const auto* known = find_type(type);
  if (known == nullptr) return internal(fmt::format("unknown event type '{}'", type));
  thread_local simdjson::dom::parser parser;
  try {
    return known->read(parser.parse(data.data(), data.size()));
  } catch (const std::exception& x) {
    return internal(fmt::format("event {}: {}", type, x.what()));
  }
}

domain::result<domain::order> rebuild(const std::vector<domain::history_entry>& stream) {
  domain::order o;
  for (const auto& entry : stream) {
    if (entry.seq != o.version + 1) return internal(fmt::format("{}: event {} follows {}", entry.stream, entry.seq, o.version));
    const auto event = decode(entry.type, entry.data);
    if (!event) return internal(fmt::format("{} seq {}: {}", entry.stream, entry.seq, event.error().detail));
    domain::evolve(o, *event, entry.at);
  }
  return o;
}

}  // namespace coreldove::persistence
