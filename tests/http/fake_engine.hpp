#pragma once
// An engine for the front end's tests: keeps orders in memory, answers from a thread of its own as the real one does, and remembers what it was asked.
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "actors/service.hpp"

namespace coreldove::test {

inline const std::string known_order = "ord_01HZX3Q8V7N2M4K6J8G0F1D3S5";
inline const std::string others_order = "ord_01HZX3Q8V7N2M4K6J8G0F1D3S6";
inline const std::string missing_order = "ord_01HZX3Q8V7N2M4K6J8G0F1D3S7";

class fake_engine final : public actors::service {
public:
  fake_engine();
  ~fake_engine() override;

  // What a test may set and look at, under `mutex` while a server runs.
  std::mutex mutex;
  std::optional<domain::failure> failure;  // the answer to every command and read, while it is set
  bool hold = false;                       // answers to place are kept until `release`
  bool throw_on_place = false;
  bool is_ready = true;
  std::optional<domain::failure> door_shut;  // what `busy` says to those who do not wait
  bool replays = false;                      // commands are answered as repeats of earlier ones
  std::vector<actors::component_health> components{{"store", "up", ""}};
  std::vector<domain::order_input> placed;
  std::vector<domain::command> commands;
  std::vector<actors::request> requests;
  std::vector<domain::order_query> queries;
  domain::review_query last_review_query;
  std::string webhook_source, webhook_signature, webhook_body;
  std::optional<std::int64_t> on_hand, delta;
  std::string adjust_reason, routing_json;
  std::vector<domain::history_entry> feed_entries;

  void release();  // answers what was held
  std::size_t held();
  bool wait_until(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds{5});  // `holds` runs under `mutex`
  void commit(std::string stream, std::string type);                                                               // one more event at the end of the feed

  // actors::service
  void place(domain::order_input input, actors::request rq, actors::reply<actors::order_answer> done) override;
  void tell(std::string order_id, domain::command what, actors::request rq, actors::reply<actors::order_answer> done) override;
  void adjust_stock(std::string sku, std::string warehouse, std::optional<std::int64_t> set, std::optional<std::int64_t> change, std::string reason,
                    actors::request rq, actors::reply<actors::stock_answer> done) override;
  void take_forwarded(std::string command, std::function<void(std::string answer)> done) override { done("{\"taken\":" + command + "}"); }
  std::string cluster() const override { return R"({"mode":"single","node":null,"nodes":[]})"; }
  void webhook(std::string source, actors::header_lookup headers, std::string raw_body, std::string trace_id, actors::reply<bool> done) override;
  void document(std::string order_id, actors::reply<domain::document> done) override;
  void list(domain::order_query query, actors::reply<domain::page> done) override;
  void tracking(std::string order_id, actors::reply<domain::document> done) override;
  void ledger(std::string order_id, actors::reply<domain::document> done) override;
  void evidence(std::string order_id, actors::reply<domain::document> done) override;
  void payment_inbox(std::uint64_t after, std::uint32_t limit, actors::reply<domain::page> done) override;
  void payment_finding(std::string order_id, domain::take_finding what, actors::reply<bool> done) override;
  std::vector<std::pair<std::string, domain::take_finding>> findings;
  void history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, actors::reply<domain::page> done) override;
  void routing(actors::reply<domain::document> done) override;
  void set_routing(std::string json, actors::request rq, actors::reply<domain::document> done) override;
  void stock(std::string from_sku_exclusive, std::uint32_t limit, actors::reply<domain::stock_page> done) override;
  void stock_of(std::string sku, actors::reply<std::vector<domain::stock_row>> done) override;
  void certificate(actors::reply<std::string> done) override;
  void reviews(domain::review_query query, actors::reply<domain::page> done) override;
  void performance(domain::time_point from, domain::time_point to, actors::reply<domain::performance> done) override;
  void feed(std::uint64_t after_position, std::uint32_t limit, actors::reply<std::vector<domain::history_entry>> done) override;
  void last_position(actors::reply<std::uint64_t> done) override;
  std::shared_ptr<void> watch(std::function<void()> on_commit) override;
  std::string feed_document(const domain::history_entry& e) const override;
  domain::intake_rules intake() const override;
  std::vector<actors::component_health> health() const override;
  bool ready() const override;
  std::optional<domain::failure> busy(bool patient) const override;

private:
  template <class T, class F>
  void answer(actors::reply<T> done, F value);
  void post(std::function<void()> task);
  void run();

  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::function<void()>> held_;
  std::map<std::string, std::pair<std::string, actors::order_answer>> keys_;
  std::map<std::uint64_t, std::function<void()>> watchers_;
  std::uint64_t next_watcher_ = 0, next_order_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace coreldove::test
