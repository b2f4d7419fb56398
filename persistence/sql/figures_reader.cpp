#include "persistence/sql/figures_reader.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>

#include "persistence/figures.hpp"
#include "persistence/order_number.hpp"

namespace coreldove::persistence::sql {
namespace {

struct bounds {
  std::int64_t from = 0, to = 0;
};

/// A range of time as whole hours and what is left of it at both ends.
struct split_range {
  bounds buckets;                 // of the figures table
  std::array<bounds, 2> edges{};  // of orders.no
};

split_range split(const time_range& range) {
  if (!range.from && !range.to) return {{all_time, all_time + 1}, {}};
  constexpr std::int64_t hours_max = std::numeric_limits<std::int64_t>::max() >> (no_shift + 1);
  const auto from = range.from ? std::max<std::int64_t>(range.from->time_since_epoch().count(), 0) : 0;
  const auto first_hour = (from + bucket_ms - 1) / bucket_ms;
  if (!range.to) return {{first_hour, hours_max}, {{{first_no(from), first_no(first_hour * bucket_ms)}, {}}}};
  const auto to = std::max<std::int64_t>(range.to->time_since_epoch().count(), 0);
  const auto last_hour = to / bucket_ms;
  if (first_hour >= last_hour) return {{}, {{{first_no(from), first_no(to)}, {}}}};
  return {{first_hour, last_hour}, {{{first_no(from), first_no(first_hour * bucket_ms)}, {first_no(last_hour * bucket_ms), first_no(to)}}}};
}

/// Conditions on the three statuses, from parameter ?3 on; a missing one is always true. PostgreSQL learns a
/// parameter's type where it meets it first, so the comparison comes before the question whether it is NULL.
constexpr const char* status_conditions = " AND (status=?3 OR ?3 IS NULL) AND (payment=?4 OR ?4 IS NULL) AND (fulfillment=?5 OR ?5 IS NULL)";

template <class T>
std::optional<std::int64_t> number(const std::optional<T>& v) {
  if (!v) return std::nullopt;
  return static_cast<std::int64_t>(*v);
}

std::uint64_t count(connection& r, const std::string& sql, const bounds& b, const status_filter& f) {
  if (b.from >= b.to) return 0;
  auto found = r.query(sql + status_conditions, b.from, b.to, number(f.status), number(f.payment), number(f.fulfillment));
  return found.next() ? found.count(0) : 0;
}

struct tally {
  std::array<std::uint64_t, domain::order_status_count> by_status{};
  std::map<std::string, figure_values, std::less<>> by_currency;

  void add(std::int64_t status, std::string_view currency, const figure_values& v) {
    by_status[static_cast<std::size_t>(status)] += v[0];
    persistence::add(by_currency.try_emplace(std::string(currency)).first->second, v);
  }
};

void add_hours(connection& r, const bounds& b, tally& to) {
  auto found = r.query(
      "SELECT status,currency,orders,total,captured,refunded,confirmed,confirm_ms,shipped,ship_ms,delivered,deliver_ms FROM figures"
      " WHERE bucket>=? AND bucket<?",
      b.from, b.to);
  while (found.next()) {
    figure_values v{};
    for (std::size_t i = 0; i < figure_count; ++i) v[i] = found.count(static_cast<int>(i) + 2);
    to.add(found.integer(0), found.text(1), v);
  }
}

void add_orders(connection& r, const bounds& b, tally& to) {
  auto found = r.query("SELECT status,currency,no,total,captured,refunded,confirmed_at,shipped_at,delivered_at FROM orders WHERE no>=? AND no<?", b.from, b.to);
  while (found.next()) {
    order_figures f;
    const auto created = created_ms_of(found.integer(2));
    const auto after_creation = [&](int column) -> std::optional<std::int64_t> {
      const auto at = found.maybe_integer(column);
      if (!at) return std::nullopt;
      return *at - created;
    };
    f.total = found.integer(3);
    f.captured = found.integer(4);
    f.refunded = found.integer(5);
    f.confirm_ms = after_creation(6);
    f.ship_ms = after_creation(7);
    f.deliver_ms = after_creation(8);
    to.add(found.integer(0), found.text(1), values_of(f));
  }
}

std::optional<std::int64_t> average(std::uint64_t sum, std::uint64_t n) {
  if (n == 0) return std::nullopt;
  return static_cast<std::int64_t>(sum) / static_cast<std::int64_t>(n);
}

}  // namespace

std::uint64_t count_orders(connection& r, const status_filter& f, const time_range& range) {
  const auto parts = split(range);
  auto total = count(r, "SELECT sum(orders) FROM figures WHERE bucket>=?1 AND bucket<?2", parts.buckets, f);
  for (const auto& edge : parts.edges) total += count(r, "SELECT count(*) FROM orders NOT INDEXED WHERE no>=?1 AND no<?2", edge, f);
  return total;
}

domain::performance performance_of(connection& r, const time_range& range) {
  const auto parts = split(range);
  tally t;
  add_hours(r, parts.buckets, t);
  for (const auto& edge : parts.edges) add_orders(r, edge, t);

  domain::performance p;
  for (std::size_t i = 0; i < t.by_status.size(); ++i)
    if (t.by_status[i] > 0) p.by_status.emplace_back(static_cast<domain::order_status>(i), t.by_status[i]);
  figure_values all{};
  for (const auto& [currency, v] : t.by_currency) {
    persistence::add(all, v);
    if (v[0] > 0) p.by_currency.push_back({currency, v[0], static_cast<std::int64_t>(v[1]), static_cast<std::int64_t>(v[2]), static_cast<std::int64_t>(v[3])});
  }
  p.orders = all[0];
  p.confirmed = all[4];
  p.shipped = all[6];
  p.delivered = all[8];
  p.average_confirm_ms = average(all[5], all[4]);
  p.average_ship_ms = average(all[7], all[6]);
  p.average_deliver_ms = average(all[9], all[8]);
  auto open = r.query("SELECT count(*) FROM reviews WHERE state='open'");
  if (open.next()) p.open_reviews = open.count(0);
  return p;
}

}  // namespace coreldove::persistence::sql
