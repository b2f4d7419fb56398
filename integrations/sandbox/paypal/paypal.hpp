#pragma once
// PayPal: tokens, orders with the intent to authorize, the page where the buyer approves them, authorizations, captures, voids, refunds; PayPal's request
// ids and its webhooks, signed with a certificate that is served here.
//
// Differences on purpose: a vaulted instrument is one of the tokens of find_instrument(); a buyer who declines on the page ends the order (VOIDED, with
// its webhook) instead of leaving it to its expiry; approved orders do not expire; a capture and a refund complete at once; error_500 faults are not
// kept under the request id. The ledger's idempotency_key is the invoice id, which names what was to be paid, or the request id where there is none.
#include <simdjson.h>

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "integrations/sandbox/paypal/model.hpp"
#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations::world {

class paypal final : public vendor {
public:
  explicit paypal(world& w);
  std::string_view name() const override { return "paypal"; }
  std::span<const operation> operations() const override;
  void answer(const request& rq, reply& out) override;
  void restore(const simdjson::dom::element& line) override;
  std::optional<domain::result<decided_payment>> decide(std::string_view reference, bool approve) override;

private:
  using document = simdjson::dom::element;
  enum class shows : std::uint8_t { nothing, order, authorization, capture, refund };
  struct event {
    std::string_view type;
    operation cause{};
    shows what{};
    std::uint32_t number = 0;
  };
  struct effect_done {
    operation op{};
    domain::minor_units amount = 0;
    std::uint32_t number = 0;  // of the order, capture or refund
  };
  /// One call on its way: what was asked, and what came of it.
  struct call {
    const request& rq;
    reply& out;
    std::string_view id, request_id;
    document doc = {};
    std::int64_t now_ms = 0;
    bool declined = false;  // by a fault
    bool keep = false;      // under the request id: it got past validation
    shows what = shows::nothing;
    std::uint32_t number = 0;               // of what it shows
    std::uint32_t order = UINT32_MAX;       // that has changed
    std::vector<effect_done> effects = {};  // into the ledger
    std::vector<event> events = {};         // out as webhooks
  };
  using handler = void (paypal::*)(call&);
  struct route {
    handler handle = nullptr;
    operation op{};
    std::string_view id = {};
    bool reads = false;
  };
  /// An answer kept under a request id: an object as it is now, or an error word by word.
  struct kept_answer {
    std::uint64_t fingerprint = 0;
    shows what = shows::nothing;
    std::uint32_t number = 0;
    int status = 200;
    std::string text = {};
    std::chrono::steady_clock::time_point busy_until = {};
  };

  // paypal.cpp: the way in and out
  static route find_route(const request& rq);
  bool authorized(const request& rq);
  void token(const request& rq, reply& out);
  void post(const request& rq, reply& out, const route& r);
  /// True where the request id has answered already.
  bool replay(call& c, std::uint64_t fingerprint);
  void show(call& c, shows what, std::uint32_t number, int status);
  static void refuse(call& c, int status, std::string_view name, std::string_view issue, std::string_view description, std::string_view link = {});
  static void unprocessable(call& c, std::string_view issue, std::string_view description) { refuse(c, 422, "UNPROCESSABLE_ENTITY", issue, description); }
  bool find(call& c, char kind, std::size_t size, std::uint32_t& number);

  // orders.cpp
  void create_order(call& c);
  void show_order(call& c);
  void authorize_order(call& c);
  void pay(call& c, std::uint32_t n, const instrument& with);
  void hold(call& c, std::uint32_t n);
  bool read_unit(call& c, paypal_order& o);
  static bool read_source(call& c, paypal_order& o, std::optional<instrument>& with);
  void page(const request& rq, reply& out);
  std::string page_of(std::uint32_t n) const;

  // payments.cpp
  void show_authorization(call& c);
  void capture(call& c);
  void void_hold(call& c);
  void reauthorize(call& c);
  void show_capture(call& c);
  void refund(call& c);
  void show_refund(call& c);
  bool new_invoice(call& c, const std::string& invoice, std::string_view complaint);

  // writing.cpp
  void append(std::string& out, shows what, std::uint32_t number) const;
  void append_order(std::string& out, std::uint32_t n) const;
  void append_authorization(std::string& out, std::uint32_t n) const;
  void append_capture(std::string& out, std::uint32_t n) const;
  void append_refund(std::string& out, std::uint32_t n) const;
  std::string link(std::string_view path, std::string_view rel, std::string_view method = "GET") const;
  std::string base() const { return "http://" + host_ + "/paypal"; }

  // state.cpp
  /// A change: into the ledger and the state file, and on its way as webhooks.
  void record(const call& c, const kept_answer* answer, std::int64_t now_ms);
  void book(const effect_done& e, std::int64_t at_ms, std::string_view request_id);
  void write_state(const call& c, const kept_answer* answer, std::int64_t now_ms) const;
  void announce(const event& e, std::int64_t now_ms);
  void announce_dispute(std::uint32_t capture, std::int64_t now_ms);
  void send(webhook w, std::int64_t now_ms);
  std::string open_event(std::string_view id, std::string_view type, std::string_view resource_type, std::int64_t now_ms) const;
  void restore_order(document line);

  world& world_;
  paypal_ids ids_;
  mutable std::mutex mutex_;
  std::string host_;  // as callers of the API name it: where links and the certificate are
  std::deque<paypal_order> orders_;
  std::deque<paypal_capture> captures_;
  std::deque<paypal_refund> refunds_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> captures_of_, refunds_of_;  // by order
  std::unordered_map<std::string, kept_answer> answers_;
  std::unordered_set<std::string> invoices_;                                          // paid ones: none is paid twice
  std::map<std::string, std::chrono::steady_clock::time_point, std::less<>> tokens_;  // until when
  std::uint64_t last_event_;
};

}  // namespace coreldove::integrations::world
