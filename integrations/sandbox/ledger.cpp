#include "integrations/sandbox/ledger.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <iterator>

#include "integrations/sandbox/json_text.hpp"

namespace coreldove::integrations::world {

namespace {
constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::uint64_t lines_per_lock = 4096;  // a filter that matches little must not hold up the writers
}  // namespace

std::string_view order_id_in(std::string_view key) {
  if (!key.starts_with("ord_")) return {};
  std::size_t end = 4;
  while (end < key.size() && std::isalnum(static_cast<unsigned char>(key[end])) != 0) ++end;
  return key.substr(0, end);
}

void append_time(std::string& out, std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  fmt::format_to(std::back_inserter(out), "{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, unix_ms % 1000);
}

kept_text ledger::append(const effect& e) {
  const std::lock_guard lock(mutex_);
  const bool prefix = !e.order_id.empty() && order_id_in(e.idempotency_key) == e.order_id;
  lines_.push_back({e.at_ms, e.amount.value_or(0), e.vendor.data(), texts_.put(e.idempotency_key), texts_.put(e.reference),
                    prefix ? kept_text{} : texts_.put(e.order_id), e.currency, e.op, e.amount.has_value(), prefix});
  return lines_.back().key;
}

std::uint64_t ledger::size() const {
  const std::lock_guard lock(mutex_);
  return lines_.size();
}

effect ledger::effect_of(const line& l) {
  return {l.at_ms,
          l.vendor,
          l.op,
          l.key.view(),
          l.reference.view(),
          l.order_is_prefix ? order_id_in(l.key.view()) : l.order_id.view(),
          l.has_amount ? std::optional{l.amount} : std::nullopt,
          l.currency};
}

void append_ledger_line(std::string& out, std::uint64_t n, const effect& e) {
  fmt::format_to(std::back_inserter(out), R"({{"n":{},"at":")", n);
  append_time(out, e.at_ms);
  fmt::format_to(std::back_inserter(out), R"(","vendor":"{}","operation":"{}","idempotency_key":)", e.vendor, to_string(e.op));
  append_json(out, e.idempotency_key);
  out.append(R"(,"reference":)");
  append_json(out, e.reference);
  out.append(R"(,"order_id":)");
  append_json(out, e.order_id);
  if (e.amount)
    fmt::format_to(std::back_inserter(out), R"(,"amount":"{}","currency":"{}"}})", domain::format_amount(*e.amount, e.currency.digits), e.currency.name());
  else
    out.append(R"(,"amount":null,"currency":null})");
  out.push_back('\n');
}

std::function<bool(std::string&)> ledger::read(ledger_filter filter, writer write) const {
  return [this, filter = std::move(filter), write, next = filter.after, end = size()](std::string& out) mutable {
    const std::size_t full = out.size() + piece_bytes;
    while (next < end && out.size() < full) {
      const std::lock_guard lock(mutex_);
      for (std::uint64_t stop = std::min(end, next + lines_per_lock); next < stop && out.size() < full; ++next) {
        const effect e = effect_of(lines_[next]);
        if (filter.op && e.op != *filter.op) continue;
        if (!filter.vendor.empty() && filter.vendor != e.vendor) continue;
        if (!filter.order_id.empty() && filter.order_id != e.order_id) continue;
        write(out, next + 1, e);
      }
    }
    return next < end;
  };
}

}  // namespace coreldove::integrations::world
