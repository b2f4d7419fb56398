#include "bench/options.hpp"

#include <algorithm>
#include <charconv>
#include <CLI/CLI.hpp>
#include <sstream>
#include <unordered_set>
#include <utility>

namespace coreldove::bench {
namespace {

template <class Integer>
bool parse_integer(std::string_view text, Integer& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (auto pos = text.find(at); pos != std::string_view::npos; pos = text.find(at)) {
    parts.push_back(text.substr(0, pos));
    text.remove_prefix(pos + 1);
  }
  parts.push_back(text);
  return parts;
}

std::size_t first_digit_of_tail(std::string_view text) {
  auto at = text.size();
  while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9') --at;
  return at;
}

/// An option whose text goes through `parse`; `expected` completes "must be …".
template <class Target, class Parse>
void add_parsed(CLI::App& app, const std::string& name, Target& target, Parse parse, const std::string& expected, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [&target, parse, expected, name](const std::string& text) {
           auto value = parse(text);
           if (!value) throw CLI::ValidationError(name, "is \"" + text + "\", must be " + expected);
           target = *std::move(value);
         },
         help)
      ->type_name("TEXT");
}

void declare_load(CLI::App& app, options& o) {
  static constexpr auto duration_form = "a duration such as 500ms, 30s or 2m";
  add_parsed(app, "--url", o.server, parse_url, "http://HOST:PORT", "The server (http://127.0.0.1:8001).");
  app.add_option("--api-key", o.api_key, "Sent as X-API-Key.")->capture_default_str();
  app.add_option("--connections", o.connections, "Kept-alive connections in all.")->capture_default_str()->check(CLI::Range(1, 20000));
  app.add_option("--threads", o.threads, "Threads that share them.")->capture_default_str()->check(CLI::Range(1, 64));
  app.add_option("--requests", o.requests, "Stop after so many requests.");
  add_parsed(app, "--duration", o.duration, parse_duration, duration_form, "Stop after this time (30s), where --requests is not given.");
  app.add_option("--rate", o.rate, "Open loop: so many requests a second, whatever the answers do; latency counts from the intended start.")
      ->check(CLI::Range(0.001, 1e7));
  app.add_option("--wait", o.wait, "Prefer: wait=N seconds with each create; 0: answered once stored.")->check(CLI::Range(0, 60));
  add_parsed(app, "--timeout", o.timeout, parse_duration, duration_form, "How long one request may take (90s).");
  add_parsed(app, "--patience", o.patience, parse_duration, duration_form, "Give up when no connection could be made for so long (30s).");
  add_parsed(app, "--mix", o.mix, parse_mix, "such as create=90,get=5,list=3,fulfill=2", "Shares of the operations (create=100).");
  app.add_option("--list-query", o.list_queries, "What lists ask for, such as 'status=confirmed&limit=50'; may be repeated, taken in turn.")
      ->allow_extra_args(false);
  app.add_option("--known-ids", o.known_ids_file, "File of order ids that gets pick from, besides those created in this run.")->check(CLI::ExistingFile);
}

void declare_orders(CLI::App& app, options& o) {
  app.add_option("--lines", o.lines, "Lines per order.")->capture_default_str()->check(CLI::Range(1, 500));
  add_parsed(app, "--skus", o.skus, parse_skus, "A-01..A-50 or a list A,B,C", "What is ordered (BENCH-0001..BENCH-0050).");
  app.add_option("--zipf", o.zipf, "Popularity of the SKUs falls with this exponent (1: the second is asked for half as often); 0: uniform.")
      ->check(CLI::Range(0.0, 5.0));
  app.add_option("--customers", o.customers, "Draw from so many customers; 0: each order has its own.");
  app.add_option_function<std::uint64_t>(
      "--seed", [&o](std::uint64_t n) { o.seed = n; }, "Makes the run's choices and names repeatable (random).");
  app.add_flag("--idempotency-keys", o.idempotency_keys, "Send an Idempotency-Key with each create.");
  app.add_flag("--email", o.email, "Give each order a customer_email, so that mails are sent.");
  app.add_option("--gateway", o.gateway, "payment_gateway of the orders; empty: left out.")->capture_default_str();
  app.add_option("--token", o.token, "payment_token of the orders; empty: left out.")->capture_default_str();
}

void declare_results(CLI::App& app, options& o) {
  app.add_flag("--until-confirmed", o.until_confirmed, "After the load, wait until no order is left in status received; exit 1 where some stay.");
  add_parsed(app, "--confirm-within", o.confirm_within, parse_duration, "a duration such as 5m", "How long --until-confirmed waits (5m).");
  app.add_option("--ids", o.ids_file, "Append the id of each acknowledged order to this file.");
  auto* check = app.add_option("--check-ids", o.check_ids_file, "No load: read every order of this file back; exit 1 if one is missing.");
  check->check(CLI::ExistingFile);
  app.add_option("--json", o.json_file, "Write the figures to this file.");
  static constexpr auto examples = "such as 'p99<15ms', 'get.max<1s', 'rate>8000', 'errors<1'";
  app.add_option_function<std::vector<std::string>>(
         "--threshold",
         [&o](const std::vector<std::string>& texts) {
           for (const auto& text : texts) {
             const auto parsed = parse_threshold(text);
             if (!parsed) throw CLI::ValidationError("--threshold", "is \"" + text + "\", must be " + examples);
             o.thresholds.push_back(*parsed);
           }
         },
         "A bound to keep, may be repeated; exit 1 when one is breached. Names: pNN, mean, max, rate, errors (with create., get., … in front: of that "
         "operation), cpu (of the server per order, or per request where none is created; needs --pid), rss.")
      ->allow_extra_args(false)
      ->type_name("TEXT");
  app.add_option("--pid", o.server_pid, "The server's process: its CPU time and its peak memory are reported.")->check(CLI::Range(1, 1 << 22));
  app.add_flag("--quiet", o.quiet, "No line of progress each second.");
}

/// What one option alone can't see. Empty when all is well.
std::string complaint_about(const options& o, bool requests_given) {
  if (requests_given && o.requests == 0) return "--requests: must be at least 1";
  if (o.threads > o.connections) return "--threads: more threads than connections";
  if (o.lines > o.skus.size()) return "--lines: more lines than there are SKUs";
  const auto share = [&](operation op) { return o.mix[static_cast<std::size_t>(op)]; };
  if (share(operation::get) > 0 && share(operation::create) == 0 && o.known_ids_file.empty()) return "--mix: get without create needs --known-ids";
  if (share(operation::fulfill) > 0 && share(operation::create) == 0) return "--mix: fulfill needs create";
  for (const auto& t : o.thresholds) {
    const bool of_server = t.what == threshold::measure::server_cpu || t.what == threshold::measure::server_memory;
    if (of_server && o.server_pid == 0) return "--threshold: \"" + t.text + "\" needs --pid";
    if (t.of && o.mix[static_cast<std::size_t>(*t.of)] == 0) return "--threshold: \"" + t.text + "\" is about an operation that --mix leaves out";
  }
  return {};
}

}  // namespace

