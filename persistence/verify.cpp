#include "persistence/verify.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <tuple>

#include "persistence/codec/event_codec.hpp"
#include "persistence/projection.hpp"

namespace coreldove::persistence {
namespace {

constexpr std::string_view sku_prefix = "sku/";

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

class auditor {
public:
  auditor(audit_source& source, const verify_options& options) : source_(source), options_(options) {}

  verification run() {
    source_.each_event([this](const auto& e, const auto& hash) { see(e, hash); });
    finish_stream();
    check_stock();
    if (complete_) check_figures();
    check_orphans();
    return std::move(result_);
  }

private:
  void report(const char* check, std::string subject, std::string detail) {
    if (++result_.findings_total <= options_.findings_max) result_.findings.push_back({check, std::move(subject), std::move(detail)});
  }

  void see(const domain::history_entry& e, const digest& hash);
  void take_in(const domain::history_entry& e);
  void take_in_adjustment(const domain::history_entry& e);
  void finish_stream();
  void check_order(const domain::order& o);
  void check_row(const domain::order& o, const stored_order& stored, const order_row& expected);
  void check_queues(const domain::order& o, const stored_order& stored);
  void check_stock();
  void check_figures();
  void check_orphans();

  audit_source& source_;
  const verify_options& options_;
  verification result_;
  audit_source::row_counts expected_rows_;
  std::map<std::pair<std::string, std::string>, domain::stock_level> stock_;
  std::map<figure_key, figure_values> figures_;

