#include "bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "bench/progress.hpp"

namespace coreldove::bench {
namespace {

std::string readable_bytes(double bytes) { return fmt::format("{:.1f} MiB", bytes / (1024.0 * 1024.0)); }

/// What thresholds and headline figures are about where they name no operation.
histogram headline(const tally& t) {
  if (t.of(operation::create).latency.count() > 0) return t.of(operation::create).latency;
  histogram all;
  for (const auto& op : t.operations) all.merge(op.latency);
  return all;
}

/// The server's CPU nanoseconds, shared among `n`.
double server_cpu_for_each(const findings& f, std::uint64_t n) { return f.server && n > 0 ? f.server->cpu_seconds * 1e9 / static_cast<double>(n) : 0.0; }

std::uint64_t created(const tally& t) { return t.of(operation::create).latency.count(); }

/// What CPU is given for: an order where there are any, else a request.
std::uint64_t cpu_shared_by(const findings& f) { return created(f.total) > 0 ? created(f.total) : f.total.answered(); }

/// Where the server's CPU goes, the dearest threads first; those below a hundredth of the whole are left out.
void append_threads(std::string& out, const findings& f) {
  const auto n = static_cast<double>(cpu_shared_by(f));
  std::vector<std::pair<std::string, cpu_time>> dear;
  for (const auto& [name, used] : f.server->threads)
    if (used.user + used.system >= f.server->cpu_seconds / 100) dear.emplace_back(name, used);
  std::sort(dear.begin(), dear.end(), [](const auto& a, const auto& b) { return a.second.user + a.second.system > b.second.user + b.second.system; });
  for (const auto& [name, used] : dear)
    fmt::format_to(std::back_inserter(out), "  {:<20}{} and {} in the kernel\n", name, readable_time(used.user * 1e9 / n),
                   readable_time(used.system * 1e9 / n));
}

double generator_cpu_per_request(const findings& f) {
  const auto n = f.total.answered() + f.total.error_count();
  return n > 0 ? f.generator_cpu_seconds * 1e9 / static_cast<double>(n) : 0.0;
}

bool is_of_latency(threshold::measure what) {
  return what == threshold::measure::percentile || what == threshold::measure::mean || what == threshold::measure::max;
}

double figure_for(const threshold& t, const findings& f, const histogram& latency) {
  switch (t.what) {
    case threshold::measure::percentile:
      return static_cast<double>(latency.percentile(t.percent));
    case threshold::measure::mean:
      return latency.mean();
    case threshold::measure::max:
      return static_cast<double>(latency.max());
    case threshold::measure::rate:
      return rate_of(f, t.of);
    case threshold::measure::errors:
      return static_cast<double>(t.of ? f.total.of(*t.of).errors : f.total.error_count());
    case threshold::measure::server_cpu:
      return server_cpu_for_each(f, cpu_shared_by(f));
    case threshold::measure::server_memory:
      return f.server ? static_cast<double>(f.server->rss_peak_bytes) : 0.0;
  }
  return 0;
}

std::string readable_figure(const verdict& v) {
  switch (v.bound.what) {
    case threshold::measure::rate:
      return fmt::format("{:.1f}", v.figure);
    case threshold::measure::errors:
      return fmt::format("{:.0f}", v.figure);
    case threshold::measure::server_memory:
      return readable_bytes(v.figure);
    default:
      return readable_time(v.figure);
  }
}

std::string readable_states(const tally& t) {
  std::string out;
  for (const auto& [state, n] : t.order_states) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, state);
  return out;
}

constexpr std::array percentiles{50.0, 90.0, 99.0, 99.9};

void append_row(std::string& out, std::string_view name, double rate, const histogram& h, std::uint64_t errors) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, "{:<9}{:>10}{:>10.0f}", name, h.count(), rate);
  for (const auto p : percentiles) fmt::format_to(to, "{:>10}", readable_time(static_cast<double>(h.percentile(p))));
  fmt::format_to(to, "{:>10}{:>9}\n", readable_time(static_cast<double>(h.max())), errors);
}

