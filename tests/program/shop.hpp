#pragma once
// A server in a process of its own, where wanted with a sandbox world in another one, and what a merchant or a checker may ask of the two from outside.
#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/program/program.hpp"
#include "tests/program/web.hpp"

namespace coreldove::program_test {

inline const std::string api = "/api/order-workflow";

nlohmann::json an_order(const std::string& sku = "WIDGET-001", int quantity = 2, const std::string& unit_price = "29.99");

class shop {
public:
  /// The sandbox world in its own process; before start(), which points the server to it. Throws std::runtime_error where it does not come up.
  void start_world();
  /// Starts the server, on the port that it had before, and waits until it listens. Throws std::runtime_error with what it said where it does not.
  void start(const environment& more = {});
  /// Starts the server and does not wait.
  void launch(const environment& more = {});
  /// Until the launched server listens; false where it ends instead. Throws std::runtime_error where it does neither.
  bool listens();
  /// Sends the signal and waits for the end.
  ended stop(int signal, std::chrono::seconds at_most = std::chrono::seconds{20});

  /// As admin. Throws boost::system::system_error where nobody answers in time.
  web_answer call(const std::string& method, const std::string& path, const nlohmann::json& body = nullptr, std::map<std::string, std::string> fields = {},
                  std::chrono::seconds at_most = std::chrono::seconds{30}) const;
  nlohmann::json order(const std::string& id) const;
  /// The order once it has that value in that field; a failure of the test where that takes more than ten seconds.
  nlohmann::json until(const std::string& id, const std::string& field, const std::string& value) const;
  /// What the sandbox world did; `query` as in "?operation=authorize".
  std::vector<nlohmann::json> ledger(const std::string& query = {}) const;
  std::uint64_t count(const std::string& filter) const;
  nlohmann::json stock(const std::string& sku) const;
  /// Status of GET /health/ready; 0 where nobody answers.
  int readiness() const;

  const std::filesystem::path& folder() const { return dir_.path(); }
  program& server() { return *server_; }
  std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }
  std::uint16_t world_port() const { return world_port_; }

private:
  scratch dir_;
  std::optional<program> world_, server_;
  environment variables_;
  std::uint16_t port_ = 0, world_port_ = 0;
};

/// Looks at all stock, again and again, until told to stop: not a moment may show more reserved than there is. A server that is away is waited for.
class stock_watch {
public:
  explicit stock_watch(const shop& in) : thread_([this, &in] { look(in); }) {}
  ~stock_watch() {
    if (thread_.joinable()) stop();
  }
  stock_watch(const stock_watch&) = delete;
  stock_watch& operator=(const stock_watch&) = delete;
  void stop() {
    stop_ = true;
    thread_.join();
  }
  int looks() const { return looks_; }
  /// After stop().
  const std::vector<std::string>& oversold() const { return oversold_; }

private:
  void look(const shop& in);

  std::atomic<bool> stop_{false};
  int looks_ = 0;
  std::vector<std::string> oversold_;
  std::thread thread_;
};

}  // namespace coreldove::program_test
