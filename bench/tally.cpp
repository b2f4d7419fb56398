#include "bench/tally.hpp"

#include <algorithm>

namespace coreldove::bench {

void tally::count_error(operation op, std::string_view kind) {
  ++of(op).errors;
  ++errors[std::string{kind}];
}

void tally::merge(const tally& other) {
  for (std::size_t i = 0; i < operation_count; ++i) {
    operations[i].latency.merge(other.operations[i].latency);
    operations[i].refused.merge(other.operations[i].refused);
    operations[i].errors += other.operations[i].errors;
    operations[i].in_time += other.operations[i].in_time;
  }
  for (const auto& [kind, n] : other.errors) errors[kind] += n;
  for (const auto& [state, n] : other.order_states) order_states[state] += n;
  failed_connects += other.failed_connects;
  last_answer = std::max(last_answer, other.last_answer);
}

std::uint64_t tally::error_count() const {
  std::uint64_t sum = 0;
  for (const auto& op : operations) sum += op.errors;
  return sum;
}

std::uint64_t tally::answered() const {
  std::uint64_t sum = 0;
  for (const auto& op : operations) sum += op.latency.count();
  return sum;
}

bool is_expected(operation op, int status) {
  switch (op) {
    case operation::create:
      return status == 201 || status == 202 || status == 200;
    case operation::get:
    case operation::list:
      return status == 200;
    case operation::fulfill:
      return status == 200 || status == 202;
  }
  return false;
}

bool is_refusal(int status) { return status == 429 || status == 503; }

}  // namespace coreldove::bench
