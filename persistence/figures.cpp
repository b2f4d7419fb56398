#include "persistence/figures.hpp"

namespace coreldove::persistence {
namespace {

std::optional<std::int64_t> ms_between(domain::time_point from, const std::optional<domain::time_point>& to) {
  if (!to) return std::nullopt;
  return (*to - from).count();
}

}  // namespace

order_figures::order_figures(const order_row& row)
    : status(static_cast<std::uint8_t>(row.status)),
      payment(static_cast<std::uint8_t>(row.payment)),
      fulfillment(static_cast<std::uint8_t>(row.fulfillment)),
      created_ms(row.created_at.time_since_epoch().count()),
      total(row.total),
      captured(row.captured),
      refunded(row.refunded),
      confirm_ms(ms_between(row.created_at, row.confirmed_at)),
      ship_ms(ms_between(row.created_at, row.shipped_at)),
      deliver_ms(ms_between(row.created_at, row.delivered_at)) {
  row.currency.copy(currency.data(), currency.size());
}

std::size_t hash_figure_key::operator()(const figure_key& k) const {
  std::uint64_t h = static_cast<std::uint64_t>(k.bucket);
  for (const auto part : {k.status, k.payment, k.fulfillment}) h = h * 31 + part;
  for (const char c : k.currency) h = h * 31 + static_cast<unsigned char>(c);
  return h * 0x9E3779B97F4A7C15u;
}

figure_key key_of(const order_figures& f, std::int64_t bucket) { return {bucket, f.status, f.payment, f.fulfillment, f.currency}; }

figure_values values_of(const order_figures& f) {
  const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
  const auto n = [](const std::optional<std::int64_t>& v) { return std::uint64_t{v.has_value()}; };
  return {1,
          u(f.total),
          u(f.captured),
          u(f.refunded),
          n(f.confirm_ms),
          u(f.confirm_ms.value_or(0)),
          n(f.ship_ms),
          u(f.ship_ms.value_or(0)),
          n(f.deliver_ms),
          u(f.deliver_ms.value_or(0))};
}

void add(figure_values& to, const figure_values& x) {
  for (std::size_t i = 0; i < figure_count; ++i) to[i] += x[i];
}

}  // namespace coreldove::persistence
