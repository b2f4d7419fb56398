#include "domain/settlement.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "domain/enum_names.hpp"

namespace coreldove::domain {
namespace {

constexpr enum_names<4> kind_names{"payment", "refund", "dispute", "dispute_won"};
constexpr enum_names<4> fault_names{"unmatched", "missing", "over", "under"};

std::string money_text(const settled_money& m, minor_units amount) {
  const auto known = currency::find(m.currency);
  return format_amount(amount, known ? known->digits : 0) + " " + m.currency;
}

class comparison {
public:
  comparison(std::string_view gateway, const std::vector<settled_money>& report, const std::vector<settled_money>& booked)
      : gateway_(gateway), report_(report), booked_(booked), taken_(booked.size(), false), found_(report.size(), false) {
    for (std::size_t i = 0; i < booked.size(); ++i) {
      by_name_.emplace(booked[i].order_id, i);
      for (const auto& r : booked[i].references)
        if (!r.empty()) by_name_.emplace(r, i);
    }
  }

  settlement_result run() {
    result_.lines = report_.size();
    for (const bool exact : {true, false})
      for (std::size_t i = 0; i < report_.size(); ++i)
        if (!found_[i]) pair_up(i, exact);
    for (std::size_t i = 0; i < report_.size(); ++i)
      if (!found_[i]) unmatched(report_[i]);
    missing();
    return std::move(result_);
  }

private:
  /// A booking of the same kind and order that no line has taken yet.
  template <class Fits>
  std::optional<std::size_t> candidate(const settled_money& line, Fits fits) const {
    std::optional<std::size_t> best;
    const auto look = [&](const std::string& name) {
      if (name.empty()) return;
      const auto [from, to] = by_name_.equal_range(name);
      for (auto it = from; it != to; ++it) {
        const auto i = it->second;
        const bool possible = !taken_[i] && booked_[i].kind == line.kind && booked_[i].currency == line.currency && fits(booked_[i]);
        if (possible && (!best || i < *best)) best = i;
      }
    };
    for (const auto& r : line.references) look(r);
    look(line.order_id);
    return best;
  }

  void pair_up(std::size_t n, bool exact) {
    const auto& line = report_[n];
    const auto i = candidate(line, [&](const settled_money& b) { return !exact || b.amount == line.amount; });
    if (!i) return;
    taken_[*i] = found_[n] = true;
    const auto& b = booked_[*i];
    ++result_.matched;
    if (b.amount == line.amount) return;
    const auto what = line.amount > b.amount ? settlement_fault::over : settlement_fault::under;
    add(what, line, b.order_id,
        "The settlement report of " + gateway_ + " lists a " + std::string{to_string(line.kind)} + " of " + money_text(line, line.amount) + " (" + line.id +
            "), the order has booked " + money_text(b, b.amount) + ".");
  }

  void unmatched(const settled_money& line) {
    std::string order = line.order_id;
    for (const auto& r : line.references)
      if (const auto it = by_name_.find(r); order.empty() && !r.empty() && it != by_name_.end()) order = booked_[it->second].order_id;
    add(settlement_fault::unmatched, line, order,
        "The settlement report of " + gateway_ + " lists a " + std::string{to_string(line.kind)} + " of " + money_text(line, line.amount) + " (" + line.id +
            "), " + (order.empty() ? "which belongs to no order." : "which the order has not booked."));
  }

  void missing() {
    if (report_.empty()) return;
    const auto [first, last] = std::minmax_element(report_.begin(), report_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    for (std::size_t i = 0; i < booked_.size(); ++i) {
      const auto& b = booked_[i];
      if (taken_[i] || b.at < first->at || b.at > last->at) continue;
      add(settlement_fault::missing, b, b.order_id,
          "The order has booked a " + std::string{to_string(b.kind)} + " of " + money_text(b, b.amount) + " with " + gateway_ +
              ", which its settlement report for that time does not list.");
    }
  }

  void add(settlement_fault what, const settled_money& about, std::string order_id, std::string detail) {
    result_.findings.push_back(
        {what, std::string{to_string(what)} + "/" + std::string{to_string(about.kind)} + "/" + about.id, std::move(order_id), std::move(detail)});
  }

  std::string gateway_;
  const std::vector<settled_money>& report_;
  const std::vector<settled_money>& booked_;
  std::vector<bool> taken_, found_;
  std::unordered_multimap<std::string, std::size_t> by_name_;
  settlement_result result_;
};

}  // namespace

std::string_view to_string(settled_kind k) { return name_of(kind_names, k); }
std::string_view to_string(settlement_fault f) { return name_of(fault_names, f); }

settlement_result compare_settlement(std::string_view gateway, const std::vector<settled_money>& report, const std::vector<settled_money>& booked) {
  return comparison(gateway, report, booked).run();
}

}  // namespace coreldove::domain
