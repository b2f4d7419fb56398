// Reading Stripe's parameters, and saying no in Stripe's words.
#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/stripe/stripe.hpp"

namespace coreldove::integrations::world {

namespace {
constexpr std::size_t metadata_entries_max = 50, metadata_key_max = 40, metadata_value_max = 500;
}

void stripe::refuse(call& c, const stripe_error& e) {
  c.out.status = e.status;
  c.shows = kept_answer::shows::text;
  append_error(c.out.body, e);
}

void stripe::refuse_showing(call& c, const stripe_error& e) const {
  c.out.status = e.status;
  c.shows = kept_answer::shows::text;
  append_error(c.out.body, e, &ids_, c.intent, &intents_[c.intent], &intents_[c.intent].face);
}

void stripe::refuse_state(call& c, std::string_view cannot, std::string_view verb, std::string_view allowed) const {
  const std::string message = fmt::format("{} because it has a status of {}. Only a PaymentIntent with one of the following statuses may be {}: {}.", cannot,
                                          to_string(intents_[c.intent].face.status), verb, allowed);
  refuse_showing(c, {400, "invalid_request_error", "payment_intent_unexpected_state", message});
}

bool stripe::only_known(call& c, std::span<const std::string_view> known) {
  const auto is_known = [&](std::string_view key) {
    for (const auto name : known)
      if (key == name || (name.ends_with("[]") && key.starts_with(name.substr(0, name.size() - 1)))) return true;
    return false;
  };
  for (const auto& f : c.params.fields()) {
    if (is_known(f.key)) continue;
    c.out.status = 400;
    const std::string message =
        f.key.starts_with("expand[") ? fmt::format("This property cannot be expanded ({}).", f.value) : fmt::format("Received unknown parameter: {}", f.key);
    append_error(c.out.body, {400, "invalid_request_error", f.key.starts_with("expand[") ? "" : "parameter_unknown", message, f.key});
    return false;
  }
  return true;
}

std::optional<domain::minor_units> stripe::whole_number(call& c, std::string_view param) {
  const auto text = c.params.find(param).value_or("");
  const auto* end = text.data() + text.size();
  domain::minor_units value = 0;
  const auto [stop, ec] = std::from_chars(text.data(), end, value);
  if (ec == std::errc{} && stop == end && !text.empty()) return value;
  c.out.status = 400;
  const bool missing = !c.params.find(param);
  const std::string message = missing ? fmt::format("Missing required param: {}.", param) : fmt::format("Invalid integer: {}", text);
  append_error(c.out.body, {400, "invalid_request_error", missing ? "parameter_missing" : "parameter_invalid_integer", message, param});
  return std::nullopt;
}

bool stripe::flag(const call& c, std::string_view param) { return c.params.find(param) == "true"; }

bool stripe::metadata(call& c, kept_text before, kept_text& after) {
  std::vector<std::pair<std::string, std::string_view>> entries;
  thread_local simdjson::dom::parser parser;
  bool given = false;
  for (const auto& f : c.params.fields()) {
    const auto key = child_of(f.key, "metadata");
    if (!key) continue;
    if (!std::exchange(given, true) && !before.view().empty())
      for (const auto member : parser.parse(std::string{before.view()}).get_object()) entries.emplace_back(member.key, member.value.get_string());
    if (key->size() > metadata_key_max || f.value.size() > metadata_value_max) {
      refuse(c, {400, "invalid_request_error", "", "Metadata keys can have up to 40 characters, and values up to 500 characters.", f.key});
      c.keep = false;
      return false;
    }
    std::erase_if(entries, [&](const auto& e) { return e.first == *key; });
    if (!f.value.empty()) entries.emplace_back(*key, f.value);
  }
  after = before;
  if (!given) return true;
  if (entries.size() > metadata_entries_max) {
    refuse(c, {400, "invalid_request_error", "", "You can specify up to 50 metadata keys.", "metadata"});
    c.keep = false;
    return false;
  }
  std::string text;
  for (const auto& [key, value] : entries) {
    text.push_back(text.empty() ? '{' : ',');
    append_json(text, key);
    text.push_back(':');
    append_json(text, value);
  }
  if (!text.empty()) text.push_back('}');
  after = texts_.put(text);
  return true;
}

}  // namespace coreldove::integrations::world
