#pragma once
// FedEx: tokens, rate quotes, labels, cancellations, tracking, and the webhook for tracking events.
//
// A carrier keeps no idempotency: the same shipment asked for twice is two labels, and both stand in the ledger. Who lost an answer looks the
// parcel up by its customer reference. The ledger's idempotency_key of a label is the x-customer-transaction-id that it was bought with.
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "integrations/sandbox/fedex/rating.hpp"
#include "integrations/sandbox/text_arena.hpp"
#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations::world {

/// One parcel; one label. Places and references are kept as the JSON and text that answers show.
struct fedex_parcel {
  struct scan {
    std::int64_t at_ms = 0;
    domain::tracking_state state{};
  };
  domain::minor_units price = 0;  // US cents
  kept_text reference, order_id, account;
  kept_text from, to;  // scan locations as JSON objects
  const fedex_service* service = nullptr;
  std::vector<scan> scans;  // oldest first; the first one is the label's making
};

class fedex final : public vendor {
public:
  explicit fedex(world& w);
  std::string_view name() const override { return "fedex"; }
  std::span<const operation> operations() const override;
  void answer(const request& rq, reply& out) override;
  void restore(const simdjson::dom::element& line) override;
  std::optional<domain::result<moved_shipment>> advance(std::string_view tracking_number, domain::tracking_state to) override;

private:
  using document = simdjson::dom::element;
  using handler = void (fedex::*)(const request&, reply&, bool declined);
  struct route {
    std::string_view method, path;
    operation op;
    handler handle;
  };
  static const route* find_route(const request& rq);

  // fedex.cpp
  void token(const request& rq, reply& out, bool declined);
  bool authorized(const request& rq);
  /// {"transactionId", "errors": [{code, message}]}
  void refuse(const request& rq, reply& out, int status, std::string_view code, std::string_view message) const;
  /// {"transactionId", "customerTransactionId", "output": — the caller goes on, and closes with one brace.
  void open_answer(const request& rq, reply& out) const;
  std::string transaction_id() const;

  // shipping.cpp
  void ship(const request& rq, reply& out, bool declined);
  void cancel(const request& rq, reply& out, bool declined);
  void quote(const request& rq, reply& out, bool declined);
  void append_label(std::string& out, const fedex_parcel& p, const std::string& number, bool as_url) const;
  void show_label(const request& rq, reply& out) const;

  // tracking.cpp
  void track_numbers(const request& rq, reply& out, bool declined);
  void track_references(const request& rq, reply& out, bool declined);
  void append_track(std::string& out, std::uint32_t n, bool all_scans) const;
  void send_webhook(std::uint32_t n);

  // state.cpp
  std::uint32_t add(fedex_parcel p, std::string_view transaction, std::int64_t at_ms);
  void scan(std::uint32_t n, domain::tracking_state state, std::int64_t at_ms);
  void book_cancel(std::uint32_t n, std::string_view transaction, std::int64_t at_ms);
  std::string number_of(std::uint32_t n) const;
  std::optional<std::uint32_t> find(std::string_view tracking_number) const;

  world& world_;
  std::uint64_t first_number_;  // tracking numbers count up from here, with a check digit behind
  mutable std::mutex mutex_;
  std::deque<fedex_parcel> parcels_;
  std::unordered_multimap<std::string_view, std::uint32_t> by_reference_;
  std::map<std::string, std::chrono::steady_clock::time_point, std::less<>> tokens_;  // until when
  text_arena texts_;
  std::uint64_t last_event_ = 0;
};

/// FedEx's code for a state, and its words.
struct fedex_status {
  domain::tracking_state state{};
  std::string_view code, description, exception_code, exception;
};
const fedex_status& fedex_status_of(domain::tracking_state s);

}  // namespace coreldove::integrations::world
