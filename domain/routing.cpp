#include "domain/routing.hpp"

#include <algorithm>
#include <cmath>

namespace coreldove::domain {
namespace {

/// Uniform in [0, 1), the same for the same order and operation: a decision can be made again.
double draw_of(std::string_view order_id, std::uint32_t operation) {
  std::uint64_t h = 1469598103934665603ULL ^ (operation * 0x9E3779B97F4A7C15ULL);  // FNV-1a, then the finaliser of SplitMix64
  for (const char c : order_id) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9ULL;
  h = (h ^ h >> 27) * 0x94D049BB133111EBULL;
  h ^= h >> 31;
  return static_cast<double>(h >> 11) * 0x1.0p-53;
}

bool takes(const std::vector<std::string>& list, std::string_view what) { return list.empty() || std::find(list.begin(), list.end(), what) != list.end(); }

const currency_terms* terms_in(const gateway_terms* terms, std::string_view currency) {
  if (!terms) return nullptr;
  const auto it = std::find_if(terms->amounts.begin(), terms->amounts.end(), [&](const currency_terms& t) { return t.currency == currency; });
  return it == terms->amounts.end() ? nullptr : &*it;
}

/// Why this gateway cannot take this payment at all; empty where it can.
std::string_view unfit(const routing_policy& policy, const gateway_standing& g, const route_question& q) {
  const auto& in = *q.input;
  if (!takes(g.currencies, in.currency.name())) return "currency";
  const auto* terms = policy.terms_of(g.name);
  if (!terms) return {};
  if (!takes(terms->currencies, in.currency.name())) return "currency";
  if (!takes(terms->methods, method_class(in.payment_method))) return "method";
  if (!takes(terms->countries, in.billing.country)) return "country";
  if (const auto* t = terms_in(terms, in.currency.name())) {
    if ((t->min && q.amount < *t->min) || (t->max && q.amount > *t->max)) return "amount";
  }
  return {};
}

std::int32_t millionths(double v) { return static_cast<std::int32_t>(std::lround(std::clamp(v, -1000.0, 1000.0) * one_million)); }

/// The gateway of an order that is bound to one; empty where it is free.
std::string_view bound_to(const routing_view& view, const order_input& in) {
  if (!in.payment_gateway.empty()) return in.payment_gateway;
  if (in.payment_token.empty()) return {};
  const auto* rule = rule_of(view.policy, in.payment_token);
  if (!rule) return view.default_gateway;  // whoever issued it, nobody else may see it
  return rule->gateways.size() == 1 ? std::string_view{rule->gateways.front()} : std::string_view{};
}

/// One decision in the making: the gateways that are left, by their indexes.
class selection {
public:
  selection(const routing_view& view, const route_question& q) : view_(view), q_(q) {}

  void apply_rules();
  void leave_out_those_who_need_the_buyer();
  void apply_drains();
  void leave_out_unavailable(gateway_set busy, gateway_set trials);
  void apply_pin();
  route choose(gateway_set trials);

private:
  const std::string& name(std::size_t g) const { return view_.gateways[g].name; }
  bool has(std::size_t g) const { return (left_ >> g & 1U) != 0; }
  void leave_out(std::size_t g, std::string_view why) {
    left_ &= ~(1U << g);
    out_.push_back({name(g), std::string{why}});
  }
  /// Leaves out those that `reason` says something of, but never all that are left. False where it said something of all.
  template <class Reason>
  bool prefer(Reason reason);
  void weigh();
  std::size_t draw() const;
  std::string_view reason_for(std::size_t chosen, bool trial) const;
  payment_routed record(std::size_t chosen, bool trial);

