#include "domain/routing_policy.hpp"

#include <algorithm>
#include <set>

namespace coreldove::domain {

const gateway_terms* routing_policy::terms_of(std::string_view gateway) const {
  const auto it = std::find_if(gateways.begin(), gateways.end(), [&](const gateway_terms& t) { return t.name == gateway; });
  return it == gateways.end() ? nullptr : &*it;
}

bool routing_controls::drains(std::string_view gateway) const { return std::find(drained.begin(), drained.end(), gateway) != drained.end(); }

std::int32_t routing_controls::weight_of(std::string_view gateway) const {
  const auto it = std::find_if(weights.begin(), weights.end(), [&](const weight& w) { return w.gateway == gateway; });
  return it == weights.end() ? one_million : it->millionths;
}

std::string_view method_class(std::string_view payment_method) {
  return std::find(card_methods.begin(), card_methods.end(), payment_method) == card_methods.end() ? payment_method : "card";
}

routing_policy usual_routing_policy() {
  routing_policy p;
  p.gateways = {{"stripe", 0, {}, {}, {"card", "wallet", "apple_pay", "google_pay", "bank_transfer"}, {}},
                {"paypal", 0, {}, {}, {"card", "paypal", "wallet"}, {}},
                {"razorpay", 0, {}, {}, {"card", "upi", "net_banking", "wallet"}, {}},
                {"payu", 0, {}, {}, {"card", "upi", "net_banking", "wallet", "bank_transfer"}, {}}};
  p.tokens = {{"tok_", false, {"stripe"}}, {"pm_", false, {"stripe"}}, {"src_", false, {"stripe"}}, {"token_", false, {"razorpay"}}};
  return p;
}

const token_rule* rule_of(const routing_policy& policy, std::string_view token) {
  const token_rule* best = nullptr;
  for (const auto& r : policy.tokens) {
    if (r.whole_token ? token != r.text : !token.starts_with(r.text)) continue;
    if (r.whole_token) return &r;
    if (!best || r.text.size() > best->text.size()) best = &r;
  }
  return best;
}

namespace {

class complaints {
public:
  void unless(bool fine, std::string pointer, const char* message) {
    if (!fine) found.push_back({std::move(pointer), "invalid", message});
  }
  void known_gateway(const std::string& name, const std::string& pointer) {
    const bool known = std::find(known_gateways.begin(), known_gateways.end(), name) != known_gateways.end();
    if (!known) found.push_back({pointer, "unknown_gateway", "there is no gateway of this name"});
  }
  std::vector<field_error> found;
};

bool is_share(std::int32_t v) { return v >= 0 && v <= one_million; }

void check_terms(complaints& c, const gateway_terms& g) {
  const auto at = "/gateways/" + g.name;
  c.known_gateway(g.name, at);
  c.unless(is_share(g.percentage), at + "/percentage", "must be from 0 to 100");
  for (const auto& a : g.amounts) {
    const auto here = at + "/amounts/" + a.currency;
    c.unless(currency::find(a.currency).has_value(), here, "is not a currency");
    c.unless(a.fixed >= 0 && a.fixed <= amount_max, here + "/fixed", "must not be negative");
    c.unless(!a.min || !a.max || *a.min <= *a.max, here + "/min", "must not be above max");
  }
}

void check_learning(complaints& c, const learning_rules& l) {
  c.unless(l.decay > 0 && l.decay < one_million, "/learning/memory", "must be from 2 to 1000000 payments");
  c.unless(l.first_guess > 0 && l.first_guess < one_million, "/learning/first_guess", "must be between 0 and 100");
  c.unless(l.first_guess_weight > 0 && l.first_guess_weight <= 1e6, "/learning/first_guess_weight", "must be above 0");
  c.unless(l.inherited_weight > 0 && l.inherited_weight <= 1e6, "/learning/inherited_weight", "must be above 0");
  c.unless(l.alarm > 1 && l.alarm <= 100, "/learning/alarm", "must be above 1 and at most 100");
  c.unless(l.tested_from >= 1, "/learning/tested_from", "must be 1 or more");
  c.unless(l.kept_after_alarm >= 0, "/learning/kept_after_alarm", "must not be negative");
}

void check_breaker(complaints& c, const breaker_rules& b) {
  c.unless(b.failures_in_a_row >= 1, "/breaker/failures_in_a_row", "must be 1 or more");
  c.unless(b.window >= 1 && b.window <= 64, "/breaker/window", "must be from 1 to 64 calls");
  c.unless(b.failed_share > 0 && b.failed_share <= one_million, "/breaker/failed_share", "must be above 0 and at most 100");
  c.unless(b.slow_after.count() > 0, "/breaker/slow_after_ms", "must be above 0");
  c.unless(b.first_pause.count() > 0 && b.first_pause <= b.longest_pause, "/breaker/first_pause_ms", "must be above 0 and not above longest_pause_ms");
  c.unless(b.trials_at_once >= 1, "/breaker/trials_at_once", "must be 1 or more");
  c.unless(b.good_trials >= 1, "/breaker/good_trials", "must be 1 or more");
  c.unless(b.between_trials.count() > 0, "/breaker/between_trials_ms", "must be above 0");
}

}  // namespace

std::vector<field_error> problems_of(const routing_policy& p) {
  complaints c;
  for (const auto& g : p.gateways) check_terms(c, g);
  for (std::size_t i = 0; i < p.tokens.size(); ++i) {
    const auto at = "/tokens/" + std::to_string(i);
    c.unless(!p.tokens[i].text.empty(), at + "/text", "must not be empty");
    for (const auto& g : p.tokens[i].gateways) c.known_gateway(g, at + "/gateways");
  }
  c.unless(is_share(p.margin) && p.margin > 0, "/margin", "must be above 0 and at most 100");
  c.unless(is_share(p.latency_cost), "/latency_cost", "must be from 0 to 100");
  c.unless(is_share(p.exploration), "/exploration", "must be from 0 to 100");
  c.unless(p.curiosity > 0 && p.curiosity <= 10 * one_million, "/curiosity", "must be above 0 and at most 1000");
  check_learning(c, p.learning);
  check_breaker(c, p.breaker);
  return std::move(c.found);
}

std::vector<field_error> problems_of(const routing_controls& controls, const std::vector<std::string>& gateways) {
  complaints c;
  const auto configured = [&](const std::string& name) { return std::find(gateways.begin(), gateways.end(), name) != gateways.end(); };
  c.unless(controls.pinned.empty() || configured(controls.pinned), "/pin", "is not a configured gateway");
  c.unless(controls.pinned.empty() || !controls.drains(controls.pinned), "/pin", "is drained");
  std::set<std::string> seen;
  for (const auto& g : controls.drained) c.unless(configured(g) && seen.insert(g).second, "/drain", "must name configured gateways, each once");
  for (const auto& w : controls.weights) {
    c.unless(configured(w.gateway), "/weights/" + w.gateway, "is not a configured gateway");
    c.unless(w.millionths >= 0 && w.millionths <= 1'000 * one_million, "/weights/" + w.gateway, "must be from 0 to 1000");
  }
  return std::move(c.found);
}

}  // namespace coreldove::domain
