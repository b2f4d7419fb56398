#include "http/http_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <string>

namespace coreldove::http {
namespace {

std::string route_label(const route* row) {
  if (row == nullptr) return "unmatched";
  std::string out{row->pattern};
  if (out.starts_with('~')) out.replace(0, 1, api_prefix);
  return out;
}

const prometheus::Histogram::BucketBoundaries buckets{.0005, .001, .0025, .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};

}  // namespace

http_metrics::http_metrics(runtime::metrics& m)
    : requests_(prometheus::BuildCounter().Name("coreldove_http_requests_total").Help("Answers by route, method and status.").Register(m.registry())),
      durations_(prometheus::BuildHistogram()
                     .Name("coreldove_http_request_duration_seconds")
                     .Help("From the end of a request's header to its answer being ready.")
                     .Register(m.registry())),
      connections_(&prometheus::BuildGauge().Name("coreldove_http_connections").Help("Open connections.").Register(m.registry()).Add({})),
      in_flight_(&prometheus::BuildGauge()
                      .Name("coreldove_http_requests_in_flight")
                      .Help("Requests handed to handlers and not answered yet.")
                      .Register(m.registry())
                      .Add({})),
      shed_(&prometheus::BuildCounter()
                 .Name("coreldove_http_shed_total")
                 .Help("Requests refused because too much was in flight.")
                 .Register(m.registry())
                 .Add({})),
      by_row_(routes().size() * 2 + method_count) {
  for (const auto& row : routes()) {
    for (const auto verb : {row.method, method::head}) {
      if (verb == method::head && row.method != method::get) continue;
      handles_of(&row, verb).duration = &durations_.Add({{"route", route_label(&row)}, {"method", std::string{to_string(verb)}}}, buckets);
    }
  }
  for (std::size_t i = 0; i < method_count; ++i) {
    const auto verb = static_cast<method>(i);
    handles_of(nullptr, verb).duration = &durations_.Add({{"route", route_label(nullptr)}, {"method", std::string{to_string(verb)}}}, buckets);
  }
}

http_metrics::handles& http_metrics::handles_of(const route* row, method m) {
  if (row == nullptr) return by_row_[routes().size() * 2 + static_cast<std::size_t>(m)];
  return by_row_[static_cast<std::size_t>(row - routes().data()) * 2 + (m == method::head ? 1 : 0)];
}

void http_metrics::answered(const route* row, method m, int status, double seconds) {
  auto& h = handles_of(row, m);
  h.duration->Observe(seconds);
  const auto at = static_cast<std::size_t>(status - status_min);
  if (at >= h.requests.size()) return;
  auto* counter = h.requests[at].load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &requests_.Add({{"route", route_label(row)}, {"method", std::string{to_string(m)}}, {"status", std::to_string(status)}});
    h.requests[at].store(counter, std::memory_order_release);
  }
  counter->Increment();
}

void http_metrics::connection_opened() { connections_->Increment(); }
void http_metrics::connection_closed() { connections_->Decrement(); }
void http_metrics::handed_on() { in_flight_->Increment(); }
void http_metrics::settled() { in_flight_->Decrement(); }
void http_metrics::shed() { shed_->Increment(); }

}  // namespace coreldove::http
