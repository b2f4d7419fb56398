#include <fmt/format.h>

#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "domain/routing_backtest.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/codec/routing_codec.hpp"
#include "persistence/open_store.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {
namespace {

/// Reads one order after another and hands its first routing decision over, with what came of it.
class decisions {
public:
  decisions(domain::routing_backtest& into, std::optional<domain::time_point> since) : into_(into), since_(since) {}

  void see(const domain::history_entry& e) {
    if (e.stream != stream_) {
      finish();
      stream_ = e.stream;
    }
    const bool counts = e.type == "order_received" || e.type == "operation_requested" || e.type == "payment_routed" || e.type == "operation_settled";
    if (!counts) return;
    const auto event = persistence::decode(e.type, e.data);
    if (!event) throw std::runtime_error(fmt::format("{} seq {}: {}", e.stream, e.seq, event.error().detail));
    if (const auto* received = std::get_if<domain::order_received>(&*event)) {
      currency_ = received->input->currency;
    } else if (const auto* requested = std::get_if<domain::operation_requested>(&*event)) {
      amounts_[requested->n] = requested->amount;
    } else if (const auto* routed = std::get_if<domain::payment_routed>(&*event)) {
      if (!decision_ && routed->instead_of == 0 && (!since_ || e.at >= *since_)) decision_ = *routed;
    } else if (const auto& settled = std::get<domain::operation_settled>(*event); decision_ && settled.n == decision_->n) {
      take(settled.outcome);
    }
  }
  void finish() {
    if (decision_) into_.add(*decision_, currency_, amounts_[decision_->n], outcome_);
    decision_.reset();
    amounts_.clear();
    outcome_ = domain::routing_backtest::outcome::open;
  }

private:
  using outcome = domain::routing_backtest::outcome;
  void take(domain::operation_outcome o) {
    if (o == domain::operation_outcome::done) outcome_ = outcome::succeeded;
    if (outcome_ == outcome::open && (o == domain::operation_outcome::declined || o == domain::operation_outcome::not_done)) outcome_ = outcome::failed;
  }

  domain::routing_backtest& into_;
  std::optional<domain::time_point> since_;
  std::string stream_;
  domain::currency currency_;
  std::map<std::uint32_t, domain::minor_units> amounts_;
  std::optional<domain::payment_routed> decision_;
  outcome outcome_ = outcome::open;
};

void print_text(const domain::backtest_result& r) {
  const auto row = [](const char* what, const domain::estimated& recorded, const domain::estimated& policy, const domain::estimated& difference) {
    fmt::print("{:<22}{:>8.2f} %   {:>8.2f} % ± {:.2f}   {:>+8.2f} % ± {:.2f}\n", what, 100 * recorded.mean, 100 * policy.mean, 100 * policy.margin,
               100 * difference.mean, 100 * difference.margin);
  };
  fmt::print("{} decisions; besides, {} without a choice and {} without an outcome yet\n\n", r.used, r.no_choice, r.open);
  fmt::print("{:<22}{:>10}   {:>17}   {:>17}\n", "", "recorded", "with the policy", "difference, 95 %");
  row("success", r.recorded_success, r.policy_success, r.success_difference);
  row("value, of the amount", r.recorded_value, r.policy_value, r.value_difference);
  fmt::print(
      "\nBy inverse propensities alone: success {:.2f} %, self-normalised {:.2f} %. The decisions weigh as much as {:.0f} equal ones; the largest weight is "
      "{:.1f}.\n",
      100 * r.ips_success, 100 * r.self_normalised_success, r.effective_decisions, r.largest_weight);
}

void print_json(const domain::backtest_result& r) {
  const auto pair = [](const domain::estimated& e) { return fmt::format(R"({{"mean":{:.6f},"margin":{:.6f}}})", e.mean, e.margin); };
  fmt::print(
      R"({{"decisions":{},"without_choice":{},"without_outcome":{},"success":{{"recorded":{},"policy":{},"difference":{},"ips":{:.6f},"self_normalised_ips":{:.6f}}},)"
      R"("value":{{"recorded":{},"policy":{},"difference":{}}},"effective_decisions":{:.1f},"largest_weight":{:.3f}}})"
      "\n",
      r.used, r.no_choice, r.open, pair(r.recorded_success), pair(r.policy_success), pair(r.success_difference), r.ips_success, r.self_normalised_success,
      pair(r.recorded_value), pair(r.policy_value), pair(r.value_difference), r.effective_decisions, r.largest_weight);
}

}  // namespace

int backtest_routing(const backtest_options& o, const config::settings& s) {
  std::ifstream in{o.policy_file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  const auto policy = persistence::read_routing_policy(text.str());
  if (!policy) {
    fmt::print(stderr, "{}: {}\n", o.policy_file, policy.error().detail);
    for (const auto& f : policy.error().fields) fmt::print(stderr, "{}: {} {}\n", o.policy_file, f.pointer, f.message);
    return bad_usage;
  }
  std::optional<domain::time_point> since;
  if (!o.since.empty()) {
    since = persistence::parse_time(o.since);
    if (!since) {
      fmt::print(stderr, "--since: \"{}\" is not allowed; allowed is a time as in 2026-11-22T18:00:00Z\n", o.since);
      return bad_usage;
    }
  }
  domain::routing_backtest test{*policy, {}};
  decisions all{test, since};
  persistence::open_audit(config::database_place(s))->each_event([&](const domain::history_entry& e, const persistence::digest&) { all.see(e); });
  all.finish();
  const auto r = test.result();
  if (r.used == 0) return fail("there are no recorded decisions with a choice and an outcome");
  if (o.json)
    print_json(r);
  else
    print_text(r);
  return success;
}

}  // namespace coreldove::app
