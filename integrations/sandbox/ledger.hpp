#pragma once
// Everything that took effect, in the order in which it did: the truth that checks compare an order system's own books with. Thread-safe.
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "domain/money.hpp"
#include "integrations/sandbox/operation.hpp"
#include "integrations/sandbox/text_arena.hpp"

namespace coreldove::integrations::world {

struct effect {
  std::int64_t at_ms = 0;   // unix time
  std::string_view vendor;  // a literal: kept as it is
  operation op{};
  std::string_view idempotency_key, reference, order_id;
  std::optional<domain::minor_units> amount;  // nothing: no money is involved
  domain::currency currency;
};

struct ledger_filter {
  std::string vendor, order_id;  // empty: any
  std::optional<operation> op;
  std::uint64_t after = 0;  // only lines with a greater n
};

class ledger {
public:
  /// Returns the key as kept, so that others need no copy of it.
  kept_text append(const effect& e);
  std::uint64_t size() const;
  /// Appends what is to be said of one line, whose number counts from 1.
  using writer = void (*)(std::string& out, std::uint64_t n, const effect& e);
  /// A function that appends the next lines (some hundred KB at most per call) and returns false at the end of what was there at the time of the
  /// call. The ledger must outlive it.
  std::function<bool(std::string&)> read(ledger_filter filter, writer write) const;

private:
  struct line {
    std::int64_t at_ms;
    domain::minor_units amount;
    const char* vendor;
    kept_text key, reference, order_id;
    domain::currency currency;
    operation op;
    bool has_amount;
    bool order_is_prefix;  // order_id stands at the front of the key: not kept twice
  };
  static effect effect_of(const line& l);

  mutable std::mutex mutex_;
  std::deque<line> lines_;
  text_arena texts_;
};

/// A writer: NDJSON.
void append_ledger_line(std::string& out, std::uint64_t n, const effect& e);

/// "ord_01H…/authorize/1" → "ord_01H…": the order's id at the front of an idempotency key or a reference; empty where there is none.
std::string_view order_id_in(std::string_view key);

/// 2026-01-31T12:00:00.000Z
void append_time(std::string& out, std::int64_t unix_ms);

}  // namespace coreldove::integrations::world
