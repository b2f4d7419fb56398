#include "actors/cluster/command_codec.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <tuple>
#include <type_traits>

#include "domain/enum_names.hpp"

namespace coreldove::actors {
namespace {

using nlohmann::json;

constexpr int version = 1;

// ---- what each command consists of ------------------------------------------------------------------------------------------------------------------
template <class Owner, class Member>
struct field {
  const char* name;
  Member Owner::*member;
};
template <class Owner, class Member>
constexpr field<Owner, Member> of(const char* name, Member Owner::*member) {
  return {name, member};
}

/// Specialised for what travels: `name`, where it is a command, and `list`.
template <class T>
struct form;
template <class T>
concept described = requires {
  form<T>::list;
};

#define CORELDOVE_FORM(type, text, ...)                        \
  template <>                                                  \
  struct form<type> {                                          \
    using t = type;                                            \
    static constexpr const char* name = text;                  \
    static constexpr auto list = std::make_tuple(__VA_ARGS__); \
  }

using domain::fulfill_order;
CORELDOVE_FORM(domain::cancel_order, "cancel_order", of("reason", &t::reason), of("by", &t::by));
CORELDOVE_FORM(fulfill_order::part, "part", of("line", &t::line), of("quantity", &t::quantity));
CORELDOVE_FORM(fulfill_order, "fulfill_order", of("parts", &t::parts), of("warehouse", &t::warehouse), of("carrier", &t::carrier), of("by", &t::by));
CORELDOVE_FORM(domain::refund_order, "refund_order", of("amount", &t::amount), of("lines", &t::lines), of("restock", &t::restock), of("reason", &t::reason),
               of("by", &t::by));
CORELDOVE_FORM(domain::decide_review, "decide_review", of("n", &t::n), of("approve", &t::approve), of("by", &t::by), of("note", &t::note));
CORELDOVE_FORM(domain::change_status, "change_status", of("to", &t::to), of("reason", &t::reason), of("by", &t::by));
CORELDOVE_FORM(domain::track_shipment, "track_shipment", of("tracking_number", &t::tracking_number), of("state", &t::state), of("source_id", &t::source_id),
               of("occurred_at", &t::occurred_at), of("description", &t::description), of("location", &t::location));
CORELDOVE_FORM(domain::take_notice, "take_notice", of("source", &t::source), of("id", &t::id), of("type", &t::type), of("kind", &t::kind), of("n", &t::n),
               of("outcome", &t::outcome), of("reference", &t::reference), of("code", &t::code), of("message", &t::message), of("soft", &t::soft));
CORELDOVE_FORM(domain::take_dispute, "take_dispute", of("source", &t::source), of("id", &t::id), of("type", &t::type), of("step", &t::step),
               of("reference", &t::reference), of("payment", &t::payment), of("amount", &t::amount), of("reason", &t::reason), of("answer_by", &t::answer_by));
CORELDOVE_FORM(domain::take_finding, "take_finding", of("source", &t::source), of("id", &t::id), of("type", &t::type), of("detail", &t::detail));
CORELDOVE_FORM(request_key, "key", of("scope", &t::scope), of("key", &t::key), of("fingerprint", &t::fingerprint));
CORELDOVE_FORM(request, "request", of("principal", &t::principal), of("trace_id", &t::trace_id), of("wait_ms", &t::wait),
               of("expected_version", &t::expected_version), of("key", &t::key), of("ahead", &t::ahead));
CORELDOVE_FORM(order_answer, "answer", of("status", &t::status), of("version", &t::version), of("order_id", &t::order_id), of("document", &t::document),
               of("replayed", &t::replayed));
CORELDOVE_FORM(domain::field_error, "field", of("pointer", &t::pointer), of("code", &t::code), of("message", &t::message));
CORELDOVE_FORM(domain::failure, "failure", of("code", &t::code), of("detail", &t::detail), of("fields", &t::fields), of("allowed", &t::allowed));
#undef CORELDOVE_FORM

// ---- names ------------------------------------------------------------------------------------------------------------------------------------------
constexpr domain::enum_names<12> failures{"invalid_input", "malformed", "not_found",  "wrong_state", "conflict",  "stale",
                                          "key_reused",    "forbidden", "overloaded", "unavailable", "timed_out", "internal"};
static_assert(static_cast<std::size_t>(domain::errc::internal) + 1 == failures.size());
constexpr domain::enum_names<3> verdicts{"open", "won", "lost"};
static_assert(static_cast<std::size_t>(domain::dispute::verdict::lost) + 1 == verdicts.size());

std::string_view name(domain::errc c) { return domain::name_of(failures, c); }
std::string_view name(domain::dispute::verdict v) { return domain::name_of(verdicts, v); }
template <class Enum>
std::string_view name(Enum e) {
  return to_string(e);
}

std::optional<domain::errc> named(std::string_view s, domain::errc) { return domain::value_of<domain::errc>(failures, s); }
std::optional<domain::dispute::verdict> named(std::string_view s, domain::dispute::verdict) { return domain::value_of<domain::dispute::verdict>(verdicts, s); }
std::optional<domain::order_status> named(std::string_view s, domain::order_status) { return domain::order_status_from(s); }
std::optional<domain::operation_kind> named(std::string_view s, domain::operation_kind) { return domain::operation_kind_from(s); }
std::optional<domain::operation_outcome> named(std::string_view s, domain::operation_outcome) { return domain::operation_outcome_from(s); }
std::optional<domain::tracking_state> named(std::string_view s, domain::tracking_state) { return domain::tracking_state_from(s); }

// ---- both ways --------------------------------------------------------------------------------------------------------------------------------------
template <class T>
json written(const T& v);
template <class T>
json written(const std::vector<T>& v) {
  auto out = json::array();
  for (const auto& x : v) out.push_back(written(x));
  return out;
}
template <class T>
json written(const std::optional<T>& v) {
  return v ? written(*v) : json();
}
template <class T>
json written(const T& v) {
  if constexpr (described<T>) {
    auto out = json::object();
    std::apply([&](const auto&... f) { ((out[f.name] = written(v.*(f.member))), ...); }, form<T>::list);
    return out;
  } else if constexpr (std::is_enum_v<T>) {
    return name(v);
  } else if constexpr (std::is_same_v<T, domain::time_point>) {
    return v.time_since_epoch().count();
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    return v.count();
  } else {
    return v;
  }
}

template <class T>
void read(const json& from, T& to);
template <class T>
void read(const json& from, std::vector<T>& to) {
  for (const auto& x : from.get_ref<const json::array_t&>()) read(x, to.emplace_back());
}
template <class T>
void read(const json& from, std::optional<T>& to) {
  read(from, to.emplace());
}
template <class T>
void read(const json& from, T& to) {
  if constexpr (described<T>) {
    const auto one = [&](const auto& f) {
      if (const auto at = from.find(f.name); at != from.end() && !at->is_null()) read(*at, to.*(f.member));
    };
    if (!from.is_object()) throw std::runtime_error("not an object");
    std::apply([&](const auto&... f) { (one(f), ...); }, form<T>::list);
  } else if constexpr (std::is_enum_v<T>) {
    const auto& text = from.get_ref<const std::string&>();
    const auto value = named(text, T{});
    if (!value) throw std::runtime_error("'" + text + "' is not known");
    to = *value;
  } else if constexpr (std::is_same_v<T, domain::time_point>) {
    to = T{domain::duration{from.get<std::int64_t>()}};
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    to = T{from.get<std::int64_t>()};
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bool>) {
    to = from.get<T>();
  } else {
    static_assert(std::is_integral_v<T>);
    const auto number = from.is_number_unsigned() || from.is_number_integer();
    if (!number) throw std::runtime_error("not a whole number");
    const bool fits = from.is_number_unsigned() ? std::in_range<T>(from.get<std::uint64_t>()) : std::in_range<T>(from.get<std::int64_t>());
    if (!fits) throw std::runtime_error("out of range");
    to = from.get<T>();
  }
}

template <class T>
bool read_as(const std::string& type, const json& from, domain::command& to) {
  if constexpr (described<T>) {
    if (type != form<T>::name) return false;
    T value;
    read(from, value);
    to = std::move(value);
    return true;
  } else {
    return false;
  }
}

template <std::size_t... I>
void read_command(const std::string& type, const json& from, domain::command& to, std::index_sequence<I...>) {
  if (!(read_as<std::variant_alternative_t<I, domain::command>>(type, from, to) || ...)) throw std::runtime_error("the command '" + type + "' is not known");
}

/// Never throws: what is not UTF-8, which nothing that came in as JSON can be, is replaced.
std::string text_of(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

json parsed(std::string_view text) {
  auto all = json::parse(text);
  if (const int v = all.at("v").get<int>(); v != version) throw std::runtime_error("version " + std::to_string(v) + " is not known");
  return all;
}

template <class F>
auto decoded(const char* what, F f) -> domain::result<decltype(f())> {
  try {
    return f();
  } catch (const std::exception& e) {
    return domain::failure{domain::errc::malformed, std::string{"Another node's "} + what + " cannot be read: " + e.what()};
  }
}

}  // namespace

bool travels(const domain::command& c) {
  return std::visit([](const auto& x) { return described<std::decay_t<decltype(x)>>; }, c);
}

std::string encode(const forwarded_command& c) {
  json out{{"v", version}, {"operation", c.operation}, {"order_id", c.order_id}, {"deadline", written(c.deadline)}, {"request", written(c.rq)}};
  std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (described<T>) {
          out["command"] = form<T>::name;
          out["fields"] = written(x);
        }
      },
      c.what);
  return text_of(out);
}

