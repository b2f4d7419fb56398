#include "domain/fraud.hpp"

#include <algorithm>
#include <array>

#include "domain/email_address.hpp"

namespace coreldove::domain {
namespace {

/// Points, in tenths. Chosen so that no sign alone reaches the usual threshold of 75.0, and three strong ones together do.
struct weights {
  static constexpr std::int32_t velocity_most = 400;  // a busy, loyal customer is never held for being busy
  static constexpr std::int32_t amount_far_above_history = 250;
  static constexpr std::int32_t amount_above_history = 100;
  static constexpr std::int32_t other_country = 250;
  static constexpr std::int32_t other_state = 80;
  static constexpr std::int32_t other_postal_code = 30;
  static constexpr std::int32_t disposable_email = 300;
  static constexpr std::int32_t postal_code_mismatch = 150;
  static constexpr std::int32_t phone_mismatch = 50;
  static constexpr std::int32_t bulk_first_order = 200;
};
constexpr std::int32_t score_max = 1000;

/// Earlier orders within a time, and what that many are worth. The first row that fits counts.
struct velocity_row {
  duration within;
  std::int64_t orders;
  std::int32_t points;
  std::string_view words;
};
constexpr duration hour = std::chrono::hours{1}, day = std::chrono::hours{24};
constexpr std::array velocity_rows{
    velocity_row{hour, 30, weights::velocity_most, "the last hour"},
    velocity_row{day, 100, weights::velocity_most, "the last day"},
    velocity_row{hour, 10, 200, "the last hour"},
    velocity_row{day, 40, 200, "the last day"},
    velocity_row{hour, 5, 100, "the last hour"},
    velocity_row{day, 15, 100, "the last day"},
};

constexpr std::size_t history_needed = 3;                 // orders in the same currency; fewer say nothing about habits
constexpr minor_units far_above = 10, above = 4;          // times the largest of them
constexpr std::int64_t bulk_line = 50, bulk_order = 100;  // units

class assessment_in_progress {
public:
  assessment_in_progress(const order_input& input, const std::vector<past_order>& history, time_point now) : input_(input), history_(history), now_(now) {}

  fraud_assessment finish(std::int32_t threshold) && {
    velocity();
    amount_against_history();
    addresses();
    contact();
    first_order();
    for (const auto& reason : out_.reasons) out_.score += reason.points;
    out_.score = std::min(out_.score, score_max);
    out_.decision = out_.score >= threshold ? "review" : "accept";
    return std::move(out_);
  }

private:
  void add(std::string code, std::int32_t points, std::string detail) { out_.reasons.push_back({std::move(code), points, std::move(detail)}); }

  void velocity() {
    for (const auto& row : velocity_rows) {
      const auto count = std::ranges::count_if(history_, [&](const past_order& p) { return p.at > now_ - row.within; });
      if (count < row.orders) continue;
      return add("velocity", row.points, std::to_string(count) + " orders in " + std::string{row.words});
    }
  }

  void amount_against_history() {
    std::size_t orders = 0;
    minor_units largest = 0;
    for (const auto& p : history_)
      if (p.currency == input_.currency) {
        ++orders;
        largest = std::max(largest, p.total);
      }
    if (orders < history_needed || largest == 0) return;
    const minor_units times = input_.total() / largest;
    if (times < above) return;
    add("amount_vs_history", times >= far_above ? weights::amount_far_above_history : weights::amount_above_history,
        "at least " + std::to_string(times >= far_above ? far_above : above) + " times the largest order so far");
  }

  void addresses() {
    const address &b = input_.billing, &s = input_.shipping;
    if (b.country != s.country)
      add("address_mismatch", weights::other_country, "billing and shipping are in different countries");
    else if (b.state != s.state)
      add("address_mismatch", weights::other_state, "billing and shipping are in different states");
    else if (b.postal_code != s.postal_code)
      add("address_mismatch", weights::other_postal_code, "billing and shipping have different postal codes");
    if (state_contradicts_postal_code(b) || state_contradicts_postal_code(s))
      add("postal_code_mismatch", weights::postal_code_mismatch, "a postal code does not belong to its state");
  }

  void contact() {
    if (is_disposable(input_.customer_email)) add("disposable_email", weights::disposable_email, "the e-mail address is of a throw-away provider");
    if (phone_contradicts_country(input_.billing)) add("phone_mismatch", weights::phone_mismatch, "the billing phone is of another country");
  }

  void first_order() {
    if (!history_.empty()) return;
    std::int64_t units = 0, largest_line = 0;
    for (const auto& line : input_.items) {
      units += line.quantity;
      largest_line = std::max<std::int64_t>(largest_line, line.quantity);
    }
    if (largest_line < bulk_line && units < bulk_order) return;
    add("bulk_first_order", weights::bulk_first_order, "a first order of " + std::to_string(units) + " units");
  }

  const order_input& input_;
  const std::vector<past_order>& history_;
  time_point now_;
  fraud_assessment out_;
};

}  // namespace

fraud_assessment assess(const order_input& input, const std::vector<past_order>& history, time_point now, std::int32_t threshold) {
  return assessment_in_progress{input, history, now}.finish(threshold);
}

}  // namespace coreldove::domain