  // The stream that is being read.
  std::string stream_;
  std::uint64_t seq_ = 0;
  digest head_{};
  domain::order order_;
  bool readable_ = true;  // false: something in it is wrong already, and what follows from it would only be noise
  bool complete_ = true;  // every stream so far was readable: sums over all of them mean something
};

void auditor::see(const domain::history_entry& e, const digest& hash) {
  if (e.stream != stream_) {
    finish_stream();
    stream_ = e.stream;
    seq_ = 0;
    head_ = {};
    order_ = {};
    readable_ = true;
  }
  ++result_.events;
  if (e.seq != seq_ + 1 && readable_) {
    report("chain", stream_, fmt::format("event {} follows event {}", e.seq, seq_));
    readable_ = complete_ = false;
  }
  if (readable_ && chain(head_, {e.stream, e.seq, e.type, e.at, e.by, e.data}) != hash) {
    report("chain", stream_, fmt::format("event {} was changed after it had been written: its hash does not fit", e.seq));
    readable_ = complete_ = false;
  }
  seq_ = e.seq;
  head_ = hash;
  if (!readable_) return;
  if (stream_.starts_with(sku_prefix))
    take_in_adjustment(e);
  else
    take_in(e);
}

void auditor::take_in(const domain::history_entry& e) {
  const auto event = decode(e.type, e.data);
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
  domain::evolve(order_, *event, e.at);
}

void auditor::take_in_adjustment(const domain::history_entry& e) {
  try {
    simdjson::dom::parser parser;
    const simdjson::dom::element data = parser.parse(e.data);
    const std::string_view warehouse = data["warehouse"];
    stock_[{stream_.substr(sku_prefix.size()), std::string(warehouse)}].on_hand += std::int64_t(data["delta"]);
  } catch (const simdjson::simdjson_error& x) {
    report("event", stream_, fmt::format("event {}: {}", e.seq, x.what()));
    complete_ = false;
  }
}

void auditor::finish_stream() {
  if (stream_.empty() || stream_.starts_with(sku_prefix)) return;
  if (++result_.orders % 1'000 == 0 && options_.progress) options_.progress(result_.orders);
  ++expected_rows_.orders;
  if (readable_) return check_order(order_);
  // Its rows are there all the same: they are nobody's orphans.
  if (const auto stored = source_.order(stream_)) {
    expected_rows_.timers += stored->timers.size();
    expected_rows_.reviews += stored->reviews.size();
  }
}

void auditor::check_order(const domain::order& o) {
  if (o.id != stream_) report("event", stream_, fmt::format("its events are about {}", o.id));
  if (o.authorized < o.captured || o.captured < o.refunded || o.refunded < 0)
    report("money", o.id, fmt::format("authorized {}, captured {}, refunded {}", o.authorized, o.captured, o.refunded));
  const auto stored = source_.order(stream_);
  if (!stored) return report("projection", stream_, "it has events, but no row");
  const auto expected = row_of(o);
  check_row(o, *stored, expected);
  check_queues(o, *stored);
  expected_rows_.listings += expected.skus.size();
  for (const auto& sku : expected.skus)
    if (!source_.is_listed_under(stream_, sku)) report("listing", stream_, fmt::format("it is not found under {}", sku));
  for (const auto& number : expected.tracking_numbers)
    if (source_.order_of_parcel(number) < stream_) report("listing", stream_, fmt::format("it is not found by its parcel {}", number));
  const order_figures f(expected);
  for (const auto bucket : {f.created_ms / bucket_ms, all_time}) add(figures_[key_of(f, bucket)], values_of(f));
}

void auditor::check_row(const domain::order& o, const stored_order& stored, const order_row& expected) {
  const auto& row = stored.row;
  if (stored.version != o.version) report("projection", o.id, fmt::format("its row is at version {}, its events at {}", stored.version, o.version));
  if (stored.head != head_) report("chain", o.id, "the hash in its row is not that of its last event");
  const auto same = [](const order_row& r) {
    return std::tie(r.status, r.payment, r.fulfillment, r.customer_id, r.customer_email, r.currency, r.currency_digits, r.total, r.captured, r.refunded,
                    r.created_at, r.updated_at, r.confirmed_at, r.shipped_at, r.delivered_at, r.unfinished);
  };
  if (same(row) != same(expected))
    report("projection", o.id, fmt::format("its row says {}; its events {}; or another column differs", summary(row), summary(expected)));
  if (row.document != expected.document) report("document", o.id, "the stored order differs from what its events make of it");
}

void auditor::check_queues(const domain::order& o, const stored_order& stored) {
  auto timers = domain::timers(o, options_.policy);
  std::sort(timers.begin(), timers.end(), [](const auto& a, const auto& b) { return std::tie(a.kind, a.n) < std::tie(b.kind, b.n); });
  if (timers != stored.timers)
    report("timers", o.id, fmt::format("{} are stored, its events ask for {}, or they are due at other times", stored.timers.size(), timers.size()));
  bool same = stored.reviews.size() == o.reviews.size();
  for (std::size_t i = 0; same && i < o.reviews.size(); ++i) {
    const auto expected = review_row_of(o, o.reviews[i]);
    const auto& found = stored.reviews[i];
    same = std::tie(expected.n, expected.kind, expected.state, expected.opened_at, expected.document) ==
           std::tie(found.n, found.kind, found.state, found.opened_at, found.document);
  }
  if (!same) report("reviews", o.id, fmt::format("{} are stored, its events ask for {}, or they differ", stored.reviews.size(), o.reviews.size()));
  expected_rows_.timers += stored.timers.size();
  expected_rows_.reviews += stored.reviews.size();
}

void auditor::check_stock() {
  source_.each_stock_row([this](const domain::stock_row& row) {
    ++result_.stock_rows;
    const auto name = fmt::format("{} at {}", row.sku, row.warehouse);
    const auto& level = row.level;
    if (level.reserved < 0 || level.reserved > level.on_hand) report("stock", name, fmt::format("{} reserved of {} on hand", level.reserved, level.on_hand));
    const auto moved = stock_.extract({row.sku, row.warehouse});
    const auto expected = moved.empty() ? domain::stock_level{} : moved.mapped();
    if (complete_ && (expected.on_hand != level.on_hand || expected.reserved != level.reserved))
      report("stock", name,
             fmt::format("the table says {} on hand, {} reserved; the events {} and {}", level.on_hand, level.reserved, expected.on_hand, expected.reserved));
  });
  for (const auto& [row, level] : stock_)
    if (complete_ && (level.on_hand != 0 || level.reserved != 0))
      report("stock", fmt::format("{} at {}", row.first, row.second), "its events moved stock, but it has no row");
}

void auditor::check_figures() {
  const auto name = [](const figure_key& k) {
    return fmt::format("{}, {}/{}/{} in {}", k.bucket == all_time ? "all time" : fmt::format("hour {}", k.bucket), k.status, k.payment, k.fulfillment,
                       std::string_view(k.currency.data(), k.currency.size()));
  };
  source_.each_figure([&](const figure_key& k, const figure_values& v) {
    const auto counted = figures_.extract(k);
    if ((counted.empty() ? figure_values{} : counted.mapped()) != v)
      report("figures", name(k),
             fmt::format("the counter says {} orders, there are {}, or their sums differ", v[0], counted.empty() ? 0 : counted.mapped()[0]));
  });
  for (const auto& [k, v] : figures_) report("figures", name(k), fmt::format("there are {} orders, but no counter", v[0]));
}

void auditor::check_orphans() {
  const auto found = source_.count_rows();
  const auto compare = [this](const char* what, std::uint64_t n, std::uint64_t expected) {
    if (n != expected) report("orphans", what, fmt::format("{} rows, the orders account for {}", n, expected));
  };
  compare("orders", found.orders, expected_rows_.orders);
  compare("documents", found.documents, expected_rows_.orders);
  compare("timers", found.timers, expected_rows_.timers);
  compare("reviews", found.reviews, expected_rows_.reviews);
  if (complete_) compare("listings", found.listings, expected_rows_.listings);
}

}  // namespace

verification verify(audit_source& source, const verify_options& options) { return auditor(source, options).run(); }

}  // namespace coreldove::persistence
