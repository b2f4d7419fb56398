#include "actors/telemetry.hpp"

#include <string>

namespace coreldove::actors {
namespace {

const prometheus::Histogram::BucketBoundaries seconds{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};

prometheus::Gauge& gauge(runtime::metrics& m, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(m.registry()).Add({});
}
prometheus::Counter& counter(runtime::metrics& m, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(m.registry()).Add({});
}
prometheus::Histogram& histogram(runtime::metrics& m, const char* name, const char* help, const prometheus::Histogram::BucketBoundaries& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(m.registry()).Add({}, buckets);
}

}  // namespace

telemetry::telemetry(runtime::metrics& m)
    : active_orders(gauge(m, "coreldove_order_actors", "Order actors alive.")),
      in_flight(gauge(m, "coreldove_commands_in_flight", "Commands taken in and not yet answered.")),
      shed(counter(m, "coreldove_commands_shed_total", "Commands refused by admission.")),
      order_crashes(counter(m, "coreldove_order_crashes_total", "Order actors that crashed.")),
      quarantined(counter(m, "coreldove_orders_quarantined_total", "Orders handed to a person because they crashed again and again.")),
      confirm_seconds(histogram(m, "coreldove_order_confirm_seconds", "From an order's creation to its confirmation.", seconds)),
      commit_seconds(histogram(m, "coreldove_journal_commit_seconds", "One transaction of the journal.", seconds)),
      commit_appends(
          histogram(m, "coreldove_journal_commit_appends", "Appends in one transaction of the journal.", {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024})),
      circuits(prometheus::BuildGauge()
                   .Name("coreldove_gateway_circuit_open")
                   .Help("1 where calls of this kind are kept away from a payment gateway that does not answer.")
                   .Register(m.registry())) {
  auto& statuses = prometheus::BuildCounter().Name("coreldove_orders_total").Help("Orders that entered a status.").Register(m.registry());
  for (std::size_t i = 0; i < entered_.size(); ++i) entered_[i] = &statuses.Add({{"status", std::string{to_string(static_cast<domain::order_status>(i))}}});
  auto& answers = prometheus::BuildCounter().Name("coreldove_operations_total").Help("Answers of gateways and carriers.").Register(m.registry());
  auto& told = prometheus::BuildCounter().Name("coreldove_payment_notices_total").Help("What became of the webhooks of gateways.").Register(m.registry());
  for (std::size_t i = 0; i < notices_.size(); ++i) notices_[i] = &told.Add({{"verdict", std::string{to_string(static_cast<domain::notice_verdict>(i))}}});
  auto& times = prometheus::BuildHistogram().Name("coreldove_operation_seconds").Help("Calls of gateways and carriers.").Register(m.registry());
  for (std::size_t k = 0; k < outcomes_.size(); ++k) {
    const std::string kind{to_string(static_cast<domain::operation_kind>(k))};
    seconds_[k] = &times.Add({{"operation", kind}}, seconds);
    for (std::size_t o = 0; o < outcomes_[k].size(); ++o)
      outcomes_[k][o] = &answers.Add({{"operation", kind}, {"outcome", std::string{to_string(static_cast<domain::operation_outcome>(o))}}});
  }
}

void telemetry::answered(domain::operation_kind k, domain::operation_outcome o, double s) {
  outcomes_[static_cast<std::size_t>(k)][static_cast<std::size_t>(o)]->Increment();
  seconds_[static_cast<std::size_t>(k)]->Observe(s);
}

}  // namespace coreldove::actors
