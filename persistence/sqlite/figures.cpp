#include "persistence/sqlite/figures.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// Some hours of every combination that occurs; beyond it the cache starts anew.
constexpr std::size_t cached_rows_max = 10'000;

std::optional<std::int64_t> ms_between(domain::time_point from, const std::optional<domain::time_point>& to) {
  if (!to) return std::nullopt;
  return (*to - from).count();
}

std::string_view text(const std::array<char, 3>& currency) { return {currency.data(), currency.size()}; }

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

figure_key key_of(const order_figures& f, std::int64_t bucket) { return {bucket, f.status, f.payment, f.fulfillment, f.currency}; }

figure_values values_of(const order_figures& f) {
  const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
  const auto n = [](const std::optional<std::int64_t>& v) { return std::uint64_t{v.has_value()}; };
  return {1, u(f.total), u(f.captured), u(f.refunded), n(f.confirm_ms), u(f.confirm_ms.value_or(0)), n(f.ship_ms), u(f.ship_ms.value_or(0)),
          n(f.deliver_ms), u(f.deliver_ms.value_or(0))};
}

void add(figure_values& to, const figure_values& x) {
  for (std::size_t i = 0; i < figure_count; ++i) to[i] += x[i];
}

std::size_t figures_writer::hash_key::operator()(const figure_key& k) const {
  std::uint64_t h = static_cast<std::uint64_t>(k.bucket);
  for (const auto part : {k.status, k.payment, k.fulfillment}) h = h * 31 + part;
  for (const char c : k.currency) h = h * 31 + static_cast<unsigned char>(c);
  return h * 0x9E3779B97F4A7C15u;
}

figures_writer::figures_writer(database& db)
    : select_(db.prepare("SELECT orders,total,captured,refunded,confirmed,confirm_ms,shipped,ship_ms,delivered,deliver_ms FROM figures"
                         " WHERE bucket=? AND status=? AND payment=? AND fulfillment=? AND currency=?")),
      replace_(db.prepare("REPLACE INTO figures(bucket,status,payment,fulfillment,currency,"
                          "orders,total,captured,refunded,confirmed,confirm_ms,shipped,ship_ms,delivered,deliver_ms)"
                          " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")) {}

figures_writer::entry& figures_writer::load(const figure_key& k) {
  const auto [it, is_new] = rows_.try_emplace(k);
  if (is_new) {
    auto r = select_.query(k.bucket, k.status, k.payment, k.fulfillment, text(k.currency));
    if (r.next())
      for (std::size_t i = 0; i < figure_count; ++i) it->second.values[i] = r.count(static_cast<int>(i));
  }
  if (!it->second.changed) {
    it->second.changed = true;
    changed_.push_back(&*it);
  }
  return it->second;
}

void figures_writer::change(const order_figures& f, bool negative) {
  auto values = values_of(f);
  if (negative)
    for (auto& v : values) v = std::uint64_t{0} - v;
  for (const auto bucket : {f.created_ms / bucket_ms, all_time}) sqlite::add(load(key_of(f, bucket)).values, values);
}

void figures_writer::flush() {
  for (auto* item : changed_) {
    const auto& [k, e] = *item;
    const auto& v = e.values;
    replace_.run(k.bucket, k.status, k.payment, k.fulfillment, text(k.currency), v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
    item->second.changed = false;
  }
  changed_.clear();
  if (rows_.size() > cached_rows_max) rows_.clear();
}

void figures_writer::forget() {
  changed_.clear();
  rows_.clear();
}

}  // namespace coreldove::persistence::sqlite
