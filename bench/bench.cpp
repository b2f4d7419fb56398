#include "bench/bench.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "bench/check_ids.hpp"
#include "bench/id_file.hpp"
#include "bench/limits.hpp"
#include "bench/options.hpp"
#include "bench/report.hpp"
#include "bench/run.hpp"

namespace coreldove::bench {
namespace {

int load_server(const options& o) {
  const auto found = run_load(o);
  const auto verdicts = judge(found, o);
  fmt::print("{}", table_of(found, o, verdicts));
  if (!o.json_file.empty()) write_file(o.json_file, json_of(found, o, verdicts));
  if (found.gave_up || found.total.answered() == 0) {
    fmt::print(stderr, "coreldove bench: no answer from {}:{}\n", o.server.host, o.server.port);
    return 1;
  }
  for (const auto& v : verdicts)
    if (!v.kept) return 1;
  return found.orders && !found.orders->in_time ? 1 : 0;
}

int check(const options& o) {
  auto ids = read_ids(o.check_ids_file);
  const auto asked = ids.size();
  allow_connections(o.connections);
  const auto found = read_orders_back(o, std::move(ids));
  fmt::print("{:<12}{}\n", "asked for", asked);
  for (const auto& [status, n] : found.statuses) fmt::print("{:<12}{}\n", status, n);
  fmt::print("{:<12}{}\n", "missing", found.missing.size());
  fmt::print("{:<12}{}\n", "unread", found.unread.size());
  for (const auto& id : found.missing) fmt::print("missing {}\n", id);
  return found.complete() ? 0 : 1;
}

int measure_limits(const options& o) {
  const auto found = measure(o);
  fmt::print("{}", table_of(found));
  if (!o.json_file.empty()) write_file(o.json_file, json_of(found));
  return 0;
}

}  // namespace

int main(const std::vector<std::string>& args) {
  const auto line = parse_command_line(args);
  if (!line.go) {
    fmt::print(line.exit_status == 0 ? stdout : stderr, "{}", line.text);
    return line.exit_status;
  }
  try {
    switch (line.go->what) {
      case options::task::load:
        return load_server(*line.go);
      case options::task::check_ids:
        return check(*line.go);
      case options::task::limits:
        return measure_limits(*line.go);
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "coreldove bench: {}\n", e.what());
  }
  return 1;
}

}  // namespace coreldove::bench
