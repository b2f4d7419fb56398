#include "persistence/sqlite/figures_writer.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// Some hours of every combination that occurs; beyond it the cache starts anew.
constexpr std::size_t cached_rows_max = 10'000;

std::string_view text(const std::array<char, 3>& currency) { return {currency.data(), currency.size()}; }

}  // namespace

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
  for (const auto bucket : {f.created_ms / bucket_ms, all_time}) persistence::add(load(key_of(f, bucket)).values, values);
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
