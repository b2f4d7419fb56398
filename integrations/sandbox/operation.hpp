#pragma once
// What the outside world can be asked to do. The ledger knows the ones that change something; faults can strike all of them.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace coreldove::integrations::world {

enum class operation : std::uint8_t { authorize, capture, void_, refund, label, void_label, email, sms, push, webhook, rates, track, token };

inline constexpr std::array<std::string_view, 13> operation_names{"authorize", "capture", "void",    "refund", "label", "void_label", "email",
                                                                  "sms",       "push",    "webhook", "rates",  "track", "token"};

constexpr std::string_view to_string(operation op) { return operation_names[static_cast<std::size_t>(op)]; }

constexpr std::optional<operation> operation_from(std::string_view name) {
  for (std::size_t i = 0; i < operation_names.size(); ++i)
    if (operation_names[i] == name) return static_cast<operation>(i);
  return std::nullopt;
}

/// True for the ones that the ledger writes down.
constexpr bool has_effect(operation op) { return op < operation::rates; }

}  // namespace coreldove::integrations::world
