#pragma once
// The books of a shop, as anybody can read them from outside: every order over HTTP, all stock, and the outside world's own ledger. Whether they agree with
// each other, and with what buyers were told, is what a fault must not change.
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/buyers.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::faults_test {

/// On hand, by SKU and warehouse.
using stock_levels = std::map<std::string, std::int64_t>;
stock_levels on_hand(const program_test::shop& at);

class books {
public:
  /// Reads everything.
  explicit books(const program_test::shop& at);

  /// Each a sentence about an order, an operation or a SKU that is not as it has to be.
  const std::vector<std::string>& violations() const { return violations_; }
  std::size_t orders() const { return orders_.size(); }

  /// Every order is at its end, waits for the merchant, or is with a person.
  void check_rest();
  /// In the outside world nothing was done twice, no money moved that the order does not know of, and nothing was done for orders that are not there.
  void check_effects();
  /// What is reserved is what live orders hold, what is gone was shipped, and nothing was promised that is not there.
  void check_stock(const stock_levels& before);
  /// What was acknowledged is there; a key still gets its order; each acknowledged refund was made.
  void check_promises(const buyers& told, std::size_t repeats_max);
  /// Ids that somebody else was given.
  void check_known(const std::vector<std::string>& ids);

private:
  struct effects {
    int authorized = 0, voided = 0, labels = 0, voided_labels = 0, refunds = 0;
    std::int64_t authorized_amount = 0, captured = 0, refunded = 0;
    bool goes_back_by_itself = false;
  };
  void check_order_money(const std::string& id, const nlohmann::json& order, const effects& done);
  void violated(std::string what) { violations_.push_back(std::move(what)); }

  const program_test::shop& shop_;
  std::map<std::string, nlohmann::json> orders_;
  std::vector<std::string> violations_;
};

/// Reads the books until nothing is wrong with them: what is still on its way comes to rest, what was lost or done twice stays so. The last reading.
books settled_books(const program_test::shop& at, const buyers& told, const stock_levels& before, std::chrono::seconds at_most,
                    const std::vector<std::string>& known = {});

}  // namespace coreldove::faults_test
