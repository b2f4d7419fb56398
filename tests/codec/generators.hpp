#pragma once
// Arbitrary orders' parts for property tests: texts with every kind of character, numbers over their whole range.
#include <rapidcheck.h>

#include "domain/events.hpp"
#include "persistence/codec/event_fields.hpp"

namespace coreldove::arbitrary {

constexpr int count_of(domain::order_status) { return domain::order_status_count; }
constexpr int count_of(domain::operation_kind) { return static_cast<int>(domain::operation_kind::void_label) + 1; }
constexpr int count_of(domain::operation_outcome) { return static_cast<int>(domain::operation_outcome::unknown) + 1; }
constexpr int count_of(domain::review_kind) { return static_cast<int>(domain::review_kind::payment) + 1; }
constexpr int count_of(domain::notice_verdict) { return static_cast<int>(domain::notice_verdict::not_ours) + 1; }
constexpr int count_of(domain::tracking_state) { return static_cast<int>(domain::tracking_state::unknown) + 1; }

template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};
template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

/// Well-formed UTF-8, rich in quotes, backslashes, controls and characters of two to four bytes.
inline rc::Gen<std::string> text() {
  const auto piece =
      rc::gen::element<std::string>("a", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", std::string(1, '\0'), "\x1f", "\x7f", "é", "€", "𝄞", "{", ",");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string all;
    for (const auto& p : pieces) all += p;
    return all;
  });
}

template <class T>
T one() {
  if constexpr (persistence::codec::described<T>) {
    T x;
    std::apply([&](const auto&... item) { ((x.*(item.member) = one<std::decay_t<decltype(x.*(item.member))>>()), ...); }, persistence::codec::fields<T>::list);
    return x;
  } else if constexpr (std::is_same_v<T, domain::shared_input>) {
    return one<domain::order_input>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return *text();
  } else if constexpr (std::is_same_v<T, domain::time_point>) {
    return T{domain::duration{*rc::gen::inRange<std::int64_t>(0, 4'102'444'800'000)}};
  } else if constexpr (std::is_same_v<T, domain::currency>) {
    return *rc::gen::element(domain::currency{{'U', 'S', 'D'}, 2}, domain::currency{{'J', 'P', 'Y'}, 0}, domain::currency{{'K', 'W', 'D'}, 3});
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(*rc::gen::inRange(0, count_of(T{})));
  } else if constexpr (is_vector<T>::value) {
    T all;
    for (int n = *rc::gen::inRange(0, 4); n > 0; --n) all.push_back(one<typename T::value_type>());
    return all;
  } else if constexpr (is_optional<T>::value) {
    return *rc::gen::arbitrary<bool>() ? T{one<typename T::value_type>()} : T{};
  } else {
    return *rc::gen::arbitrary<T>();
  }
}

}  // namespace coreldove::arbitrary
