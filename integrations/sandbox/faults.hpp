#pragma once
// Scripted misfortune: which operation of which vendor is struck, how, and how often. Thread-safe.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/sandbox/exchange.hpp"
#include "integrations/sandbox/operation.hpp"

namespace coreldove::integrations::world {

enum class fault_kind : std::uint8_t {
  refuse,             // the connection is reset; nothing done
  error_500,          // the vendor's error body; nothing done, and not remembered under the idempotency key: trouble before the vendor's own code
  rate_limit_429,     // nothing done
  slow,               // done; the answer leaves delay_ms later
  no_answer,          // nothing done; the connection stays open and silent until the client gives up
  lost_answer,        // done; the connection is closed without the answer
  decline,            // the vendor's clear no
  duplicate_webhook,  // sent twice
  late_webhook,       // sent delay_ms later
  reordered_webhook,  // sent after the vendor's next one, or delay_ms later where none comes
};
inline constexpr std::array<std::string_view, 10> fault_kind_names{"refuse",      "error_500", "rate_limit_429",    "slow",         "no_answer",
                                                                   "lost_answer", "decline",   "duplicate_webhook", "late_webhook", "reordered_webhook"};
constexpr std::string_view to_string(fault_kind k) { return fault_kind_names[static_cast<std::size_t>(k)]; }
std::optional<fault_kind> fault_kind_from(std::string_view name);
constexpr bool strikes_webhooks(fault_kind k) { return k >= fault_kind::duplicate_webhook; }

struct fault_rule {
  std::uint64_t id = 0;
  std::string vendor;
  std::optional<operation> op;  // nothing: every operation of the vendor
  fault_kind kind{};
  std::optional<std::uint64_t> times;  // how often it still strikes
  double rate = 1.0;                   // where times is not given: the chance of each call, decided by a generator with a fixed seed
  std::chrono::milliseconds delay{1000};
  std::uint64_t struck = 0;
};

struct fault {
  fault_kind kind{};
  std::chrono::milliseconds delay{};
};

class faults {
public:
  std::uint64_t add(fault_rule rule);
  void clear();
  std::vector<fault_rule> list() const;
  /// The fault that strikes this call, if one does; the oldest rule first.
  std::optional<fault> take(std::string_view vendor, operation op);
  /// The same for a webhook about `cause`: rules that name the cause or "webhook".
  std::optional<fault> take_webhook(std::string_view vendor, operation cause);

private:
  template <class Matches>
  std::optional<fault> strike(Matches matches);

  std::atomic<bool> any_{false};  // the usual case costs one load
  mutable std::mutex mutex_;
  std::vector<fault_rule> rules_;
  std::uint64_t last_id_ = 0;
  std::mt19937_64 chance_{20260101};
};

/// refuse and no_answer end the exchange here and now: true, and `out` says how.
bool ends_here(const std::optional<fault>& f, reply& out);
/// slow and lost_answer: what becomes of the answer once it has been made.
void spoil(const std::optional<fault>& f, reply& out);
constexpr bool is(const std::optional<fault>& f, fault_kind k) { return f && f->kind == k; }

}  // namespace coreldove::integrations::world
