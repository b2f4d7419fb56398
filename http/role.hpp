#pragma once
// Who may call what. A route names a set of roles; a caller without a role in it is refused.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coreldove::http {

enum class role : std::uint8_t { customer, operator_, manager, admin };
inline constexpr std::size_t role_count = 4;
std::string_view to_string(role r);  // "customer", "operator", "manager", "admin"
std::optional<role> role_from(std::string_view name);

class role_set {
public:
  constexpr role_set() = default;  // nobody
  template <class... Roles>
  static constexpr role_set of(Roles... roles) {
    role_set s;
    ((s.bits_ = static_cast<std::uint8_t>(s.bits_ | 1U << static_cast<unsigned>(roles))), ...);
    return s;
  }
  /// Callers without credentials, too.
  static constexpr role_set open() {
    role_set s;
    s.bits_ = open_bit;
    return s;
  }
  constexpr bool is_open() const { return bits_ == open_bit; }
  constexpr bool has(role r) const { return !is_open() && ((bits_ >> static_cast<unsigned>(r)) & 1U) != 0; }

private:
  static constexpr std::uint8_t open_bit = 0x80;
  std::uint8_t bits_ = 0;
};

inline constexpr auto everybody = role_set::open();
inline constexpr auto any_role = role_set::of(role::customer, role::operator_, role::manager, role::admin);
inline constexpr auto staff = role_set::of(role::operator_, role::manager, role::admin);
inline constexpr auto admins = role_set::of(role::admin);
inline constexpr auto managers = role_set::of(role::manager, role::admin);

/// A caller whose credentials held.
struct principal {
  std::string name;     // for the history and idempotency scopes: "user:alice", "key:ak_1"
  std::string subject;  // "alice", "ak_1": a customer's own customer_id
  http::role role = role::customer;
  bool is_customer() const { return role == role::customer; }
};

}  // namespace coreldove::http
