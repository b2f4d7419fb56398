#pragma once
// What an installation says about routing: once in a file (policy), and what an operator sets while it runs (controls). Rates and shares in millionths.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.hpp"
#include "domain/order_input.hpp"
#include "domain/time.hpp"

namespace coreldove::domain {

inline constexpr std::size_t gateways_max = 8;
inline constexpr std::int32_t one_million = 1'000'000;  // millionths

/// What one gateway asks and takes in one currency.
struct currency_terms {
  std::string currency;                 // ISO 4217
  minor_units fixed = 0;                // for each payment
  std::optional<minor_units> min, max;  // amounts it takes, both inclusive
  friend bool operator==(const currency_terms&, const currency_terms&) = default;
};

struct gateway_terms {
  std::string name;
  std::int32_t percentage = 0;                              // of the amount, in millionths
  std::vector<std::string> currencies, countries, methods;  // what it takes; empty: all. Countries of the billing address
  std::vector<currency_terms> amounts;
  friend bool operator==(const gateway_terms&, const gateway_terms&) = default;
};

/// Who can charge a token that looks like this.
struct token_rule {
  std::string text;
  bool whole_token = false;           // else: tokens that begin with it
  std::vector<std::string> gateways;  // empty: any gateway (network tokens, aliases of a vault that all gateways read)
  friend bool operator==(const token_rule&, const token_rule&) = default;
};

/// See success_table.
struct learning_rules {
  std::int32_t decay = 200;            // what is forgotten with each payment of a cell, in millionths: the memory is about 5,000 payments
  std::int32_t first_guess = 900'000;  // success rate of a gateway that nothing is known of
  double first_guess_weight = 2;       // payments that the guess counts for
  double inherited_weight = 20;        // payments that what is known of the wider group counts for, at most
  double alarm = 8;                    // log likelihood ratio at which a success rate counts as changed
  double tested_from = 60;             // payments of a cell from which on it is watched for a change
  double kept_after_alarm = 8;         // payments of each other gateway that are still believed after one
  friend bool operator==(const learning_rules&, const learning_rules&) = default;
};

/// See circuit_breaker.
struct breaker_rules {
  std::uint32_t failures_in_a_row = 5;
  std::uint32_t window = 32;                           // calls; at most 64
  std::int32_t failed_share = 500'000;                 // of a full window
  duration slow_after{2'000};                          // a call that has been out for so long counts as failed
  duration first_pause{5'000}, longest_pause{60'000};  // before a trial; doubled after each trial that fails
  std::uint32_t trials_at_once = 2;
  std::uint32_t good_trials = 2;  // in a row, then everything goes on as before
  duration between_trials{500};   // for payments that could as well go elsewhere
  friend bool operator==(const breaker_rules&, const breaker_rules&) = default;
};

struct routing_policy {
  std::vector<gateway_terms> gateways;  // those without terms take everything and cost nothing
  std::vector<token_rule> tokens;       // the longest that fits counts
  std::int32_t margin = 300'000;        // what a sale is worth to the merchant, of its amount
  std::int32_t latency_cost = 1'000;    // of the amount, for each second that a buyer waits
  std::int32_t exploration = 20'000;    // share of the payments that is spread evenly over all candidates
  std::int32_t curiosity = 800'000;     // of the uncertainty of a success rate that counts when gateways are compared
  learning_rules learning;
  breaker_rules breaker;
  friend bool operator==(const routing_policy&, const routing_policy&) = default;

  const gateway_terms* terms_of(std::string_view gateway) const;
};

/// What an operator has set by hand.
struct routing_controls {
  struct weight {
    std::string gateway;
    std::int32_t millionths = one_million;  // its share is multiplied by it; 0: gets nothing that can go elsewhere
    friend bool operator==(const weight&, const weight&) = default;
  };
  std::string pinned;                // takes all that it can take
  std::vector<std::string> drained;  // get no new payment that can go elsewhere
  std::vector<weight> weights;
  friend bool operator==(const routing_controls&, const routing_controls&) = default;

  bool drains(std::string_view gateway) const;
  std::int32_t weight_of(std::string_view gateway) const;
};

/// What the four gateways take as a rule, and whose tokens are whose: the policy of an installation without a file.
routing_policy usual_routing_policy();

/// Everything that is wrong with it; `gateways`: the configured ones. Pointers are into the policy's, or the controls', JSON form.
std::vector<field_error> problems_of(const routing_policy& policy);
std::vector<field_error> problems_of(const routing_controls& controls, const std::vector<std::string>& gateways);

/// The token's rule, or null where none fits.
const token_rule* rule_of(const routing_policy& policy, std::string_view token);

/// "card" for the card methods, else the method itself.
std::string_view method_class(std::string_view payment_method);

}  // namespace coreldove::domain
