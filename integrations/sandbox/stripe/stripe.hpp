#pragma once
// Stripe: payment intents, the page where the customer proves who he is (3-D Secure), captures, cancellations, refunds, the balance; Stripe's idempotency
// and its webhooks.
//
// Answers as the API of 2023-08-16 does. Differences on purpose: tokens ("tok_visa") are taken as payment_method directly; every card allows several
// captures where request_multicapture asks for them; a refund succeeds at once; error_500 faults are not kept under the idempotency key, because
// they stand for trouble before Stripe's own code.
#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "integrations/sandbox/form.hpp"
#include "integrations/sandbox/stripe/currencies.hpp"
#include "integrations/sandbox/stripe/model.hpp"
#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations::world {

/// Below it, by the intent's id, the customer's page.
inline constexpr std::string_view customer_page = "/redirect/authenticate/";

class stripe final : public vendor {
public:
  explicit stripe(world& w);
  std::string_view name() const override { return "stripe"; }
  std::span<const operation> operations() const override;
  void answer(const request& rq, reply& out) override;
  void restore(const simdjson::dom::element& line) override;
  /// `reference`: an intent that requires an action.
  std::optional<domain::result<decided_payment>> decide(std::string_view reference, bool approve) override;

private:
  enum class endpoint : std::uint8_t {
    create,
    confirm,
    capture,
    cancel,
    refund,  // POST
    show_intent,
    list_intents,
    show_refund,
    list_refunds,
    balance,
    none  // GET
  };
  struct route {
    endpoint to = endpoint::none;
    std::string_view id;  // from the path
  };
  struct done {
    operation op{};
    domain::minor_units amount = 0;
    std::string_view event;  // empty: no webhook
  };
  /// One POST on its way: what was asked, and what came of it.
  struct call {
    const request& rq;
    reply& out;
    const form& params;
    std::string_view id, key;
    std::int64_t now_ms = 0;
    bool declined = false;  // by a fault
    bool keep = false;      // under the idempotency key: it got past validation
    bool changed = false, created = false;
    kept_answer::shows shows = kept_answer::shows::text;
    std::uint32_t intent = 0, refund = 0;
    std::array<done, 2> effects{};  // with op and amount: they go into the ledger
    std::size_t effects_size = 0;
    std::string_view event = {};  // a change that moves no money: its webhook alone

    void did(operation op, domain::minor_units amount, std::string_view type) { effects[effects_size++] = {op, amount, type}; }
  };

  // stripe.cpp: the way in and out
  static route find_route(const request& rq);
  static operation operation_of(endpoint to);
  bool authorized(const request& rq, reply& out) const;
  void post(const request& rq, reply& out, const route& r);
  void get(const request& rq, reply& out, const route& r);
  void run(call& c, endpoint to);

  // idempotency.cpp
  /// True where the key has answered already: the answer is in `c.out`.
  bool replay(call& c, std::uint64_t fingerprint);
  void keep(const call& c, std::uint64_t fingerprint, kept_text key, std::chrono::milliseconds busy);

  // intents.cpp
  struct asked_price {
    domain::minor_units amount = 0;
    stripe_currency currency;
  };
  static std::optional<asked_price> read_price(call& c);
  void create(call& c);
  void confirm(call& c);
  void capture(call& c);
  void cancel(call& c);
  void charge(call& c, payment_intent& p, std::string_view token, bool no_customer);
  /// The card has said what it says.
  static void settle(call& c, payment_intent& p, card_answer said);
  bool find_intent(call& c);
  void show(call& c) const;

  // authentication.cpp
  void ask_customer(call& c, payment_intent& p);
  void page(const request& rq, std::string_view id, reply& out);

  // refunds.cpp
  void create_refund(call& c);

  // reading.cpp
  void show_intent(reply& out, std::string_view id) const;
  void list_intents(reply& out, const form& query) const;
  void show_refund(reply& out, std::string_view id) const;
  void list_refunds(reply& out, const form& query) const;
  void balance(reply& out) const;

  // parameters.cpp
  /// The first parameter that is not among `known` ("metadata" and "x[]" stand for all of their kind) is answered with Stripe's 400.
  static bool only_known(call& c, std::span<const std::string_view> known);
  static std::optional<domain::minor_units> whole_number(call& c, std::string_view param);
  static bool flag(const call& c, std::string_view param);
  /// Metadata merged with `before` as Stripe merges it; false: too much of it, answered.
  bool metadata(call& c, kept_text before, kept_text& after);
  static void refuse(call& c, const stripe_error& e);
  /// The same, and the intent as it stands.
  void refuse_showing(call& c, const stripe_error& e) const;
  void refuse_state(call& c, std::string_view cannot, std::string_view verb, std::string_view allowed) const;

  // state.cpp
  /// A change: into the ledger, the balance and the state file, and on its way as webhooks. `key`: the idempotency key as the ledger keeps it.
  void record(const call& c, std::uint64_t fingerprint, kept_text& key);
  kept_text book(operation op, domain::minor_units amount, std::int64_t at_ms, std::string_view key, std::uint32_t intent, std::uint32_t refund);
  /// The key of the call; where a customer acts, of the call that made him.
  std::string_view key_behind(const call& c) const;
  void write_state(const call& c, std::uint64_t fingerprint) const;
  void announce(const call& c, std::string_view type, operation cause);
  void restore_intent(const simdjson::dom::element& line, std::uint32_t number);

  struct key_hash {
    using is_transparent = void;
    const std::deque<kept_answer>* answers;
    std::size_t operator()(std::uint32_t i) const { return (*this)((*answers)[i].key.view()); }
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  struct key_equal {
    using is_transparent = void;
    const std::deque<kept_answer>* answers;
    std::string_view text(std::uint32_t i) const { return (*answers)[i].key.view(); }
    static std::string_view text(std::string_view key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return text(a) == text(b);
    }
  };
  using key_index = boost::unordered_flat_set<std::uint32_t, key_hash, key_equal>;
  key_index& index_for(std::string_view key);

  world& world_;
  stripe_ids ids_;
  mutable std::mutex mutex_;
  std::deque<payment_intent> intents_;
  std::deque<payment_refund> refunds_;
  std::deque<kept_answer> answers_;
  std::vector<key_index> keys_;                                                    // many small ones: growing one stops nobody for long
  std::unordered_map<std::uint32_t, std::chrono::steady_clock::time_point> busy_;  // answers that are still on their way
  std::unordered_map<std::uint32_t, kept_text> asked_under_;                       // intents that wait for their customer: the key of the call
  std::map<std::string, domain::minor_units, std::less<>> balance_;                // captured less refunded, by currency
  text_arena texts_;
  std::uint64_t last_event_;
};

}  // namespace coreldove::integrations::world
