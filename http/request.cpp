#include "http/request.hpp"

#include <utility>

namespace coreldove::http {
namespace {

constexpr std::array<std::pair<std::string_view, method>, method_count> methods{{{"GET", method::get},
                                                                                 {"HEAD", method::head},
                                                                                 {"POST", method::post},
                                                                                 {"PUT", method::put},
                                                                                 {"PATCH", method::patch},
                                                                                 {"DELETE", method::del},
                                                                                 {"OPTIONS", method::options}}};
constexpr std::array<std::string_view, role_count> role_names{"customer", "operator", "manager", "admin"};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

std::string_view to_string(method m) { return methods[static_cast<std::size_t>(m)].first; }

std::optional<method> method_from(std::string_view token) {
  for (const auto& [name, m] : methods)
    if (name == token) return m;
  return std::nullopt;
}

std::string_view to_string(role r) { return role_names[static_cast<std::size_t>(r)]; }

std::optional<role> role_from(std::string_view name) {
  for (std::size_t i = 0; i < role_names.size(); ++i)
    if (role_names[i] == name) return static_cast<role>(i);
  return std::nullopt;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string_view request::field(std::string_view name) const {
  for (const auto& f : fields)
    if (equal_ignoring_case(f.name, name)) return f.value;
  return {};
}

}  // namespace coreldove::http
