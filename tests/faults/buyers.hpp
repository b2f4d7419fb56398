#pragma once
// Buyers and a merchant who insist: every request has an idempotency key and is repeated until it is answered, whatever happens to the server meanwhile.
// What they were told is what the books are compared with.
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/program/shop.hpp"

namespace coreldove::faults_test {

struct purchase {
  std::string key, id;
  nlohmann::json body;  // as it was sent
};

class buyers {
public:
  buyers(const program_test::shop& at, unsigned how_many, unsigned seed);
  ~buyers();
  buyers(const buyers&) = delete;
  buyers& operator=(const buyers&) = delete;

  /// Lets each finish what it has begun.
  void stop();

  /// Requests that were sent and got no answer.
  std::uint64_t cut() const { return cut_; }
  /// Orders that were acknowledged so far.
  std::uint64_t placed() const { return placed_; }
  // The rest after stop().
  const std::vector<purchase>& acknowledged() const { return acknowledged_; }
  /// How many refunds of one unit were acknowledged, by order.
  const std::map<std::string, int>& refunds() const { return refunds_; }
  /// What should not have happened: a repeat that got another order, an answer that never came.
  const std::vector<std::string>& complaints() const { return complaints_; }

private:
  void buy(unsigned number, std::mt19937 dice);
  /// Until there is an answer that says something; nothing after a minute without one, which is a complaint.
  std::optional<program_test::web_answer> insist(const std::string& path, const nlohmann::json& body, const std::string& key);
  void repeat(const purchase& p);
  void send_off(const std::string& id, const std::string& key);
  void give_back(const std::string& id, const std::string& key);
  void complain(std::string what);

  const program_test::shop& shop_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> cut_{0}, placed_{0};
  std::mutex mutex_;  // guards what follows
  std::vector<purchase> acknowledged_;
  std::map<std::string, int> refunds_;
  std::vector<std::string> complaints_;
  std::vector<std::thread> threads_;
};

}  // namespace coreldove::faults_test
