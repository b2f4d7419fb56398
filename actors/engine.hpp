#pragma once
// The engine: starts the actors of a node and is their front, the `service` that HTTP speaks to. Admission is here: a command for which there is no room is
// refused before anything of it is stored. In work is what is let in and not yet stored or answered; in flight also what waits for its end (Prefer: wait).
#include <atomic>
#include <caf/fwd.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/links.hpp"
#include "actors/promise.hpp"
#include "actors/service.hpp"
#include "persistence/stock_certificate.hpp"
#include "runtime/admission.hpp"

namespace coreldove::actors {

/// One source of incoming webhooks; exactly one of the two readers is set.
struct webhook_source {
  std::string signature_header;  // of parcels' webhooks; those of payments read what headers they need
  std::shared_ptr<const integrations::payment_webhook> payments;
  std::shared_ptr<const integrations::carrier_webhook> parcels;
};

class cluster_board;
class cluster_figures;
class forwarder;
struct forwarded_answer;

/// What a node of a cluster has more than a server by itself. All of it, or nothing.
struct cluster_side {
  const cluster_board* board = nullptr;
  cluster_figures* figures = nullptr;
  std::shared_ptr<actors::forwarder> others;
};

struct engine_options {
  std::size_t max_in_flight = 20'000;
  std::size_t max_journal_queue = 20'000;
  runtime::admission_options door{.target = std::chrono::nanoseconds{0}};  // `most` is max_in_flight
  domain::intake_rules intake;
  std::map<std::string, webhook_source, std::less<>> webhooks;
  std::function<void()> before_answer = {};  // may be empty: a command is durable, and whoever sent it has not been answered
};

/// Spawns every actor of `parts` that is not there yet and links them up.
std::shared_ptr<links> start_actors(caf::actor_system& system, links parts);
/// Ends them; orders too. What they have not written is taken up again at the next start.
void stop_actors(const links& l, timekeeper_actor timekeeper);

class engine final : public service {
public:
  engine(caf::actor_system& system, links parts, runtime::random_source& random, engine_options options);
  ~engine() override;

  // In a cluster; see cluster/membership.hpp.
  /// Before anything is asked of the engine.
  void join(cluster_side side) { cluster_ = std::move(side); }
  /// As the other one below, with the answer as it is.
  void take_forwarded(const std::string& command, std::function<void(forwarded_answer)> done);
  void leave_shards(const domain::cluster_shards& which, const std::shared_ptr<void>& last_out);
  void shards_gained();
  void others_committed();

  /// From the journal, after each commit.
  void committed();
  /// Refuses new commands, waits until what is in flight is answered or `limit` has passed, ends the actors.
  void stop(std::chrono::milliseconds limit);

  void place(domain::order_input input, request rq, reply<order_answer> done) override;
  void tell(std::string order_id, domain::command what, request rq, reply<order_answer> done) override;
  void adjust_stock(std::string sku, std::string warehouse, std::optional<std::int64_t> on_hand, std::optional<std::int64_t> delta, std::string reason,
                    request rq, reply<stock_answer> done) override;
  void take_forwarded(std::string command, std::function<void(std::string answer)> done) override;
  void webhook(std::string source, header_lookup headers, std::string raw_body, std::string trace_id, reply<bool> done) override;

  void document(std::string order_id, reply<domain::document> done) override;
  void list(domain::order_query query, reply<domain::page> done) override;
  void tracking(std::string order_id, reply<domain::document> done) override;
  void ledger(std::string order_id, reply<domain::document> done) override;
  void evidence(std::string order_id, reply<domain::document> done) override;
  void payment_inbox(std::uint64_t after, std::uint32_t limit, reply<domain::page> done) override;
  void payment_finding(std::string order_id, domain::take_finding what, reply<bool> done) override;
  void history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<domain::page> done) override;
  void routing(reply<domain::document> done) override;
  void set_routing(std::string json, request rq, reply<domain::document> done) override;
  void stock(std::string from_sku_exclusive, std::uint32_t limit, reply<domain::stock_page> done) override;
  void stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) override;
  void certificate(reply<std::string> done) override;
  void reviews(domain::review_query query, reply<domain::page> done) override;
  void performance(domain::time_point from, domain::time_point to, reply<domain::performance> done) override;
  void feed(std::uint64_t after_position, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) override;
  void last_position(reply<std::uint64_t> done) override;
  std::shared_ptr<void> watch(std::function<void()> on_commit) override;
  std::string feed_document(const domain::history_entry& e) const override;
  std::string cluster() const override;
  domain::intake_rules intake() const override;
  std::vector<component_health> health() const override;
  bool ready() const override;
  std::optional<domain::failure> busy(bool patient) const override;

private:
  using whose = runtime::admission::whose;
  std::optional<domain::failure> refusal(whose w) const;
  /// Of an order that is this node's; empty where the node has no shards.
  std::string new_order_id();
  bool has_room_for_payment(const std::string& gateway) const;
  std::optional<promise<order_answer>> admit(whose w, request& rq, reply<order_answer> done);
  void with_key(request rq, promise<order_answer> done, std::function<void(request, promise<order_answer>)> go);
  /// To the order's own actor on this node.
  void tell_here(std::string order_id, domain::command what, request rq, promise<order_answer> done);
  /// In a cluster: to wherever the order is, also where it goes while the command is under way.
  void tell_somewhere(std::string order_id, domain::command what, request rq, promise<order_answer> done);
  void payment_notice(const std::string& name, const webhook_source& source, const header_lookup& headers, const std::string& body, const std::string& trace_id,
                      reply<bool> done);
  void take(const std::string& name, integrations::payment_notice n, const std::string& trace_id, reply<bool> done);
  void parcel_events(const webhook_source& source, const std::string& signature, const std::string& body, const std::string& trace_id, reply<bool> done);

  std::shared_ptr<links> links_;
  timekeeper_actor timekeeper_;
  runtime::random_source& random_;
  engine_options options_;
  cluster_side cluster_;
  std::shared_ptr<runtime::admission> door_;
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<bool> stopping_{false};
  std::shared_ptr<persistence::certifier> certifier_ = std::make_shared<persistence::certifier>(*links_->store);
  std::mutex watchers_lock_;
  std::vector<std::weak_ptr<std::function<void()>>> watchers_;
};

}  // namespace coreldove::actors