std::string json_latency(const histogram& h) {
  const auto ms = [](double ns) { return ns / 1e6; };
  std::string out = fmt::format(R"("answered":{},"mean_ms":{:.4f})", h.count(), ms(h.mean()));
  for (const auto p : percentiles) fmt::format_to(std::back_inserter(out), R"(,"p{}_ms":{:.4f})", p, ms(static_cast<double>(h.percentile(p))));
  fmt::format_to(std::back_inserter(out), R"(,"max_ms":{:.4f})", ms(static_cast<double>(h.max())));
  return out;
}

template <class Map>
std::string json_counts(const Map& counts) {
  std::string out = "{";
  for (const auto& [name, n] : counts) {
    if (out.size() > 1) out.push_back(',');
    // Names come from this program and from the server's status fields; what would need an escape is left out.
    out.push_back('"');
    for (const char c : name)
      if (c >= ' ' && c != '"' && c != '\\') out.push_back(c);
    fmt::format_to(std::back_inserter(out), "\":{}", n);
  }
  return out + "}";
}

/// Of each thread in user space and in the kernel, for each order or request.
std::string json_threads(const findings& f) {
  const auto n = static_cast<double>(std::max<std::uint64_t>(cpu_shared_by(f), 1));
  std::string out = "{";
  for (const auto& [name, used] : f.server->threads)
    fmt::format_to(std::back_inserter(out), R"({}"{}":[{:.2f},{:.2f}])", out.size() > 1 ? "," : "", name, used.user * 1e6 / n, used.system * 1e6 / n);
  return out + "}";
}

}  // namespace

double rate_of(const findings& f, std::optional<operation> op) {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < operation_count; ++i)
    if (!op || *op == static_cast<operation>(i)) n += f.total.operations[i].in_time;
  return f.seconds > 0 ? static_cast<double>(n) / f.seconds : 0.0;
}

std::vector<verdict> judge(const findings& f, const options& o) {
  std::vector<verdict> out;
  const auto all = headline(f.total);
  for (const auto& t : o.thresholds) {
    const auto& latency = t.of ? f.total.of(*t.of).latency : all;
    const auto figure = figure_for(t, f, latency);
    const bool measured = !is_of_latency(t.what) || latency.count() > 0;
    out.push_back({t, figure, measured && t.holds(figure)});
  }
  return out;
}

std::string table_of(const findings& f, const options& o, const std::vector<verdict>& verdicts) {
  std::string out;
  auto to = std::back_inserter(out);
  fmt::format_to(to, "{:<9}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}\n", "", "answered", "per s", "p50", "p90", "p99", "p99.9", "max", "errors");
  for (std::size_t i = 0; i < operation_count; ++i) {
    const auto& op = f.total.operations[i];
    if (op.latency.count() + op.errors > 0) append_row(out, operation_names[i], rate_of(f, static_cast<operation>(i)), op.latency, op.errors);
    if (op.refused.count() > 0) append_row(out, " refused", f.seconds > 0 ? static_cast<double>(op.refused.count()) / f.seconds : 0.0, op.refused, 0);
  }
  fmt::format_to(to, "\n{:<22}{:.1f}\n", "orders/s", rate_of(f, operation::create));
  if (!f.total.order_states.empty()) fmt::format_to(to, "{:<22}{}\n", "answered as", readable_states(f.total));
  for (const auto& [kind, n] : f.total.errors) fmt::format_to(to, "{:<22}{} {}\n", "error", n, kind);
  if (f.total.failed_connects > 0) fmt::format_to(to, "{:<22}{}\n", "failed connects", f.total.failed_connects);
  if (f.gave_up) fmt::format_to(to, "{:<22}no connection for {:.0f} s\n", "gave up", std::chrono::duration<double>(o.patience).count());
  if (f.orders) {
    fmt::format_to(to, "{:<22}{} after {:.1f} s more:", f.orders->in_time ? "settled" : "NOT settled", f.orders->in_time ? "all" : "not all",
                   f.orders->seconds);
    for (std::size_t i = 0; i < order_statuses.size(); ++i)
      if (f.orders->added[i] > 0) fmt::format_to(to, " {} {}", f.orders->added[i], order_statuses[i]);
    out.push_back('\n');
  }
  if (f.server) {
    if (created(f.total) > 0) fmt::format_to(to, "{:<22}{} an order\n", "server CPU", readable_time(server_cpu_for_each(f, created(f.total))));
    fmt::format_to(to, "{:<22}{} a request\n", "server CPU", readable_time(server_cpu_for_each(f, f.total.answered())));
    if (cpu_shared_by(f) > 0) append_threads(out, f);
    fmt::format_to(to, "{:<22}{}, peak {}\n", "server memory", readable_bytes(static_cast<double>(f.server->rss_bytes)),
                   readable_bytes(static_cast<double>(f.server->rss_peak_bytes)));
  }
  fmt::format_to(to, "{:<22}{} a request\n", "generator CPU", readable_time(generator_cpu_per_request(f)));
  for (const auto& v : verdicts) fmt::format_to(to, "{:<22}{} ({})\n", v.kept ? "kept" : "BREACHED", v.bound.text, readable_figure(v));
  return out;
}

