#include "bench/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "bench/json_scan.hpp"

namespace coreldove::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_remembered = 10'000;
// An order that was only stored (202) is fulfilled a little later, when it should have been confirmed.
constexpr auto time_to_confirm = 2s;

}  // namespace

load::load(load_plan& plan, std::uint32_t thread)
    : plan_(plan),
      writer_(plan.settings, plan.tag, plan.seed, thread),
      now_(clock::now()),
      next_report_(now_ + 1s),
      shares_(std::accumulate(plan.settings.mix.begin(), plan.settings.mix.end(), std::uint32_t{0})) {}

operation load::pick_operation() {
  auto point = writer_.pick(shares_);
  std::size_t op = 0;
  while (point >= plan_.settings.mix[op]) point -= plan_.settings.mix[op++];
  return static_cast<operation>(op);
}

std::string_view load::pick_id() {
  const auto n = writer_.pick(plan_.known_ids.size() + created_.size());
  return n < plan_.known_ids.size() ? plan_.known_ids[n] : created_[n - plan_.known_ids.size()];
}

std::optional<ticket> load::next(std::string& out) {
  const auto& s = plan_.settings;
  if (s.requests > 0 && plan_.begun.fetch_add(1, std::memory_order_relaxed) >= s.requests) return std::nullopt;
  auto op = pick_operation();
  // Before anything exists that could be read or fulfilled, orders are created instead.
  if (op == operation::get && plan_.known_ids.empty() && created_.empty()) op = operation::create;
  if (op == operation::fulfill && (to_fulfill_.empty() || to_fulfill_.front().from > now_)) op = operation::create;
  switch (op) {
    case operation::create:
      writer_.create(out);
      break;
    case operation::get:
      writer_.get(pick_id(), out);
      break;
    case operation::list:
      writer_.list(out);
      break;
    case operation::fulfill:
      writer_.fulfill(to_fulfill_.front().id, out);
      to_fulfill_.pop_front();
      break;
  }
  return ticket{op, 0};
}

void load::answered(const ticket& what, int status, std::string_view body, clock::time_point started, clock::time_point now) {
  now_ = now;
  const auto nanoseconds = static_cast<std::uint64_t>(std::max<clock::rep>((now - started).count(), 0));
  if (!is_expected(what.op, status)) {
    if (is_refusal(status)) tally_.of(what.op).refused.record(nanoseconds);
    tally_.count_error(what.op, fmt::format("status {}", status));
    ++interval_errors_;
    return;
  }
  if (what.op == operation::create) {
    const auto id = member(body, "id");
    if (id.empty()) {
      tally_.count_error(what.op, "answer without id");
      ++interval_errors_;
      return;
    }
    remember(id, member(body, "status"));
  }
  auto& op = tally_.of(what.op);
  op.latency.record(nanoseconds);
  interval_.record(nanoseconds);
  if (!plan_.ends_at || now_ <= *plan_.ends_at) ++op.in_time;
  tally_.last_answer = now_;
}

void load::remember(std::string_view id, std::string_view status) {
  const auto known = tally_.order_states.find(status);
  if (known != tally_.order_states.end())
    ++known->second;
  else
    tally_.order_states.emplace(status, 1);
  if (plan_.ids) new_ids_.append(id).push_back('\n');
  const auto share = [this](operation op) { return plan_.settings.mix[static_cast<std::size_t>(op)]; };
  if (share(operation::get) > 0) {
    if (created_.size() < most_remembered)
      created_.emplace_back(id);
    else
      created_[created_next_++ % most_remembered] = id;
  }
  const bool may_be_confirmed = status == "confirmed" || status == "received";
  if (share(operation::fulfill) > 0 && may_be_confirmed && to_fulfill_.size() < most_remembered)
    to_fulfill_.push_back({std::string{id}, status == "confirmed" ? now_ : now_ + time_to_confirm});
}

void load::failed(const ticket& what, trouble why) {
  tally_.count_error(what.op, trouble_names[static_cast<std::size_t>(why)]);
  ++interval_errors_;
}

void load::round(clock::time_point now) {
  now_ = now;
  if (!new_ids_.empty()) {
    plan_.ids->write(new_ids_);
    new_ids_.clear();
  }
  if (now < next_report_) return;
  next_report_ += 1s;
  plan_.progress.add(interval_, interval_errors_);
  interval_.clear();
  interval_errors_ = 0;
}

}  // namespace coreldove::bench