std::optional<address> parse_url(std::string_view text) {
  static constexpr std::string_view scheme = "http://";
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  address out;
  out.port = "80";
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == std::string_view::npos) return std::nullopt;
  out.host = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  auto rest = host_end == std::string_view::npos ? std::string_view{} : text.substr(host_end + (bracketed ? 1 : 0));
  if (rest.starts_with(':')) {
    std::uint16_t port = 0;
    if (!parse_integer(rest.substr(1), port) || port == 0) return std::nullopt;
    out.port = rest.substr(1);
    rest = {};
  }
  if (!rest.empty() || out.host.empty() || out.host.find_first_of("/?#@ ") != std::string::npos) return std::nullopt;
  return out;
}

std::optional<mix> parse_mix(std::string_view text) {
  mix out{};
  for (const auto part : split(text, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto* const name = std::find(operation_names.begin(), operation_names.end(), part.substr(0, equals));
    if (name == operation_names.end()) return std::nullopt;
    auto& share = out[static_cast<std::size_t>(name - operation_names.begin())];
    if (share != 0 || !parse_integer(part.substr(equals + 1), share) || share > 1'000'000) return std::nullopt;
  }
  if (std::all_of(out.begin(), out.end(), [](auto share) { return share == 0; })) return std::nullopt;
  return out;
}

std::optional<std::vector<std::string>> parse_skus(std::string_view text) {
  static constexpr std::size_t most = 100'000;
  std::vector<std::string> out;
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) {
    std::unordered_set<std::string_view> seen;
    for (const auto name : split(text, ',')) {
      if (name.empty() || name.find_first_of("\"\\") != std::string_view::npos || !seen.insert(name).second) return std::nullopt;
      out.emplace_back(name);
    }
    if (out.size() > most) return std::nullopt;
    return out;
  }
  const auto first = text.substr(0, dots), last = text.substr(dots + 2);
  const auto tail = first_digit_of_tail(first);
  if (first.size() != last.size() || tail == first.size() || first.size() - tail > 9 || first.substr(0, tail) != last.substr(0, tail)) return std::nullopt;
  std::uint32_t from = 0, to = 0;
  if (!parse_integer(first.substr(tail), from) || !parse_integer(last.substr(tail), to) || from > to || to - from >= most) return std::nullopt;
  for (auto n = from; n <= to; ++n) {
    auto digits = std::to_string(n);
    digits.insert(0, first.size() - tail - digits.size(), '0');
    out.push_back(std::string{first.substr(0, tail)} + digits);
  }
  return out;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto value = parse_nanoseconds(text);
  static constexpr double longest = 7.0 * 24 * 3600e9;
  if (!value || *value < 1 || *value > longest) return std::nullopt;
  return std::chrono::nanoseconds{static_cast<std::int64_t>(*value)};
}