std::string json_of(const findings& f, const options& o, const std::vector<verdict>& verdicts) {
  std::string out = "{";
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"("connections":{},"intended_rate":{},"wait_seconds":{},"lines":{},"seconds":{:.3f},"orders_per_second":{:.1f},"operations":{{)",
                 o.connections, o.rate, o.wait, o.lines, f.seconds, rate_of(f, operation::create));
  bool first = true;
  for (std::size_t i = 0; i < operation_count; ++i) {
    const auto& op = f.total.operations[i];
    if (op.latency.count() + op.errors == 0) continue;
    fmt::format_to(to, R"({}"{}":{{{},"per_second":{:.1f},"errors":{},"refused":{{{}}}}})", first ? "" : ",", operation_names[i], json_latency(op.latency),
                   rate_of(f, static_cast<operation>(i)), op.errors, json_latency(op.refused));
    first = false;
  }
  fmt::format_to(to, R"(}},"errors":{},"answered_as":{},"failed_connects":{},"gave_up":{})", json_counts(f.total.errors), json_counts(f.total.order_states),
                 f.total.failed_connects, f.gave_up);
  if (f.orders) {
    std::map<std::string, std::uint64_t> added;
    for (std::size_t i = 0; i < order_statuses.size(); ++i) added.emplace(order_statuses[i], f.orders->added[i]);
    fmt::format_to(to, R"(,"settled":{{"in_time":{},"seconds_after_load":{:.3f},"orders":{}}})", f.orders->in_time, f.orders->seconds, json_counts(added));
  }
  if (f.server)
    fmt::format_to(to, R"(,"server":{{"cpu_us_per_order":{:.2f},"cpu_us_per_request":{:.2f},"rss_bytes":{},"rss_peak_bytes":{},"thread_cpu_us":{}}})",
                   server_cpu_for_each(f, created(f.total)) / 1e3, server_cpu_for_each(f, f.total.answered()) / 1e3, f.server->rss_bytes,
                   f.server->rss_peak_bytes, json_threads(f));
  fmt::format_to(to, R"(,"generator_cpu_us_per_request":{:.2f},"thresholds":[)", generator_cpu_per_request(f) / 1e3);
  first = true;
  for (const auto& v : verdicts) {
    fmt::format_to(to, R"({}{{"threshold":"{}","figure":{},"kept":{}}})", first ? "" : ",", v.bound.text, v.figure, v.kept);
    first = false;
  }
  return out + "]}\n";
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out{path, std::ios::trunc};
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace coreldove::bench
