#include "integrations/operation_key.hpp"

namespace coreldove::integrations {

namespace {

struct slashes {
  std::size_t before_kind = std::string_view::npos, after_kind = std::string_view::npos;
};

slashes find_slashes(std::string_view key) {
  const auto last = key.rfind('/');
  if (last == std::string_view::npos || last == 0) return {};
  return {key.rfind('/', last - 1), last};
}

}  // namespace

std::optional<domain::operation_kind> kind_of(std::string_view idempotency_key) {
  const auto at = find_slashes(idempotency_key);
  if (at.before_kind == std::string_view::npos) return std::nullopt;
  return domain::operation_kind_from(idempotency_key.substr(at.before_kind + 1, at.after_kind - at.before_kind - 1));
}

std::string_view order_of(std::string_view idempotency_key) {
  return kind_of(idempotency_key) ? idempotency_key.substr(0, find_slashes(idempotency_key).before_kind) : std::string_view{};
}

}  // namespace coreldove::integrations
