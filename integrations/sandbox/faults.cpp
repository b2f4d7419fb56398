#include "integrations/sandbox/faults.hpp"

#include <algorithm>

namespace coreldove::integrations::world {

std::optional<fault_kind> fault_kind_from(std::string_view name) {
  for (std::size_t i = 0; i < fault_kind_names.size(); ++i)
    if (fault_kind_names[i] == name) return static_cast<fault_kind>(i);
  return std::nullopt;
}

std::uint64_t faults::add(fault_rule rule) {
  const std::lock_guard lock(mutex_);
  rule.id = ++last_id_;
  rules_.push_back(std::move(rule));
  any_.store(true, std::memory_order_release);
  return last_id_;
}

void faults::clear() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
  any_.store(false, std::memory_order_release);
}

std::vector<fault_rule> faults::list() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

template <class Matches>
std::optional<fault> faults::strike(Matches matches) {
  if (!any_.load(std::memory_order_acquire)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (auto& rule : rules_) {
    if (!matches(rule)) continue;
    if (!rule.times && std::uniform_real_distribution<double>{}(chance_) >= rule.rate) continue;
    ++rule.struck;
    const fault hit{rule.kind, rule.delay};
    if (rule.times && --*rule.times == 0) {
      std::erase_if(rules_, [id = rule.id](const fault_rule& r) { return r.id == id; });
      any_.store(!rules_.empty(), std::memory_order_release);
    }
    return hit;
  }
  return std::nullopt;
}

std::optional<fault> faults::take(std::string_view vendor, operation op) {
  return strike([&](const fault_rule& r) { return !strikes_webhooks(r.kind) && r.vendor == vendor && (!r.op || *r.op == op); });
}

std::optional<fault> faults::take_webhook(std::string_view vendor, operation cause) {
  return strike(
      [&](const fault_rule& r) { return strikes_webhooks(r.kind) && r.vendor == vendor && (!r.op || *r.op == cause || *r.op == operation::webhook); });
}

bool ends_here(const std::optional<fault>& f, reply& out) {
  if (is(f, fault_kind::refuse)) out.end = ending::reset;
  if (is(f, fault_kind::no_answer)) out.end = ending::hold;
  return out.end != ending::answer;
}

void spoil(const std::optional<fault>& f, reply& out) {
  if (is(f, fault_kind::slow)) out.delay = f->delay;
  if (is(f, fault_kind::lost_answer)) out.end = ending::close;
}

}  // namespace coreldove::integrations::world