domain::result<forwarded_command> decode_command(std::string_view text) {
  return decoded("command", [&] {
    const auto all = parsed(text);
    forwarded_command c;
    c.operation = all.at("operation").get<std::string>();
    c.order_id = all.at("order_id").get<std::string>();
    read(all.at("deadline"), c.deadline);
    read(all.at("request"), c.rq);
    read_command(all.at("command").get_ref<const std::string&>(), all.at("fields"), c.what, std::make_index_sequence<std::variant_size_v<domain::command>>());
    if (c.operation.empty()) throw std::runtime_error("the operation has no name");
    return c;
  });
}

std::string encode(const forwarded_answer& a) {
  json out{{"v", version}};
  if (a.moved)
    out["moved"] = true;
  else if (a.outcome)
    out["answer"] = written(*a.outcome);
  else
    out["failure"] = written(a.outcome.error());
  return text_of(out);
}

domain::result<forwarded_answer> decode_answer(std::string_view text) {
  return decoded("answer", [&] {
    const auto all = parsed(text);
    forwarded_answer a;
    if (const auto done = all.find("answer"); done != all.end()) {
      order_answer x;
      read(*done, x);
      a.outcome = std::move(x);
    } else if (const auto why = all.find("failure"); why != all.end()) {
      domain::failure x;
      read(*why, x);
      a.outcome = std::move(x);
    } else {
      a.moved = all.at("moved").get<bool>();
    }
    return a;
  });
}

}  // namespace coreldove::actors
