#include "persistence/codec/routing_codec.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/json_writer.hpp"

namespace coreldove::persistence {
namespace {

using domain::one_million;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr double percent = one_million / 100.0;

/// Takes an object apart, field by field; what nobody has asked for in the end is a complaint.
class fields_of {
public:
  fields_of(element from, std::string at, std::vector<domain::field_error>& errors) : at_(std::move(at)), errors_(errors) {
    valid_ = from.get(object_) == simdjson::SUCCESS;
    if (!valid_) complain({}, "must be an object");
  }
  ~fields_of() {
    if (!valid_) return;
    for (const auto field : object_)
      if (std::find(seen_.begin(), seen_.end(), field.key) == seen_.end()) errors_.push_back({pointer(field.key), "unknown_field", "is not known"});
  }
  fields_of(const fields_of&) = delete;
  fields_of& operator=(const fields_of&) = delete;

  /// False where it is missing or null.
  bool find(std::string_view name, element& value) {
    seen_.push_back(name);
    return valid_ && object_.at_key(name).get(value) == simdjson::SUCCESS && !value.is_null();
  }
  void number(std::string_view name, double& to) {
    element v;
    if (find(name, v) && v.get(to) != simdjson::SUCCESS) complain(name, "must be a number");
  }
  /// In JSON `unit`s of the program's own.
  template <class Integer>
  void scaled(std::string_view name, double unit, Integer& to) {
    double v = static_cast<double>(to) / unit;
    number(name, v);
    const double n = std::round(v * unit);
    if (std::isfinite(n) && std::abs(n) <= 2e9 && (std::is_signed_v<Integer> || n >= 0))
      to = static_cast<Integer>(n);
    else
      complain(name, "is out of range");
  }
  void milliseconds(std::string_view name, domain::duration& to) {
    auto ms = to.count();
    scaled(name, 1, ms);
    to = domain::duration{ms};
  }
  void texts(std::string_view name, std::vector<std::string>& to) {
    element v;
    if (!find(name, v)) return;
    to.clear();
    simdjson::dom::array all;
    if (v.get(all) != simdjson::SUCCESS) return complain(name, "must be an array of strings");
    for (const auto x : all) {
      std::string_view text;
      if (x.get(text) != simdjson::SUCCESS) return complain(name, "must be an array of strings");
      to.emplace_back(text);
    }
  }
  void text(std::string_view name, std::string& to) {
    element v;
    std::string_view found;
    if (!find(name, v)) return;
    if (v.get(found) != simdjson::SUCCESS) return complain(name, "must be a string");
    to = found;
  }
  /// Each member of the object of this name: its name, value and pointer.
  template <class F>
  void members(std::string_view name, F f) {
    element v;
    object all;
    if (!find(name, v)) return;
    if (v.get(all) != simdjson::SUCCESS) return complain(name, "must be an object");
    for (const auto field : all) f(field.key, field.value, pointer(name) + "/" + std::string{field.key});
  }
  void complain(std::string_view name, const char* message) { errors_.push_back({pointer(name), "invalid", message}); }
  std::string pointer(std::string_view name) const { return name.empty() ? at_ : at_ + "/" + std::string{name}; }

private:
  std::string at_;
  std::vector<domain::field_error>& errors_;
  object object_;
  bool valid_ = false;
  std::vector<std::string_view> seen_;
};

std::optional<domain::minor_units> amount_in(fields_of& f, std::string_view name, const std::string& currency) {
  std::string text;
  f.text(name, text);
  if (text.empty()) return std::nullopt;
  const auto known = domain::currency::find(currency);
  auto amount = known ? domain::parse_amount(text, known->digits) : std::nullopt;
  if (!amount) f.complain(name, "must be an amount in the currency's own digits");
  return amount;
}

domain::gateway_terms read_terms(std::string_view name, element from, const std::string& at, std::vector<domain::field_error>& errors) {
  fields_of f{from, at, errors};
  domain::gateway_terms t;
  t.name = name;
  f.scaled("percentage", percent, t.percentage);
  f.texts("currencies", t.currencies);
  f.texts("countries", t.countries);
  f.texts("methods", t.methods);
  f.members("amounts", [&](std::string_view currency, element value, const std::string& here) {
    fields_of a{value, here, errors};
    auto& c = t.amounts.emplace_back();
    c.currency = currency;
    c.fixed = amount_in(a, "fixed", c.currency).value_or(0);
    c.min = amount_in(a, "min", c.currency);
    c.max = amount_in(a, "max", c.currency);
  });
  return t;
}

void read_tokens(fields_of& f, std::vector<domain::token_rule>& to, std::vector<domain::field_error>& errors) {
  element v;
  simdjson::dom::array all;
  if (!f.find("tokens", v)) return;
  to.clear();
  if (v.get(all) != simdjson::SUCCESS) return f.complain("tokens", "must be an array");
  for (const auto x : all) {
    fields_of t{x, f.pointer("tokens") + "/" + std::to_string(to.size()), errors};
    auto& rule = to.emplace_back();
    t.text("text", rule.text);
    t.texts("gateways", rule.gateways);
    element flag;
    if (t.find("whole", flag) && flag.get(rule.whole_token) != simdjson::SUCCESS) t.complain("whole", "must be true or false");
  }
}

void read_learning(element from, const std::string& at, domain::learning_rules& l, std::vector<domain::field_error>& errors) {
  fields_of f{from, at, errors};
  double memory = double{one_million} / l.decay;
  f.number("memory", memory);
  l.decay = memory >= 2 && memory <= one_million ? static_cast<std::int32_t>(std::lround(one_million / memory)) : 0;
  f.scaled("first_guess", percent, l.first_guess);
  f.number("first_guess_weight", l.first_guess_weight);
  f.number("inherited_weight", l.inherited_weight);
  f.number("alarm", l.alarm);
  f.number("tested_from", l.tested_from);
  f.number("kept_after_alarm", l.kept_after_alarm);
}

void read_breaker(element from, const std::string& at, domain::breaker_rules& b, std::vector<domain::field_error>& errors) {
  fields_of f{from, at, errors};
  f.scaled("failures_in_a_row", 1, b.failures_in_a_row);
  f.scaled("window", 1, b.window);
  f.scaled("failed_share", percent, b.failed_share);
  f.milliseconds("slow_after_ms", b.slow_after);
  f.milliseconds("first_pause_ms", b.first_pause);
  f.milliseconds("longest_pause_ms", b.longest_pause);
  f.scaled("trials_at_once", 1, b.trials_at_once);
  f.scaled("good_trials", 1, b.good_trials);
  f.milliseconds("between_trials_ms", b.between_trials);
}

void read_policy(element from, const std::string& at, domain::routing_policy& p, std::vector<domain::field_error>& errors) {
  fields_of f{from, at, errors};
  f.members("gateways", [&](std::string_view name, element value, const std::string& here) {
    std::erase_if(p.gateways, [&](const domain::gateway_terms& t) { return t.name == name; });
    p.gateways.push_back(read_terms(name, value, here, errors));
  });
  read_tokens(f, p.tokens, errors);
  f.scaled("margin", percent, p.margin);
  f.scaled("latency_cost", percent, p.latency_cost);
  f.scaled("exploration", percent, p.exploration);
  f.scaled("curiosity", percent, p.curiosity);
  element v;
  if (f.find("learning", v)) read_learning(v, f.pointer("learning"), p.learning, errors);
  if (f.find("breaker", v)) read_breaker(v, f.pointer("breaker"), p.breaker, errors);
}

void read_controls(fields_of& f, domain::routing_controls& c) {
  f.text("pin", c.pinned);
  f.texts("drain", c.drained);
  f.members("weights", [&](std::string_view name, element value, const std::string&) {
    double weight = 0;
    if (value.get(weight) != simdjson::SUCCESS || !(weight >= 0 && weight <= 1'000)) return f.complain("weights", "must be numbers from 0 to 1000");
    c.weights.push_back({std::string{name}, static_cast<std::int32_t>(std::lround(weight * one_million))});
  });
}

template <class T, class Read>
domain::result<T> read(std::string_view json, T start, Read take) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return domain::failure{domain::errc::malformed, "It is not JSON."};
  domain::failure why{domain::errc::invalid_input, "Some fields are not acceptable."};
  take(root, start, why.fields);
  if (!why.fields.empty()) return why;
  return start;
}

void write_texts(json_writer& w, std::string_view name, const std::vector<std::string>& texts) {
  w.key(name), w.begin_array();
  for (const auto& t : texts) w.text(t);
  w.end_array();
}

void write_number(json_writer& w, std::string_view name, double v) { w.key(name), w.raw(fmt::format("{}", v)); }

void write_terms(json_writer& w, const domain::gateway_terms& t) {
  w.key(t.name), w.begin_object();
  write_number(w, "percentage", t.percentage / percent);
  write_texts(w, "currencies", t.currencies);
  write_texts(w, "countries", t.countries);
  write_texts(w, "methods", t.methods);
  w.key("amounts"), w.begin_object();
  for (const auto& a : t.amounts) {
    const auto known = domain::currency::find(a.currency);
    const std::uint8_t digits = known ? known->digits : 2;
    w.key(a.currency), w.begin_object();
    w.key("fixed"), w.amount(a.fixed, digits);
    if (a.min) w.key("min"), w.amount(*a.min, digits);
    if (a.max) w.key("max"), w.amount(*a.max, digits);
    w.end_object();
  }
  w.end_object();
  w.end_object();
}

void write_policy(json_writer& w, const domain::routing_policy& p) {
  w.begin_object();
  w.key("gateways"), w.begin_object();
  for (const auto& t : p.gateways) write_terms(w, t);
  w.end_object();
  w.key("tokens"), w.begin_array();
  for (const auto& t : p.tokens) {
    w.begin_object();
    w.field("text", t.text);
    w.key("whole"), w.boolean(t.whole_token);
    write_texts(w, "gateways", t.gateways);
    w.end_object();
  }
  w.end_array();
  write_number(w, "margin", p.margin / percent);
  write_number(w, "latency_cost", p.latency_cost / percent);
  write_number(w, "exploration", p.exploration / percent);
  write_number(w, "curiosity", p.curiosity / percent);
  const auto& l = p.learning;
  w.key("learning"), w.begin_object();
  write_number(w, "memory", double{one_million} / l.decay);
  write_number(w, "first_guess", l.first_guess / percent);
  write_number(w, "first_guess_weight", l.first_guess_weight);
  write_number(w, "inherited_weight", l.inherited_weight);
  write_number(w, "alarm", l.alarm);
  write_number(w, "tested_from", l.tested_from);
  write_number(w, "kept_after_alarm", l.kept_after_alarm);
  w.end_object();
  const auto& b = p.breaker;
  w.key("breaker"), w.begin_object();
  w.key("failures_in_a_row"), w.integer(b.failures_in_a_row);
  w.key("window"), w.integer(b.window);
  write_number(w, "failed_share", b.failed_share / percent);
  w.key("slow_after_ms"), w.integer(b.slow_after.count());
  w.key("first_pause_ms"), w.integer(b.first_pause.count());
  w.key("longest_pause_ms"), w.integer(b.longest_pause.count());
  w.key("trials_at_once"), w.integer(b.trials_at_once);
  w.key("good_trials"), w.integer(b.good_trials);
  w.key("between_trials_ms"), w.integer(b.between_trials.count());
  w.end_object();
  w.end_object();
}

void write_controls(json_writer& w, const domain::routing_controls& c) {
  w.field_or_null("pin", c.pinned);
  write_texts(w, "drain", c.drained);
  w.key("weights"), w.begin_object();
  for (const auto& x : c.weights) write_number(w, x.gateway, x.millionths / double{one_million});
  w.end_object();
}

}  // namespace

domain::result<domain::routing_policy> read_routing_policy(std::string_view json) {
  auto p = read(json, domain::usual_routing_policy(), [](element from, auto& to, auto& errors) { read_policy(from, {}, to, errors); });
  if (!p) return p;
  domain::failure why{domain::errc::invalid_input, "Some fields are not acceptable.", domain::problems_of(*p), {}};
  if (!why.fields.empty()) return why;
  return p;
}

domain::result<domain::routing_controls> read_routing_controls(std::string_view json) {
  return read(json, domain::routing_controls{}, [](element from, auto& to, auto& errors) {
    fields_of f{from, {}, errors};
    read_controls(f, to);
  });
}

std::string routing_policy_text(const domain::routing_policy& policy) {
  std::string out;
  json_writer w(out);
  write_policy(w, policy);
  return out;
}

std::string routing_controls_text(const domain::routing_controls& controls) {
  std::string out;
  json_writer w(out);
  w.begin_object();
  write_controls(w, controls);
  w.end_object();
  return out;
}

std::string routing_settings_text(const routing_settings& settings) {
  std::string out;
  json_writer w(out);
  w.begin_object();
  write_controls(w, settings.controls);
  w.key("policy"), write_policy(w, settings.policy);
  w.end_object();
  return out;
}

domain::result<routing_settings> latest_routing(const std::vector<domain::history_entry>& stream) {
  if (stream.empty()) return routing_settings{};
  auto s = read(stream.back().data, routing_settings{}, [](element from, auto& to, auto& errors) {
    fields_of f{from, {}, errors};
    read_controls(f, to.controls);
    element policy;
    to.policy.gateways.clear();
    if (f.find("policy", policy)) read_policy(policy, "/policy", to.policy, errors);
  });
  if (!s) return domain::failure{domain::errc::internal, fmt::format("{} seq {} cannot be read: {}", routing_stream, stream.back().seq, s.error().detail)};
  s->version = static_cast<std::uint32_t>(stream.back().seq);
  return s;
}

}  // namespace coreldove::persistence