command_line parse_command_line(const std::vector<std::string>& args) {
  options o;
  o.skus = *parse_skus("BENCH-0001..BENCH-0050");
  o.list_queries = {};
  CLI::App app{
      "Loads a server that speaks the order API and measures it.\n"
      "Closed loop by default: every connection sends its next request when the last one is answered.",
      "coreldove bench"};
  declare_load(app, o);
  declare_orders(app, o);
  declare_results(app, o);
  auto* limits = app.add_subcommand("limits", "Measures the machine alone: HTTP echo, fdatasync, SQLite rows.");
  limits->add_option("--dir", o.directory, "Directory on the disk to be measured.")->capture_default_str()->check(CLI::ExistingDirectory);
  limits->add_option("--json", o.json_file, "Write the figures to this file.");
  limits->add_option("--connections", o.connections, "Of the HTTP echo.")->capture_default_str()->check(CLI::Range(1, 20000));
  limits->add_option("--rate", o.rate, "Of the HTTP echo: so many requests a second; without it as many as there can be.")->check(CLI::Range(0.001, 1e7));
  add_parsed(*limits, "--each", o.each, parse_duration, "a duration such as 2s", "Time for each measurement (2s).");

  command_line out;
  std::ostringstream text;
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 wants the last argument first
    if (const auto complaint = complaint_about(o, app.count("--requests") > 0); !complaint.empty()) throw CLI::ValidationError(complaint);
    if (limits->parsed())
      o.what = options::task::limits;
    else if (!o.check_ids_file.empty())
      o.what = options::task::check_ids;
    if (o.list_queries.empty()) o.list_queries = {"limit=50", "status=confirmed&limit=50", "payment_status=authorized&limit=20", "sku=" + o.skus.front()};
    out.go = std::move(o);
  } catch (const CLI::ParseError& e) {
    out.exit_status = app.exit(e, text, text) == 0 ? 0 : 2;
    out.text = text.str();
  }
  return out;
}

}  // namespace coreldove::bench
