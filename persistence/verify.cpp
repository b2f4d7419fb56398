#include "persistence/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "persistence/codec/event_codec.hpp"
#include "persistence/projection.hpp"
#include "persistence/verify_auditor.hpp"

namespace coreldove::persistence {
namespace {

/// A damaged row may hold numbers that are no status.
template <class Enum>
std::string name_of(Enum value, std::size_t count) {
  const auto n = static_cast<std::size_t>(value);
  return n < count ? std::string(to_string(value)) : fmt::format("?{}", n);
}

std::string summary(const order_row& r) {
  return fmt::format("{}/{}/{}, total {}, captured {}, refunded {}{}", name_of(r.status, domain::order_status_count),
                     name_of(r.payment, domain::payment_status_count), name_of(r.fulfillment, domain::fulfillment_status_count), r.total, r.captured,
                     r.refunded, r.unfinished ? ", unfinished" : "");
}

constexpr const char* rewrite_order = "write its row, document and lists anew from its events";

}  // namespace

verification auditor::run() {
  check_positions();
  source_.each_event([this](const auto& e, const auto& hash) { see(e, hash); });
  finish_stream();
  check_stock();
  check_figures();
  check_answers();
  check_orphans();
  return std::move(result_);
}

void auditor::report(const char* check, std::string subject, std::string detail, std::string repair) {
  if (!repair.empty()) ++result_.repairable;
  if (++result_.findings_total <= options_.findings_max) result_.findings.push_back({check, std::move(subject), std::move(detail), std::move(repair)});
}

void auditor::see(const domain::history_entry& e, const digest& hash) {
  if (e.stream != stream_) {
    finish_stream();
    stream_ = e.stream;
    seq_ = position_ = 0;
    head_ = {};
    order_ = {};
    books_.clear();
    events_.clear();
    readable_ = true;
  }
  ++result_.events;
  const auto broken = [this](std::string how) {
    report("chain", stream_, std::move(how));
    readable_ = complete_ = false;
  };
  if (e.seq != seq_ + 1 && readable_) broken(fmt::format("event {} follows event {}", e.seq, seq_));
  if (e.position <= position_ && readable_) broken(fmt::format("event {} stands before event {} in the order of commits", e.seq, seq_));
  if (readable_ && chain(head_, {e.stream, e.seq, e.type, e.at, e.by, e.data}) != hash)
    broken(fmt::format("event {} was changed after it had been written: its hash does not fit", e.seq));
  seq_ = e.seq;
  position_ = e.position;
  head_ = hash;
  if (!readable_) return;
  if (stream_.starts_with(settings_prefix)) return;
  if (stream_.starts_with(sku_stream_prefix))
    take_in_adjustment(e);
  else
    take_in(e);
}

void auditor::take_in(const domain::history_entry& e) {
  auto event = decode(e.type, e.data);
  const bool begins = event && std::holds_alternative<domain::order_received>(*event);
  if (!event || begins != (e.seq == 1)) {
    report("event", stream_, fmt::format("event {}: {}", e.seq, event ? "an order begins with order_received, once" : event.error().detail));
    readable_ = complete_ = false;
    return;
  }
  for (const auto& m : stock_movements(order_, *event)) {
    auto& level = stock_[{m.sku, m.warehouse}];
    level.on_hand += m.on_hand;
    level.reserved += m.reserved;
  }
  domain::add_to(books_, domain::entry_of(order_, *event));
  domain::evolve(order_, *event, e.at);
  events_.emplace_back(*std::move(event), e.at);
}

void auditor::take_in_adjustment(const domain::history_entry& e) {
  const auto moved = movements_of(e, {});
  if (!moved) {
    report("event", stream_, moved.error().detail);
    complete_ = false;
    return;
  }
  for (const auto& m : *moved) stock_[{m.sku, m.warehouse}].on_hand += m.on_hand;
}

void auditor::finish_stream() {
  if (stream_.empty() || stream_.starts_with(sku_stream_prefix) || stream_.starts_with(settings_prefix)) return;
  if (++result_.orders % 1'000 == 0 && options_.progress) options_.progress(result_.orders);
  if (readable_) check_order(order_);
}

void auditor::check_order(const domain::order& o) {
  if (o.id != stream_) return report("event", stream_, fmt::format("its events are about {}", o.id));
  if (o.authorized < o.captured || o.captured < o.refunded || o.refunded < 0)
    report("money", o.id, fmt::format("authorized {}, captured {}, refunded {}", o.authorized, o.captured, o.refunded));
  if (const auto wrong = domain::disagreement(books_, o); !wrong.empty()) report("money", o.id, "its ledger: " + wrong);
  const auto expected = row_of(o);
  const order_figures f(expected);
  for (const auto bucket : {f.created_ms / bucket_ms, all_time}) add(figures_[key_of(f, bucket)], values_of(f));
  expected_rows_.listings += expected.skus.size();

  const auto found = source_.order(stream_);
  if (!found) report("projection", stream_, "it has events, but no row", rewrite_order);
  const auto stored = found.value_or(stored_order{});
  if (stored.version > o.version || (stored.version == o.version && found && stored.head != head_)) {
    complete_ = false;  // its row has seen an event that is not there any more
    return report("chain", o.id,
                  stored.version > o.version ? fmt::format("its row is at version {}, its events end with {}: events are missing", stored.version, o.version)
                                             : "the hash in its row is not that of its last event");
  }
  const bool row_fits = found && check_row(o, stored, expected), lists_fit = check_lists(expected);
  if ((!row_fits || !lists_fit) && options_.repair) options_.repair->put_order(stream_, o.version, head_, expected);
  check_timers(o, stored);
  check_reviews(o, stored);
  check_messages(stored);
}

bool auditor::check_row(const domain::order& o, const stored_order& stored, const order_row& expected) {
  const auto& row = stored.row;
  const auto same = [](const order_row& r) {
    return std::tie(r.status, r.payment, r.fulfillment, r.customer_id, r.customer_email, r.currency, r.currency_digits, r.total, r.captured, r.refunded,
                    r.created_at, r.updated_at, r.confirmed_at, r.shipped_at, r.delivered_at, r.unfinished);
  };
  const bool behind = stored.version != o.version, differs = same(row) != same(expected) || !stored.search_columns_fit,
             other = row.document != expected.document && row.document != order_document(o);  // earlier programs stored every order's
  if (behind) report("projection", o.id, fmt::format("its row is at version {}, its events at {}", stored.version, o.version), rewrite_order);
  if (differs)
    report("projection", o.id, fmt::format("its row says {}; its events {}; or another column differs", summary(row), summary(expected)), rewrite_order);
  if (other) report("document", o.id, "the stored order differs from what its events make of it", rewrite_order);
  return !behind && !differs && !other;
}

bool auditor::check_lists(const order_row& expected) {
  bool fit = true;
  for (const auto& sku : expected.skus) {
    if (source_.is_listed_under(stream_, sku)) continue;
    report("listing", stream_, fmt::format("it is not found under {}", sku), rewrite_order);
    fit = false;
  }
  auto numbers = expected.tracking_numbers;
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  for (const auto& number : numbers) {
    const auto holder = source_.order_of_parcel(number);
    if (holder == stream_) ++expected_rows_.parcels;
    if (holder >= stream_) continue;  // carriers use numbers again: the later order has it then
    report("listing", stream_, fmt::format("it is not found by its parcel {}", number), rewrite_order);
    ++expected_rows_.parcels;
    fit = false;
  }
  return fit;
}

void auditor::check_timers(const domain::order& o, const stored_order& stored) {
  auto timers = domain::timers(o, options_.policy);
  std::sort(timers.begin(), timers.end(), [](const auto& a, const auto& b) { return std::tie(a.kind, a.n) < std::tie(b.kind, b.n); });
  if (timers == stored.timers) return;
  report("timers", o.id, fmt::format("{} are stored, its events ask for {}, or they are due at other times", stored.timers.size(), timers.size()),
         "set the timers that its events ask for");
  if (options_.repair) options_.repair->put_timers(o.id, timers);
}

void auditor::check_reviews(const domain::order& o, const stored_order& stored) {
  std::vector<review_change> expected;
  for (const auto& r : o.reviews) expected.push_back(review_row_of(o, r));
  const auto same = [](const review_change& a, const review_change& b) {
    return std::tie(a.n, a.kind, a.state, a.opened_at, a.document) == std::tie(b.n, b.kind, b.state, b.opened_at, b.document);
  };
  if (std::equal(expected.begin(), expected.end(), stored.reviews.begin(), stored.reviews.end(), same)) return;
  report("reviews", o.id, fmt::format("{} are stored, its events ask for {}, or they differ", stored.reviews.size(), expected.size()),
         "put its reviews into the queue as its events say");
  if (options_.repair) options_.repair->put_reviews(o.id, expected);
}

/// A message that was sent leaves the outbox without a trace, so only those that are there can be looked at.
void auditor::check_messages(const stored_order& stored) {
  if (stored.outbox.empty() || !options_.message_of) return;
  std::map<std::string, outbox_entry> wanted;
  domain::order o;
  for (const auto& [event, at] : events_) {
    domain::evolve(o, event, at);
    if (auto m = options_.message_of(o, event)) wanted.emplace(m->key, std::move(*m));
  }
  for (const auto& m : stored.outbox) {
    const auto it = wanted.find(m.key);
    if (it == wanted.end()) {
      report("outbox", m.key, "no event of its order asks for this message", "take it out of the outbox");
      if (options_.repair) options_.repair->remove_message(m.key);
    } else if (it->second.kind != m.kind || (options_.reaches && !options_.reaches(m, it->second))) {
      report("outbox", m.key, "the message would not reach whom its event names", "write the message anew from its event");
      if (options_.repair) options_.repair->put_message(it->second);
    }
  }
}

verification verify(audit_source& source, const verify_options& options) { return auditor(source, options).run(); }

}  // namespace coreldove::persistence
