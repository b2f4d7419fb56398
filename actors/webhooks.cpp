// What outside systems tell by themselves. A webhook is acknowledged once what it says is in the journal; what is not ours, or says nothing new, is
// acknowledged as well, so that it is not sent for ever.
#include <caf/send.hpp>
#include <charconv>

#include "actors/engine.hpp"
#include "runtime/logging.hpp"

namespace coreldove::actors {
namespace {

/// The operation's number at the end of "<order id>/<kind>/<n>"; 0 where it is not of that form or not of that order.
std::uint32_t operation_number(std::string_view key, std::string_view order_id) {
  if (!key.starts_with(order_id)) return 0;
  const auto slash = key.rfind('/');
  if (slash == std::string_view::npos) return 0;
  std::uint32_t n = 0;
  const auto digits = key.substr(slash + 1);
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  return ec == std::errc{} && end == digits.data() + digits.size() ? n : 0;
}

/// The sender is to try again: the store takes no writes, somebody else wrote the order again and again, or it is with a person at the moment.
bool is_passing(domain::errc c) {
  using domain::errc;
  return c == errc::unavailable || c == errc::overloaded || c == errc::timed_out || c == errc::conflict;
}

/// Only that is the sender's business.
bool acknowledged(const domain::result<order_answer>& r) { return r || (!is_passing(r.error().code) && r.error().code != domain::errc::internal); }

request request_of_webhook(const std::string& trace_id) {
  request rq;
  rq.principal = "webhook";
  rq.ahead = true;
  rq.trace_id = trace_id;
  return rq;
}

domain::command command_of(const std::string& source, const integrations::payment_notice& n) {
  if (n.dispute) {
    const auto& d = *n.dispute;
    const auto step = d.what == integrations::dispute_notice::step::opened ? domain::dispute::verdict::open
                      : d.what == integrations::dispute_notice::step::won  ? domain::dispute::verdict::won
                                                                           : domain::dispute::verdict::lost;
    return domain::take_dispute{source, n.event_id, n.type, step, d.reference, d.payment, d.amount, d.reason, d.answer_by};
  }
  const auto& w = n.what;
  return domain::take_notice{source, n.event_id,  n.type, n.operation, operation_number(n.idempotency_key, n.order_id),
                             w.kind, w.reference, w.code, w.message,   w.soft};
}

}  // namespace

void engine::webhook(std::string source, header_lookup headers, std::string raw_body, std::string trace_id, reply<bool> done) {
  const auto found = options_.webhooks.find(source);
  if (found == options_.webhooks.end()) return done(domain::failure{domain::errc::not_found, "No webhooks are taken from that source."});
  if (found->second.payments)
    payment_notice(source, found->second, headers, raw_body, trace_id, std::move(done));
  else
    parcel_events(found->second, headers(found->second.signature_header), raw_body, trace_id, std::move(done));
}

void engine::payment_notice(const std::string& name, const webhook_source& source, const header_lookup& headers, const std::string& body,
                            const std::string& trace_id, reply<bool> done) {
  auto notice = source.payments->read(headers, body, links_->clock->now());
  if (!notice) return done(std::move(notice).error());
  if (!notice->relevant) return done(true);
  if (!notice->order_id.empty() || !notice->dispute) return take(name, *std::move(notice), trace_id, std::move(done));
  // Only the gateway knows which order a disputed payment was made for.
  const auto gateway = links_->gateways.find(name);
  if (gateway == links_->gateways.end()) return done(true);
  integrations::call_context ctx;
  ctx.trace_id = trace_id;
  ctx.timeout = links_->limits.payment_timeout;
  const auto payment = notice->dispute->payment;
  gateway->second->owner(payment, ctx, [this, name, n = *std::move(notice), trace_id, done = std::move(done)](const integrations::outcome& o) mutable {
    using domain::operation_outcome;
    if (o.kind == operation_outcome::unknown || o.kind == operation_outcome::not_done)
      return done(domain::failure{domain::errc::unavailable, "The gateway does not say at the moment which order that payment was made for."});
    n.order_id = o.reference;
    take(name, std::move(n), trace_id, std::move(done));
  });
}

/// Into the inbox of the order; or into that of the store, where no order takes it.
void engine::take(const std::string& name, integrations::payment_notice n, const std::string& trace_id, reply<bool> done) {
  if (n.order_id.empty() && !n.dispute) {  // of another system with the same account at the gateway
    links_->figures->noticed(domain::notice_verdict::not_ours);
    return done(true);
  }
  const auto what = command_of(name, n);
  persistence::kept_notice row{name, n.event_id, n.type, {}, n.order_id.empty() ? n.dispute->payment : n.order_id, {}, links_->clock->now()};
  tell(n.order_id, what, request_of_webhook(trace_id), [this, row = std::move(row), done = std::move(done)](domain::result<order_answer> r) mutable {
    if (r) return done(true);
    const auto& why = r.error();
    if (is_passing(why.code)) return done(why);
    row.verdict = why.code == domain::errc::not_found ? domain::notice_verdict::not_ours : domain::notice_verdict::impossible;
    row.detail = why.detail;
    links_->figures->noticed(row.verdict);
    runtime::log_order(spdlog::level::warn, row.subject, {}, "a payment webhook went to the store's inbox", row.source + " " + row.id + ": " + row.detail);
    links_->journal->keep({std::move(row)}, std::move(done));
  });
}

void engine::payment_finding(std::string order_id, domain::take_finding what, reply<bool> done) {
  persistence::kept_notice row{what.source, what.id, what.type, domain::notice_verdict::not_ours, order_id, what.detail, links_->clock->now()};
  auto keep = [this, row = std::move(row), done](domain::result<order_answer> r) mutable {
    if (r) return done(true);
    if (is_passing(r.error().code)) return done(r.error());
    links_->journal->keep({std::move(row)}, std::move(done));
  };
  if (order_id.empty()) return keep(domain::failure{domain::errc::not_found, "no order"});
  request rq;
  rq.principal = "reconciliation";
  rq.ahead = true;
  tell(std::move(order_id), std::move(what), std::move(rq), std::move(keep));
}

void engine::parcel_events(const webhook_source& source, const std::string& signature, const std::string& body, const std::string& trace_id, reply<bool> done) {
  auto events = source.parcels->read(signature, body, links_->clock->now());
  if (!events) return done(std::move(events).error());
  // One answer when all of them are written; the first failure that the sender should know of wins.
  struct gathering {
    explicit gathering(reply<bool> d) : done(std::move(d)) {}
    gathering(const gathering&) = delete;
    gathering& operator=(const gathering&) = delete;
    ~gathering() {
      if (failed)
        done(*failed);
      else
        done(true);
    }
    void fail(domain::failure f) {
      const std::lock_guard guard{lock};
      if (!failed) failed = std::move(f);
    }
    reply<bool> done;
    std::mutex lock;
    std::optional<domain::failure> failed;
  };
  auto all = std::make_shared<gathering>(std::move(done));
  for (auto& e : *events) {
    auto number = e.tracking_number;
    links_->store->order_of_parcel(number, [this, all, e = std::move(e), trace_id](domain::result<std::string> order) {
      if (!order) {
        if (order.error().code != domain::errc::not_found) all->fail(order.error());  // else: not a parcel of ours
        return;
      }
      tell(*order, domain::track_shipment{e.tracking_number, e.state, e.source_id, e.occurred_at, e.description, e.location}, request_of_webhook(trace_id),
           [all](domain::result<order_answer> r) {
             if (!acknowledged(r)) all->fail(r.error());
           });
    });
  }
}

}  // namespace coreldove::actors
