#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "actors/order/append.hpp"
#include "domain/ledger.hpp"
#include "http/auth.hpp"
#include "integrations/http/client.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/open_store.hpp"
#include "runtime/app/await.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/settlement_file.hpp"
#include "runtime/app/signing_key.hpp"
#include "runtime/clock.hpp"

namespace coreldove::app {
namespace {

using namespace std::chrono_literals;

std::string source_of(const std::string& gateway) { return "reconcile/" + gateway; }

/// All that orders have booked with that gateway: one pass over the events, whether or not a server is running.
std::vector<domain::settled_money> booked_with(const std::string& gateway, const config::settings& s) {
  std::vector<domain::settled_money> out;
  domain::order order;
  const auto see = [&](const domain::history_entry& h, const persistence::digest&) {
    if (!h.stream.starts_with("ord_")) return;
    if (h.seq == 1) order = {};
    const auto event = persistence::decode(h.type, h.data);
    if (!event) throw std::runtime_error(fmt::format("{} seq {}: {}; see coreldove verify", h.stream, h.seq, event.error().detail));
    const auto entry = domain::entry_of(order, *event);
    for (const auto& p : entry.postings) {
      if (p.to != domain::account::gateway || p.gateway != gateway) continue;
      domain::settled_money m;
      m.id = fmt::format("{}/{}", h.stream, h.seq);
      m.kind = entry.what == "refund"        ? domain::settled_kind::refund
               : entry.what == "dispute"     ? domain::settled_kind::dispute
               : entry.what == "dispute_won" ? domain::settled_kind::dispute_won
                                             : domain::settled_kind::payment;
      m.references.push_back(entry.reference);
      if (const auto* settled = std::get_if<domain::operation_settled>(&*event)) m.references.push_back(order.operations.at(settled->n - 1).target);
      if (const auto* dispute = std::get_if<domain::dispute_opened>(&*event)) m.references.push_back(dispute->payment);
      m.order_id = h.stream;
      m.amount = p.amount < 0 ? -p.amount : p.amount;
      m.currency = order.input->currency.name();
      m.at = h.at;
      out.push_back(std::move(m));
    }
    domain::evolve(order, *event, h.at);
  };
  persistence::open_audit(config::database_place(s))->each_event(see);
  return out;
}

// ---- telling the orders --------------------------------------------------------------------------------------------------------------------------
/// A running server is told; it alone writes.
class running_server {
public:
  running_server(std::string base, const config::settings& s) : base_(std::move(base)) {
    token_ = http::issue_token(signing_key(s), http::role::manager, "reconcile", 1h, runtime::system_clock().now());
  }
  bool is_there() { return call("GET", "/health/live", {}).status == 200; }
  /// What went wrong; empty where it was taken in.
  std::string tell(const domain::settlement_finding& f, const std::string& source) {
    const nlohmann::json body{{"order_id", f.order_id}, {"source", source}, {"id", f.id}, {"type", to_string(f.what)}, {"detail", f.detail}};
    const auto answer = call("POST", "/api/order-workflow/payments/findings", body.dump());
    if (answer.kind != integrations::http::reach::answered) return fmt::format("the server at {} does not answer ({})", base_, answer.error);
    return answer.status == 200 ? std::string{} : fmt::format("the server at {} answered {}: {}", base_, answer.status, answer.body);
  }

private:
  integrations::http::response call(std::string method, const std::string& path, std::string body) {
    integrations::http::request r;
    r.method = std::move(method);
    r.url = base_ + path;
    r.headers.add("Authorization", "Bearer " + token_).add("Content-Type", "application/json");
    r.body = std::move(body);
    return await<integrations::http::response>([&](auto done) { client_.send(std::move(r), std::move(done)); });
  }
  std::string base_, token_;
  integrations::http::client client_;
};

/// Without a server, this process is the one that writes.
std::string write(persistence::opened_store& store, const domain::settlement_finding& f, const std::string& source) {
  const auto now = runtime::system_clock().now();
  const domain::take_finding what{source, f.id, std::string{to_string(f.what)}, f.detail};
  using stream_of = domain::result<std::vector<domain::history_entry>>;
  const auto stream = f.order_id.empty() ? stream_of{std::vector<domain::history_entry>{}}
                                         : await<stream_of>([&](auto done) { store.store().load(f.order_id, std::move(done)); });
  if (!stream && stream.error().code != domain::errc::not_found) return stream.error().detail;
  if (!stream || stream->empty()) {
    persistence::kept_notice row{source, f.id, what.type, domain::notice_verdict::not_ours, f.order_id, f.detail, now};
    const auto kept = await<domain::result<bool>>([&](auto done) { store.journal().keep({std::move(row)}, std::move(done)); });
    return kept ? std::string{} : kept.error().detail;
  }
  const auto order = persistence::rebuild(*stream);
  if (!order) return order.error().detail;
  const domain::policy rules;
  const auto events = decide(*order, what, rules, now);
  if (!events) return events.error().detail;
  if (events->empty()) return {};  // told before
  auto decided = actors::make_append(*order, *events, rules, now, "reconciliation", {});
  const auto done =
      await<domain::result<persistence::append_outcome>>([&](auto answer) { store.journal().append(std::move(decided.append), std::move(answer)); });
  return done ? std::string{} : done.error().detail;
}

int tell(const std::vector<domain::settlement_finding>& findings, const std::string& source, const reconcile_options& o, const config::settings& s) {
  const auto base = !o.server.empty()       ? o.server
                    : !s.public_url.empty() ? s.public_url
                                            : fmt::format("{}://{}:{}", s.tls_cert_file.empty() ? "http" : "https", s.host, s.port);
  running_server server{base, s};
  if (server.is_there()) {
    for (const auto& f : findings)
      if (const auto why = server.tell(f, source); !why.empty()) return fail(why);
    return success;
  }
  if (!o.server.empty()) return fail(fmt::format("no server answers at {}", o.server));
  const auto store = persistence::open_store({.place = store_place(s), .readers = 1, .on_commit = {}, .observe = {}});
  for (const auto& f : findings)
    if (const auto why = write(*store, f, source); !why.empty()) return fail(why);
  store->stop();
  return success;
}

}  // namespace

int reconcile(const reconcile_options& o, const config::settings& s) {
  std::ifstream file{o.path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return fail(fmt::format("{}: cannot be read", o.path));
  const auto report = read_settlement_file(text, o.gateway);
  for (const auto& problem : report.problems) fmt::print(stderr, "{}: {}\n", o.path, problem);
  if (!report.problems.empty()) return fail("Nothing has been compared.");

  const auto result = domain::compare_settlement(report.gateway, report.lines, booked_with(report.gateway, s));
  for (const auto& f : result.findings) fmt::print("{}: {}: {}\n", to_string(f.what), f.order_id.empty() ? "-" : f.order_id, f.detail);
  fmt::print("{}: {} lines of orders' money, {} matched, {} findings; {} lines of other kinds\n", report.gateway, result.lines, result.matched,
             result.findings.size(), report.others);
  if (result.findings.empty()) return success;
  if (!o.report_only)
    if (const auto status = tell(result.findings, source_of(report.gateway), o, s); status != success) return status;
  return failure;
}

}  // namespace coreldove::app