  const routing_view& view_;
  const route_question& q_;
  gateway_set left_ = 0;
  std::vector<routed_out> out_;
  bool fits_ = true;
  std::size_t n_ = 0;
  payment_kind kind_;
  std::array<std::size_t, gateways_max> index_{};
  std::array<candidate_facts, gateways_max> facts_{};
  std::array<shared_out, gateways_max> shares_{};
};

template <class Reason>
bool selection::prefer(Reason reason) {
  gateway_set stay = 0;
  for (std::size_t g = 0; g < view_.gateways.size(); ++g)
    if (has(g) && reason(g).empty()) stay |= 1U << g;
  if (stay == 0) return false;
  for (std::size_t g = 0; g < view_.gateways.size(); ++g)
    if (has(g) && (stay >> g & 1U) == 0) leave_out(g, reason(g));
  return true;
}

void selection::apply_rules() {
  const auto& token = q_.input->payment_token;
  const auto* rule = token.empty() ? nullptr : rule_of(view_.policy, token);
  for (std::size_t g = 0; g < view_.gateways.size(); ++g) {
    left_ |= 1U << g;
    const bool charges = !rule || takes(rule->gateways, name(g));
    if (std::find(q_.avoid.begin(), q_.avoid.end(), name(g)) != q_.avoid.end())
      leave_out(g, "tried");
    else if (!charges)
      leave_out(g, "token");
  }
  leave_out_those_who_need_the_buyer();
  if (left_ == 0) return;
  fits_ = prefer([&](std::size_t g) { return unfit(view_.policy, view_.gateways[g], q_); });
  // Nobody takes it: the default gateway is asked, and says in its own words why not.
  if (!fits_) prefer([&](std::size_t g) -> std::string_view { return name(g) == view_.default_gateway ? "" : "does_not_fit"; });
}

/// A token means that the buyer has been at the shop's checkout and need not be there any more. Where another gateway has been tried already, nobody can
/// count on him; at first a gateway of that kind is still better than none.
void selection::leave_out_those_who_need_the_buyer() {
  if (q_.input->payment_token.empty()) return;
  const auto needed = [&](std::size_t g) -> std::string_view { return view_.gateways[g].needs_buyer ? "needs_buyer" : ""; };
  if (prefer(needed) || q_.avoid.empty()) return;
  for (std::size_t g = 0; g < view_.gateways.size(); ++g)
    if (has(g)) leave_out(g, needed(g));
}

void selection::apply_drains() {
  prefer([&](std::size_t g) -> std::string_view { return view_.controls.drains(name(g)) ? "drained" : ""; });
  prefer([&](std::size_t g) -> std::string_view { return view_.controls.weight_of(name(g)) == 0 ? "weight" : ""; });
}

void selection::leave_out_unavailable(gateway_set busy, gateway_set trials) {
  prefer([&](std::size_t g) -> std::string_view { return view_.gateways[g].open_circuit && (trials >> g & 1U) == 0 ? "circuit_open" : ""; });
  prefer([&](std::size_t g) -> std::string_view { return (busy >> g & 1U) != 0 ? "busy" : ""; });
}

/// Only among those that can take it now: a pinned gateway that is down pins nothing.
void selection::apply_pin() {
  const auto& pinned = view_.controls.pinned;
  if (!pinned.empty() && has(view_.index_of(pinned))) prefer([&](std::size_t g) -> std::string_view { return name(g) == pinned ? "" : "not_pinned"; });
}

void selection::weigh() {
  kind_ = kind_of_payment(q_.input->currency, q_.input->payment_method, q_.amount);
  for (std::size_t g = 0; g < view_.gateways.size(); ++g) {
    if (!has(g)) continue;
    index_[n_] = g;
    facts_[n_++] = {name(g), view_.learnt.estimate(kind_, g), view_.gateways[g].latency_seconds};
  }
  share_out(view_.policy, view_.controls, q_.input->currency, q_.amount, facts_.data(), n_, shares_.data());
}

std::size_t selection::draw() const {
  double u = draw_of(q_.order_id, q_.operation);
  std::size_t i = 0;
  for (; i + 1 < n_ && u >= shares_[i].share; ++i) u -= shares_[i].share;
  return i;
}

std::string_view selection::reason_for(std::size_t chosen, bool trial) const {
  if (trial) return "trial";
  if (!fits_) return "none_fits";
  if (n_ == 1) return name(index_[0]) == view_.controls.pinned ? "pinned" : "only_one";
  for (std::size_t i = 0; i < n_; ++i)
    if (shares_[i].share > shares_[chosen].share) return "exploration";
  return "best";
}

payment_routed selection::record(std::size_t chosen, bool trial) {
  payment_routed d;
  d.gateway = name(index_[chosen]);
  d.reason = reason_for(chosen, trial);
  d.policy = view_.version;
  d.currency = q_.input->currency.name();
  d.method = method_name(kind_.method);
  d.size = kind_.size;
  d.left_out = std::move(out_);
  if (n_ == 1) return d;  // what was left out says it all
  d.candidates.reserve(n_);
  for (std::size_t i = 0; i < n_; ++i) {
    const auto& f = facts_[i];
    const double share = trial ? (i == chosen ? 1 : 0) : shares_[i].share;
    d.candidates.push_back({name(index_[i]), millionths(share), millionths(shares_[i].value), millionths(f.success.rate),
                            static_cast<std::uint32_t>(std::lround(f.success.evidence * 10)),
                            static_cast<std::uint32_t>(std::lround(f.latency_seconds * 1000))});
  }
  return d;
}

route selection::choose(gateway_set trials) {
  if (left_ == 0) return {};
  weigh();
  auto chosen = draw();
  bool trial = false;
  for (std::size_t i = 0; i < n_ && !trial; ++i) {
    if (!view_.gateways[index_[i]].open_circuit || (trials >> index_[i] & 1U) == 0) continue;
    chosen = i;
    trial = true;
  }
  route r{name(index_[chosen]), std::nullopt, trial};
  if (view_.gateways.size() > 1) r.decision = record(chosen, trial);
  return r;
}

// ---- the chance of being the best ----------------------------------------------------------------------------------------------------------------

/// The normal distribution function in steps; between them straight lines. Off by less than 1e-5, a tenth of the time of std::erfc.
class normal_table {
public:
  normal_table() {
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = std::erfc(-(static_cast<double>(i) / steps - reach) * M_SQRT1_2) / 2;
    for (std::size_t i = 0; i < nodes; ++i) {
      const double p = (static_cast<double>(i) + 0.5) / nodes;
      double low = -reach, high = reach;
      for (int k = 0; k < 40; ++k) (at((low + high) / 2) < p ? low : high) = (low + high) / 2;
      middle_of_slice[i] = low;
    }
  }
  double at(double z) const {
    if (z <= -reach) return 0;
    if (z >= reach) return 1;
    const double x = (z + reach) * steps;
    const auto i = static_cast<std::size_t>(x);
    return values_[i] + (values_[i + 1] - values_[i]) * (x - static_cast<double>(i));
  }
  static constexpr std::size_t nodes = 24;
  std::array<double, nodes> middle_of_slice{};  // of so many slices of equal probability

private:
  static constexpr double reach = 6, steps = 128;
  std::array<double, static_cast<std::size_t>(2 * reach * steps) + 2> values_{};
};

const normal_table& normal() {
  static const normal_table table;
  return table;
}

}  // namespace

void share_by_chance_of_being_best(const uncertain_value* values, std::size_t n, double* shares) {
  const auto& table = normal();
  double sum = 0;
  for (std::size_t a = 0; a < n; ++a) {
    shares[a] = 0;
    for (const double z : table.middle_of_slice) {
      const double x = values[a].mean + values[a].spread * z;
      double others_below = 1;
      for (std::size_t b = 0; b < n && others_below > 0; ++b)
        if (b != a) others_below *= table.at((x - values[b].mean) / values[b].spread);
      shares[a] += others_below;
    }
    sum += shares[a];
  }
  for (std::size_t a = 0; a < n; ++a) shares[a] = sum > 0 ? shares[a] / sum : 1.0 / static_cast<double>(n);
}

double cost_of(const routing_policy& policy, std::string_view gateway, const currency& in, minor_units amount) {
  const auto* terms = policy.terms_of(gateway);
  const auto* t = terms_in(terms, in.name());
  const double fixed = t && amount > 0 ? static_cast<double>(t->fixed) / static_cast<double>(amount) : 0;
  return (terms ? terms->percentage / double{one_million} : 0) + fixed;
}

void share_out(const routing_policy& policy, const routing_controls& controls, const currency& in, minor_units amount, const candidate_facts* candidates,
               std::size_t n, shared_out* out) {
  constexpr double least_spread = 1e-9;  // where a payment is worth no more than it costs, nothing is uncertain
  std::array<uncertain_value, gateways_max> values{};
  std::array<double, gateways_max> chance{};
  for (std::size_t i = 0; i < n; ++i) {
    const auto& c = candidates[i];
    const double worth = policy.margin / double{one_million} - cost_of(policy, c.gateway, in, amount);
    values[i].mean = c.success.rate * worth - c.latency_seconds * policy.latency_cost / one_million;
    values[i].spread = std::max(policy.curiosity / double{one_million} * c.success.spread() * std::abs(worth), least_spread);
  }
  share_by_chance_of_being_best(values.data(), n, chance.data());
  const double even = policy.exploration / double{one_million};
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double fair = (1 - even) * chance[i] + even / static_cast<double>(n);
    out[i] = {fair * controls.weight_of(candidates[i].gateway) / one_million, values[i].mean};
    sum += out[i].share;
  }
  for (std::size_t i = 0; i < n; ++i) out[i].share = sum > 0 ? out[i].share / sum : 1.0 / static_cast<double>(n);
}

std::size_t routing_view::index_of(std::string_view gateway) const {
  const auto it = std::find_if(gateways.begin(), gateways.end(), [&](const gateway_standing& g) { return g.name == gateway; });
  return static_cast<std::size_t>(it - gateways.begin());
}

route choose_route(const routing_view& view, const route_question& q, gateway_set busy, gateway_set trials) {
  if (const auto bound = bound_to(view, *q.input); !bound.empty()) {
    const bool tried = std::find(q.avoid.begin(), q.avoid.end(), bound) != q.avoid.end();
    return {tried ? std::string{} : std::string{bound}, std::nullopt, false};
  }
  selection s{view, q};
  s.apply_rules();
  s.apply_drains();
  s.leave_out_unavailable(busy, trials);
  s.apply_pin();
  return s.choose(trials);
}

}  // namespace coreldove::domain
