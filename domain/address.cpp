#include "domain/address.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "domain/address_rules.hpp"
#include "domain/postal_pattern.hpp"
#include "domain/text_check.hpp"

namespace coreldove::domain {
namespace {

constexpr std::size_t name_max = 128, line_max = 256, postal_code_max = 16;

/// Calling codes of no country: freephone, satellites, international networks (ITU-T E.164).
constexpr std::array<std::string_view, 9> shared_calling_codes{"800", "808", "870", "878", "881", "882", "883", "888", "979"};

/// The table of facts, with its patterns compiled.
class rule_book {
public:
  struct country {
    const country_rule* rule;
    std::optional<postal_pattern> postal_code;
    std::vector<std::optional<postal_pattern>> prefixes;  // by subdivision
  };

  rule_book() {
    by_code_.fill(0);
    for (const auto& rule : country_rules()) {
      country& c = countries_.emplace_back(country{&rule, compile(rule.postal_pattern), {}});
      for (const auto& sub : rule.subdivisions) c.prefixes.push_back(compile(sub.postal_prefix));
      by_code_[slot_of(rule.code)] = static_cast<std::uint16_t>(countries_.size());
      assigned_[number_of(rule.calling_code)] = true;
    }
    for (auto code : shared_calling_codes) assigned_[number_of(code)] = true;
  }

  const country* find(std::string_view code) const {
    const std::size_t slot = slot_of(code);
    return slot == no_slot || by_code_[slot] == 0 ? nullptr : &countries_[by_code_[slot] - 1U];
  }

  /// The calling code that `digits` begins with, empty where there is none. No code is the beginning of another.
  std::string_view calling_code(std::string_view digits) const {
    if (digits.starts_with('0')) return {};
    for (std::size_t size = 1; size <= 3 && size <= digits.size(); ++size)
      if (assigned_[number_of(digits.substr(0, size))]) return digits.substr(0, size);
    return {};
  }

private:
  static constexpr std::size_t letters = 26, no_slot = letters * letters;

  static std::size_t slot_of(std::string_view code) {
    if (code.size() != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z') return no_slot;
    return static_cast<std::size_t>(code[0] - 'A') * letters + static_cast<std::size_t>(code[1] - 'A');
  }
  static std::size_t number_of(std::string_view digits) {
    std::size_t number = 0;
    for (char c : digits) number = number * 10 + static_cast<std::size_t>(c - '0');
    return number;
  }
  static std::optional<postal_pattern> compile(std::string_view pattern) {
    if (pattern.empty()) return std::nullopt;
    return postal_pattern{pattern};
  }

  std::vector<country> countries_;
  std::array<std::uint16_t, letters * letters> by_code_;  // one more than the index; 0: none
  std::array<bool, 1000> assigned_{};
};

const rule_book& rules() {
  static const rule_book book;
  return book;
}

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool same_text(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return upper(x) == upper(y); });
}

bool has_name(std::string_view names, std::string_view wanted) {
  while (!names.empty()) {
    const std::size_t bar = names.find('|');
    if (same_text(names.substr(0, bar), wanted)) return true;
    if (bar == std::string_view::npos) return false;
    names.remove_prefix(bar + 1);
  }
  return false;
}

/// The index of the subdivision that `state` names.
std::optional<std::size_t> find_subdivision(const country_rule& rule, std::string_view state) {
  const auto subs = rule.subdivisions;
  auto found = std::ranges::find_if(subs, [&](const subdivision_rule& s) { return same_text(s.code, state); });
  if (found == subs.end()) found = std::ranges::find_if(subs, [&](const subdivision_rule& s) { return has_name(s.names, state); });
  if (found == subs.end()) return std::nullopt;
  return static_cast<std::size_t>(found - subs.begin());
}

/// Nothing is wrong with a phone number: "+", then 7 to 15 digits that begin with an assigned calling code.
bool is_phone(std::string_view phone) {
  constexpr std::size_t digits_min = 7, digits_max = 15, north_american_digits = 11;
  if (!phone.starts_with('+')) return false;
  phone.remove_prefix(1);
  if (phone.size() < digits_min || phone.size() > digits_max) return false;
  if (!std::ranges::all_of(phone, [](char c) { return c >= '0' && c <= '9'; })) return false;
  const std::string_view code = rules().calling_code(phone);
  return !code.empty() && (code != "1" || phone.size() == north_american_digits);
}

/// Collects complaints below one pointer.
class address_check {
public:
  address_check(const address& a, std::string_view at) : a_(a), at_(at) {}

  std::vector<field_error> run() && {
    text(a_.name, name_max, presence::required, "name");
    text(a_.line1, line_max, presence::required, "line1");
    text(a_.line2, line_max, presence::optional, "line2");
    if (!a_.phone.empty() && !is_phone(a_.phone)) complain("phone", "invalid", "must be a number in E.164 form, such as +12175550100");
    const rule_book::country* country = rules().find(a_.country);
    if (country == nullptr) {
      if (a_.country.empty())
        complain("country", "required", "must be given");
      else
        complain("country", "unknown_country", "must be a two-letter code of ISO 3166-1 in capitals, such as US");
    }
    auto need = [country](address_part part) { return country != nullptr && (country->rule->required & part) != 0 ? presence::required : presence::optional; };
    text(a_.city, name_max, need(city_part), "city");
    const bool state_ok = text(a_.state, name_max, need(state_part), "state");
    const bool postal_code_ok = text(a_.postal_code, postal_code_max, need(postal_code_part), "postal_code");
    if (country == nullptr) return std::move(out_);
    if (state_ok && !country->rule->subdivisions.empty() && !find_subdivision(*country->rule, a_.state))
      complain("state", "invalid", "must be the code or the name of a state or province of " + a_.country);
    if (postal_code_ok && !a_.postal_code.empty() && country->postal_code && !country->postal_code->matches(a_.postal_code))
      complain("postal_code", "invalid", "must have the form of a postal code of " + a_.country);
    return std::move(out_);
  }

private:
  bool text(std::string_view value, std::size_t characters_max, presence need, std::string_view name) {
    auto fault = check_field(value, characters_max, need, at_, name);
    if (fault) out_.push_back(*std::move(fault));
    return !fault;
  }
  void complain(std::string_view name, std::string code, std::string message) {
    out_.push_back({std::string{at_}.append("/").append(name), std::move(code), std::move(message)});
  }

  const address& a_;
  std::string_view at_;
  std::vector<field_error> out_;
};

}  // namespace

std::vector<field_error> check_address(const address& a, std::string_view at) { return address_check{a, at}.run(); }

bool state_contradicts_postal_code(const address& a) {
  const rule_book::country* country = rules().find(a.country);
  if (country == nullptr || a.postal_code.empty()) return false;
  const auto sub = find_subdivision(*country->rule, a.state);
  if (!sub || !country->prefixes[*sub]) return false;
  return !country->prefixes[*sub]->begins(a.postal_code);
}

bool phone_contradicts_country(const address& a) {
  const rule_book::country* country = rules().find(a.country);
  if (country == nullptr || !is_phone(a.phone)) return false;
  return rules().calling_code(std::string_view{a.phone}.substr(1)) != country->rule->calling_code;
}

}  // namespace coreldove::domain
