#include "tests/faults/buyers.hpp"

#include <boost/system/system_error.hpp>
#include <chrono>
#include <future>

namespace coreldove::faults_test {

using namespace program_test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 60s;
constexpr auto pause = 10ms;

/// Another try with the same key is asked for: not now, or nobody knows.
bool says_nothing(int status) { return status == 503 || status == 504; }

std::string id_of(const web_answer& a) { return json::parse(a.body).value("id", ""); }

}  // namespace

buyers::buyers(const shop& at, unsigned how_many, unsigned seed) : shop_(at) {
  for (unsigned n = 0; n < how_many; ++n) threads_.emplace_back([this, n, seed] { buy(n, std::mt19937{seed * 1'000 + n}); });
}

buyers::~buyers() { stop(); }

void buyers::stop() {
  stop_ = true;
  for (auto& t : threads_) t.join();
  threads_.clear();
}

void buyers::complain(std::string what) {
  const std::lock_guard lock(mutex_);
  complaints_.push_back(std::move(what));
}

std::optional<web_answer> buyers::insist(const std::string& path, const json& body, const std::string& key) {
  for (const auto until = std::chrono::steady_clock::now() + patience; std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(pause)) {
    try {
      auto answer = shop_.call("POST", path, body, {{"Idempotency-Key", key}}, 20s);
      if (!says_nothing(answer.status)) return answer;
    } catch (const boost::system::system_error& e) {
      if (e.code() != boost::system::errc::connection_refused) ++cut_;
    }
  }
  complain("no answer to " + path + " with key " + key);
  return std::nullopt;
}

void buyers::buy(unsigned number, std::mt19937 dice) {
  const auto chance = [&](unsigned percent) { return dice() % 100 < percent; };
  for (unsigned n = 0; !stop_; ++n) {
    const auto sku = chance(10) ? std::string{"SCARCE-100"} : "WIDGET-00" + std::to_string(1 + dice() % 3);
    purchase p{"buyer-" + std::to_string(number) + "-" + std::to_string(n), {}, an_order(sku, static_cast<int>(1 + dice() % 3))};
    p.body["customer_id"] = p.key;
    p.body["customer_email"] = p.key + "@example.com";
    std::future<std::optional<web_answer>> twin;
    if (chance(10)) twin = std::async(std::launch::async, [&] { return insist("/orders", p.body, p.key); });
    const auto answer = insist("/orders", p.body, p.key);
    const auto other = twin.valid() ? twin.get() : std::nullopt;
    if (!answer) return;
    if (answer->status != 202) return complain("an order was answered with " + std::to_string(answer->status) + ": " + answer->body);
    p.id = id_of(*answer);
    if (other && id_of(*other) != p.id) complain("two requests with key " + p.key + " got " + p.id + " and " + other->body);
    {
      const std::lock_guard lock(mutex_);
      acknowledged_.push_back(p);
    }
    ++placed_;
    if (chance(15)) repeat(p);
    const auto next = dice() % 100;
    if (next < 15)
      insist("/orders/" + p.id + "/cancel", {{"reason", "changed my mind"}}, p.key + "-cancel");
    else if (next < 45)
      send_off(p.id, p.key);
  }
}

void buyers::repeat(const purchase& p) {
  const auto again = insist("/orders", p.body, p.key);
  if (again && id_of(*again) != p.id) complain("a repeat with key " + p.key + " got another order than " + p.id + ": " + again->body);
}

/// Fulfils the order once it is confirmed, and sometimes gives a little money back.
void buyers::send_off(const std::string& id, const std::string& key) {
  for (const auto until = std::chrono::steady_clock::now() + patience; std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(pause)) {
    const auto answer = insist("/orders/" + id + "/fulfill", json::object(), key + "-fulfil");
    if (!answer) return;
    if (answer->status == 202) break;
    if (answer->status != 409) return complain("fulfilling " + id + " was answered with " + std::to_string(answer->status) + ": " + answer->body);
    const auto allowed = json::parse(answer->body).value("allowed", json::array());
    if (allowed.empty() || stop_) return;  // rejected, for want of stock
  }
  give_back(id, key);
}

void buyers::give_back(const std::string& id, const std::string& key) {
  // Until it is shipped nothing is captured, and then the answer is that more than was paid cannot be refunded.
  for (const auto until = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < until && !stop_; std::this_thread::sleep_for(pause)) {
    const json refund{{"amount", "1.00"}, {"reason", "a scratch"}};
    const auto answer = insist("/orders/" + id + "/refund", refund, key + "-refund");
    if (!answer) return;
    if (answer->status != 202) continue;
    insist("/orders/" + id + "/refund", refund, key + "-refund");
    const std::lock_guard lock(mutex_);
    ++refunds_[id];
    return;
  }
}

}  // namespace coreldove::faults_test
