#include <type_traits>
#include <vector>

#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/event_fields.hpp"
#include "persistence/codec/json_writer.hpp"

namespace coreldove::persistence {
namespace {

enum class form { stored, shown };

/// Empty texts, empty lists and missing optionals are left out: they are what the reader starts from.
template <class T>
bool is_default(const T& v) {
  if constexpr (requires { v.empty(); })
    return v.empty();
  else if constexpr (requires { v.has_value(); })
    return !v.has_value();
  else
    return false;
}

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

template <class T>
void write(json_writer& w, const T& v, form f);

template <class T>
void write_fields(json_writer& w, const T& v, form f) {
  w.begin_object();
  std::apply(
      [&](const auto&... item) {
        const auto one = [&](const auto& d) {
          const auto& value = v.*(d.member);
          if (f == form::shown && d.shown == codec::exposure::secret) return;
          if (is_default(value) && d.shown != codec::exposure::json) return;
          w.key(d.name);
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
            if (f == form::shown && d.shown == codec::exposure::json) return w.raw(value);
          }
          write(w, value, f);
        };
        (one(item), ...);
        (void)one;
      },
      codec::fields<T>::list);
  w.end_object();
}

template <class T>
void write(json_writer& w, const T& v, form f) {
  if constexpr (codec::described<T>) {
    write_fields(w, v, f);
  } else if constexpr (std::is_same_v<T, std::string>) {
    w.text(v);
  } else if constexpr (std::is_same_v<T, bool>) {
    w.boolean(v);
  } else if constexpr (std::is_integral_v<T>) {
    w.integer(v);
  } else if constexpr (std::is_enum_v<T>) {
    w.text(to_string(v));
  } else if constexpr (std::is_same_v<T, domain::time_point>) {
    w.time(v);
  } else if constexpr (std::is_same_v<T, domain::currency>) {
    // With its digits: what was stored must be readable after the currency itself is gone.
    w.begin_object();
    w.field("code", v.name());
    w.key("digits"), w.integer(v.digits);
    w.end_object();
  } else if constexpr (is_vector<T>::value) {
    w.begin_array();
    for (const auto& x : v) write(w, x, f);
    w.end_array();
  } else {
    write(w, *v, f);
  }
}

void write_event(const domain::event& e, std::string& out, form f) {
  json_writer w(out);
  std::visit([&](const auto& x) { write_fields(w, x, f); }, e);
}

}  // namespace

void encode(const domain::event& e, std::string& out) { write_event(e, out, form::stored); }

std::string shown_data(std::string_view type, std::string_view data) {
  if (type != "order_received") return std::string(data);
  const auto event = decode(type, data);
  if (!event) return "{}";
  std::string out;
  write_event(*event, out, form::shown);
  return out;
}

std::string history_document(const domain::history_entry& e) {
  std::string out;
  out.reserve(e.data.size() + 160);
  json_writer w(out);
  w.begin_object();
  w.key("seq"), w.integer(e.seq);
  w.field("type", e.type);
  w.key("at"), w.time(e.at);
  w.field("by", e.by);
  w.key("data"), w.raw(shown_data(e.type, e.data));
  w.end_object();
  return out;
}

}  // namespace coreldove::persistence
