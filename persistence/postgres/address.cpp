#include "persistence/postgres/address.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace coreldove::persistence::postgres {
namespace {

/// Seconds and milliseconds as libpq counts them: a server that has gone is given up after about ten seconds.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> limits{{{"connect_timeout", "3"},
                                                                               {"keepalives_idle", "5"},
                                                                               {"keepalives_interval", "2"},
                                                                               {"keepalives_count", "3"},
                                                                               {"tcp_user_timeout", "10000"},
                                                                               {"application_name", "coreldove"}}};

std::string_view options_of(std::string_view address) {
  const auto mark = address.find('?');
  return mark == std::string_view::npos ? std::string_view{} : address.substr(mark + 1);
}

/// The value of an option; empty where it is not there.
std::string_view option(std::string_view address, std::string_view name) {
  auto rest = options_of(address);
  while (!rest.empty()) {
    const auto one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.starts_with(name) && one.size() > name.size() && one[name.size()] == '=') return one.substr(name.size() + 1);
  }
  return {};
}

/// user:password of user:password@host; empty where there is none.
std::string_view user_of(std::string_view address) {
  const auto begin = address.find("://");
  if (begin == std::string_view::npos) return {};
  auto authority = address.substr(begin + 3);
  authority = authority.substr(0, authority.find_first_of("/?"));
  const auto at = authority.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : authority.substr(0, at);
}

std::string decoded(std::string_view text) {
  std::string out;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

void hide(std::string& text, const std::string& secret) {
  if (secret.empty()) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) text.replace(at, secret.size(), "***");
}

}  // namespace

std::string with_limits(std::string_view address) {
  std::string out{address};
  for (const auto& [name, value] : limits) {
    if (!option(address, name).empty()) continue;
    out += out.find('?') == std::string::npos ? '?' : '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string shown(std::string_view address) {
  const auto user = user_of(address);
  auto place = address.substr(0, address.find('?'));
  if (user.empty()) return std::string{place};
  place.remove_prefix(place.find(user) + user.size() + 1);
  return "postgresql://" + std::string{place};
}

std::string without_password(std::string text, std::string_view address) {
  const auto user = user_of(address);
  const auto colon = user.find(':');
  for (const auto secret : {colon == std::string_view::npos ? std::string_view{} : user.substr(colon + 1), option(address, "password")}) {
    hide(text, std::string{secret});
    hide(text, decoded(secret));
  }
  return text;
}

}  // namespace coreldove::persistence::postgres
