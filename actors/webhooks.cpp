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

/// Only a store that does not take writes is the sender's business: it is to try again.
bool acknowledged(const domain::result<order_answer>& r) {
  if (r) return true;
  using domain::errc;
  return r.error().code != errc::unavailable && r.error().code != errc::overloaded && r.error().code != errc::timed_out && r.error().code != errc::internal;
}

}  // namespace

void engine::webhook(std::string source, header_lookup headers, std::string raw_body, std::string trace_id, reply<bool> done) {
  const auto found = options_.webhooks.find(source);
  if (found == options_.webhooks.end()) return done(domain::failure{domain::errc::not_found, "No webhooks are taken from that source."});
  if (found->second.payments)
    payment_notice(found->second, headers, raw_body, trace_id, std::move(done));
  else
    parcel_events(found->second, headers(found->second.signature_header), raw_body, trace_id, std::move(done));
}

void engine::payment_notice(const webhook_source& source, const header_lookup& headers, const std::string& body, const std::string& trace_id,
                            reply<bool> done) {
  auto notice = source.payments->read(headers, body, links_->clock->now());
  if (!notice) return done(std::move(notice).error());
  const auto n = operation_number(notice->idempotency_key, notice->order_id);
  if (!notice->relevant || n == 0) return done(true);
  request rq;
  rq.principal = "webhook";
  rq.trace_id = trace_id;
  auto& w = notice->what;
  tell(notice->order_id, domain::settle_operation{n, w.kind, w.reference, w.code, w.message, w.tracking_number}, std::move(rq),
       [done = std::move(done), event = notice->event_id, order = notice->order_id](domain::result<order_answer> r) {
         if (!r) runtime::log_order(spdlog::level::info, order, {}, "a payment webhook changed nothing", event + ": " + r.error().detail);
         if (acknowledged(r))
           done(true);
         else
           done(r.error());
       });
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
        if (order.error().code == domain::errc::unavailable) all->fail(order.error());
        return;  // not a parcel of ours
      }
      request rq;
      rq.principal = "webhook";
      rq.trace_id = trace_id;
      tell(*order, domain::track_shipment{e.tracking_number, e.state, e.source_id, e.occurred_at, e.description, e.location}, std::move(rq),
           [all](domain::result<order_answer> r) {
             if (!acknowledged(r)) all->fail(r.error());
           });
    });
  }
}

}  // namespace coreldove::actors
