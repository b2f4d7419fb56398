// The reading half of the store in memory.
#include <algorithm>
#include <stdexcept>

#include "persistence/codec/event_codec.hpp"
#include "tests/simulation/world/memory_store.hpp"

namespace coreldove::simulation {
namespace {

const domain::failure unreadable{domain::errc::unavailable, "the store cannot be read at the moment"};
const domain::failure not_here{domain::errc::not_found, "not in the store"};

}  // namespace

bool memory_store::fails() {
  if (reads_to_fail_ == 0) return false;
  --reads_to_fail_;
  return true;
}

void memory_store::stumble(const char* what) {
  if (auto& times = reads_throw_[what]; times > 0) {
    --times;
    throw std::runtime_error("no memory for the question");
  }
}

template <class T>
void memory_store::read(reply<T> done, std::function<domain::result<T>()> look) {
  if (!open_) return;
  reads_.put([this, done = std::move(done), look = std::move(look)]() mutable {
    auto found = fails() ? domain::result<T>{unreadable} : look();
    reads_.put([done = std::move(done), found = std::move(found)] { done(found); });
  });
}

void memory_store::load(std::string order_id, reply<std::vector<domain::history_entry>> done) {
  read<std::vector<domain::history_entry>>(std::move(done), [this, id = std::move(order_id)]() -> domain::result<std::vector<domain::history_entry>> {
    const auto* s = disk.find(id);
    if (!s) return std::vector<domain::history_entry>{};
    auto events = s->events;
    if (auto& times = poisoned_[id]; times > 0) {
      --times;
      persistence::event_record impossible{"review_opened", {}};
      persistence::encode(domain::review_opened{9'999, domain::review_kind::quality, "no order can take this in"}, impossible.data);
      events.push_back({0, id, events.size() + 1, impossible.type, events.back().at, {}, {}, impossible.data});
    }
    return events;
  });
}

void memory_store::document(std::string order_id, reply<domain::document> done) {
  read<domain::document>(std::move(done), [this, id = std::move(order_id)]() -> domain::result<domain::document> {
    const auto* s = disk.find(id);
    if (!s) return not_here;
    return domain::document{s->row.document.empty() ? persistence::order_document(s->replayed) : s->row.document, s->events.size(), s->row.customer_id};
  });
}

void memory_store::history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) {
  using rows = std::vector<domain::history_entry>;
  read<rows>(std::move(done), [this, id = std::move(order_id), after_seq, limit]() -> domain::result<rows> {
    const auto* s = disk.find(id);
    if (!s) return not_here;
    rows out;
    for (auto seq = after_seq; seq < s->events.size() && out.size() < limit; ++seq) out.push_back(s->events[seq]);
    return out;
  });
}

void memory_store::feed(std::uint64_t after_position, std::uint32_t limit, reply<std::vector<domain::history_entry>> done) {
  using rows = std::vector<domain::history_entry>;
  read<rows>(std::move(done), [this, after_position, limit]() -> domain::result<rows> {
    rows out;
    for (auto p = after_position; p < disk.log.size() && out.size() < limit; ++p) out.push_back(disk.log[p]);
    return out;
  });
}

void memory_store::last_position(reply<std::uint64_t> done) {
  read<std::uint64_t>(std::move(done), [this]() -> domain::result<std::uint64_t> { return disk.log.size(); });
}

void memory_store::stock_of(std::string sku, reply<std::vector<domain::stock_row>> done) {
  using rows = std::vector<domain::stock_row>;
  read<rows>(std::move(done), [this, sku = std::move(sku)]() -> domain::result<rows> {
    rows out;
    for (const auto& [name, level] : disk.stock)
      if (name.first == sku) out.push_back({name.first, name.second, level});
    if (out.empty()) return not_here;
    return out;
  });
}

void memory_store::stock(std::string from_sku_exclusive, std::uint32_t limit, reply<domain::stock_page> done) {
  read<domain::stock_page>(std::move(done), [this, from = std::move(from_sku_exclusive), limit]() -> domain::result<domain::stock_page> {
    domain::stock_page page;
    std::string last;
    std::uint32_t skus = 0;
    for (const auto& [name, level] : disk.stock) {
      if (name.first <= from) continue;
      if (name.first != last && ++skus > limit) break;
      last = name.first;
      page.rows.push_back({name.first, name.second, level});
    }
    return page;
  });
}

void memory_store::order_of_parcel(std::string tracking_number, reply<std::string> done) {
  read<std::string>(std::move(done), [this, number = std::move(tracking_number)]() -> domain::result<std::string> {
    for (const auto& [id, s] : disk.orders)
      if (std::find(s.row.tracking_numbers.begin(), s.row.tracking_numbers.end(), number) != s.row.tracking_numbers.end()) return id;
    return not_here;
  });
}

void memory_store::past_orders(std::string customer_id, std::uint32_t limit, reply<std::vector<domain::past_order>> done) {
  stumble("past_orders");
  using past = std::vector<domain::past_order>;
  read<past>(std::move(done), [this, customer = std::move(customer_id), limit]() -> domain::result<past> {
    past out;
    for (auto it = disk.orders.rbegin(); it != disk.orders.rend() && out.size() < limit; ++it) {
      const auto& o = it->second.replayed;
      if (o.input->customer_id == customer) out.push_back({o.created_at, o.total(), o.input->currency});
    }
    return out;
  });
}

void memory_store::key(std::string scope, std::string key, reply<std::optional<persistence::stored_key>> done) {
  stumble("key");
  using found = std::optional<persistence::stored_key>;
  read<found>(std::move(done), [this, name = std::pair{std::move(scope), std::move(key)}]() -> domain::result<found> {
    const auto it = disk.keys.find(name);
    if (it == disk.keys.end()) return found{};
    auto known = it->second;
    const auto* s = disk.find(known.answer.order_id);
    if (known.answer.document.empty() && s) {
      const auto order = persistence::rebuild({s->events.begin(), s->events.begin() + static_cast<std::ptrdiff_t>(known.answer.version)});
      if (!order) return order.error();
      known.answer.document = persistence::order_document(*order);
    }
    return found{std::move(known)};
  });
}

void memory_store::due_timers(domain::time_point until, std::uint32_t limit, reply<std::vector<persistence::due_timer>> done) {
  stumble("due_timers");
  using due = std::vector<persistence::due_timer>;
  read<due>(std::move(done), [this, until, limit]() -> domain::result<due> {
    due out;
    for (const auto& [name, at] : disk.timers)
      if (at <= until) out.push_back({std::get<0>(name), {std::get<1>(name), std::get<2>(name), at}});
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.timer.due_at < b.timer.due_at; });
    if (out.size() > limit) out.resize(limit);
    return out;
  });
}

void memory_store::unfinished(std::string after_order_id, std::uint32_t limit, reply<std::vector<std::string>> done) {
  using ids = std::vector<std::string>;
  read<ids>(std::move(done), [this, after = std::move(after_order_id), limit]() -> domain::result<ids> {
    ids out;
    for (auto it = disk.orders.upper_bound(after); it != disk.orders.end() && out.size() < limit; ++it)
      if (it->second.row.unfinished) out.push_back(it->first);
    return out;
  });
}

void memory_store::outbox(std::string after_key, std::uint32_t limit, reply<std::vector<persistence::outbox_entry>> done) {
  stumble("outbox");
  using entries = std::vector<persistence::outbox_entry>;
  read<entries>(std::move(done), [this, after = std::move(after_key), limit]() -> domain::result<entries> {
    entries out;
    for (auto it = disk.outbox.upper_bound(after); it != disk.outbox.end() && out.size() < limit; ++it) out.push_back(it->second);
    return out;
  });
}

void memory_store::kept_notices(std::uint64_t after, std::uint32_t limit, reply<std::vector<persistence::kept_notice>> done) {
  using notices = std::vector<persistence::kept_notice>;
  read<notices>(std::move(done), [this, after, limit]() -> domain::result<notices> {
    const auto& all = disk.inbox;
    const auto from = std::min<std::size_t>(after, all.size());
    return notices(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(all.size(), from + limit)));
  });
}

void memory_store::load_catalog(reply<persistence::catalog> done) {
  stumble("load_catalog");
  read<persistence::catalog>(std::move(done), [this]() -> domain::result<persistence::catalog> {
    persistence::catalog c{disk.warehouses, disk.items, {}, disk.log.size()};
    for (const auto& [name, level] : disk.stock) c.levels.push_back({name.first, name.second, level});
    return c;
  });
}

void memory_store::ping(reply<bool> done) {
  read<bool>(std::move(done), []() -> domain::result<bool> { return true; });
}

// Searching, and certificates, are the real store's business, and tested there; no actor asks for any of it.
void memory_store::list(domain::order_query, reply<domain::page> done) { done(unreadable); }
void memory_store::reviews(domain::review_query, reply<domain::page> done) { done(unreadable); }
void memory_store::stock_ledger(std::uint64_t, std::uint64_t, reply<persistence::stock_ledger_page> done) { done(unreadable); }
void memory_store::performance(domain::time_point, domain::time_point, reply<domain::performance> done) { done(unreadable); }

}  // namespace coreldove::simulation
