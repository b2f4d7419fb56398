#include "persistence/postgres/changes.hpp"

#include <fmt/format.h>

#include "persistence/order_number.hpp"
#include "persistence/overload.hpp"
#include "persistence/postgres/arrays.hpp"
#include "persistence/written.hpp"

namespace coreldove::persistence::postgres {
namespace {

domain::failure conflict(std::string detail) { return {domain::errc::conflict, std::move(detail)}; }

bool goes_together(const job& j) { return std::holds_alternative<append_job>(j.what) || std::holds_alternative<outbox_job>(j.what); }

bool has_new_answer(const append& item) { return item.idempotency && !item.idempotency->replaces; }

template <class F>
void each_append(batch b, F&& f) {
  for (auto& j : b)
    if (const auto* a = std::get_if<append_job>(&j.what)) f(a->item);
}

}  // namespace

void changes::apply(batch b) {
  for (std::size_t from = 0; from < b.size();) {
    if (!goes_together(b[from])) {
      b[from].result = apply_alone(b[from]);
      ++from;
      continue;
    }
    auto to = from;
    while (to < b.size() && goes_together(b[to])) ++to;
    apply_together(b.subspan(from, to - from));
    from = to;
  }
}

void changes::remember() {
  known_.position = position_;
  for (const auto& [id, head] : heads_) known_.heads.put(id, head);
  for (const auto& [k, v] : figures_) known_.figures[k] = v;
}

void changes::apply_together(batch b) {
  look_up(b);
  for (auto& j : b) {
    if (auto* a = std::get_if<append_job>(&j.what)) {
      j.result = take(*a);
    } else {
      const auto& keys = std::get<outbox_job>(j.what).keys;
      delivered_.insert(delivered_.end(), keys.begin(), keys.end());
      j.result = append_outcome{};
    }
  }
  write();
}

void changes::look_up(batch b) {
  look_up_orders(b);
  look_up_keys(b);
  look_up_numbers(b);
}

void changes::look_up_orders(batch b) {
  std::set<std::string_view> wanted;
  each_append(b, [&](const append& item) {
    if (known_.is_mine(item.stream) && head_of(item.stream) == nullptr) wanted.insert(item.stream);
  });
  if (wanted.empty()) return;
  text_array ids;
  for (const auto id : wanted) ids.add(id);
  const auto found = db_.over(
      "SELECT id,no,version,hash,status,payment,fulfillment,currency,total,captured,refunded,confirmed_at,shipped_at,delivered_at,unfinished"
      " FROM orders WHERE id=ANY($1::text[])",
      {ids.parameter()});
  for (const auto& row : found) {
    order_head h;
    h.no = row[1].as<std::int64_t>();
    h.version = row[2].as<std::uint64_t>();
    h.hash = digest_from_hex(std::string_view(row[3].c_str()).substr(2)).value_or(digest{});
    auto& f = h.figures;
    f.status = static_cast<std::uint8_t>(row[4].as<int>());
    f.payment = static_cast<std::uint8_t>(row[5].as<int>());
    f.fulfillment = static_cast<std::uint8_t>(row[6].as<int>());
    std::string_view(row[7].c_str()).copy(f.currency.data(), f.currency.size());
    f.created_ms = created_ms_of(h.no);
    f.total = row[8].as<std::int64_t>();
    f.captured = row[9].as<std::int64_t>();
    f.refunded = row[10].as<std::int64_t>();
    const auto after_creation = [&](const pqxx::field& at) -> std::optional<std::int64_t> {
      if (at.is_null()) return std::nullopt;
      return at.as<std::int64_t>() - f.created_ms;
    };
    f.confirm_ms = after_creation(row[11]);
    f.ship_ms = after_creation(row[12]);
    f.deliver_ms = after_creation(row[13]);
    h.unfinished = row[14].as<int>() != 0;
    heads_.emplace(row[0].c_str(), h);
  }
}

void changes::look_up_keys(batch b) {
  text_array scopes, keys;
  std::set<key> asked;
  each_append(b, [&](const append& item) {
    if (!has_new_answer(item)) return;
    const auto& i = *item.idempotency;
    if (!asked.emplace(i.scope, i.key).second) return;
    scopes.add(i.scope);
    keys.add(i.key);
  });
  if (asked.empty()) return;
  const auto found = db_.over("SELECT u.scope,u.key FROM unnest($1::text[],$2::text[]) u(scope,key) JOIN idempotency i ON i.scope=u.scope AND i.key=u.key",
                              {scopes.parameter(), keys.parameter()});
  for (const auto& row : found) taken_keys_.insert(*asked.find(key{row[0].c_str(), row[1].c_str()}));
}

void changes::look_up_numbers(batch b) {
  std::set<std::int64_t> unknown;
  each_append(b, [&](const append& item) {
    const auto first = first_no(item.row.created_at.time_since_epoch().count());
    if (item.expected_version == 0 && !known_.numbers.is_known(first)) unknown.insert(first);
  });
  if (unknown.empty()) return;
  number_array firsts;
  for (const auto first : unknown) firsts.add(first);
  const auto found =
      db_.over(fmt::format("SELECT u.first,(SELECT max(no) FROM orders WHERE no>=u.first AND no<u.first+{}) FROM unnest($1::int8[]) u(first)", 1 << no_shift),
               {firsts.parameter()});
  for (const auto& row : found) known_.numbers.learn(row[0].as<std::int64_t>(), row[1].is_null() ? std::nullopt : std::optional(row[1].as<std::int64_t>()));
}

const order_head* changes::head_of(const std::string& id) const {
  if (const auto it = heads_.find(id); it != heads_.end()) return &it->second;
  return known_.heads.find(id);
}

changes::outcome changes::take(const append_job& j) {
  const auto& item = j.item;
  if (!known_.is_mine(item.stream)) {
    ++known_.fenced;
    return domain::failure{domain::errc::unavailable, fmt::format("{} belongs to another node", item.stream)};
  }
  std::optional<key> name;
  if (has_new_answer(item)) {
    name = key{item.idempotency->scope, item.idempotency->key};
    if (taken_keys_.contains(*name)) return conflict("idempotency key taken");
  }
  if (auto why = take_order(j)) return *std::move(why);
  if (name) {
    taken_keys_.insert(*name);
    new_answers_.emplace_back(&item, kept_document(item));
  } else if (item.idempotency) {
    better_answers_.emplace_back(&item, kept_document(item));
  }
  for (const auto& m : item.stock) {
    auto& sum = stock_[{m.sku, m.warehouse}];
    sum.on_hand += m.on_hand;
    sum.reserved += m.reserved;
  }
  take_queues(item);
  return append_outcome{item.expected_version + item.events.size(), position_};
}

std::optional<domain::failure> changes::take_order(const append_job& j) {
  const auto& item = j.item;
  const auto* before = head_of(item.stream);
  const bool is_new = item.expected_version == 0;
  if (is_new && item.events.empty()) return domain::failure{domain::errc::internal, fmt::format("{}: a stream begins with an event", item.stream)};
  if (is_new && before != nullptr) return conflict(fmt::format("{} exists already", item.stream));
  if (!is_new && (before == nullptr || before->version != item.expected_version))
    return conflict(fmt::format("{} is at version {}, not {}", item.stream, before != nullptr ? before->version : 0, item.expected_version));
  if (item.events.empty()) return std::nullopt;  // only a later answer, or work taken off a queue

  order_head start;
  if (before != nullptr) {
    start = *before;
    count(start.figures, true);
  } else {
    start.no = known_.numbers.next(first_no(item.row.created_at.time_since_epoch().count()));
  }
  auto hashes = is_new ? j.hashes : chain_events(item, start.hash);
  auto head = head_after(item, start, hashes.back());
  count(head.figures, false);
  if (item.row.tracking_numbers.size() != head.parcels) {
    for (const auto& n : item.row.tracking_numbers) {
      auto& holder = parcels_[n];
      if (holder < item.stream) holder = item.stream;  // carriers use numbers again after some months: the later order has it then
    }
    head.parcels = item.row.tracking_numbers.size();
  }
  position_ += item.events.size();
  journal_.push_back({position_, head.version, item.stream, item.by, item.trace_id, item.at, item.events, std::move(hashes)});
  auto& changed = orders_[item.stream];
  changed.last = &item;
  changed.head = head;
  changed.is_new = changed.is_new || is_new;
  heads_[item.stream] = head;
  return std::nullopt;
}

void changes::take_queues(const append& item) {
  for (const auto& t : item.timers) timers_[{item.stream, static_cast<int>(t.timer.kind), t.timer.n}] = &t;
  for (const auto& r : item.reviews) {
    auto& changed = reviews_[{item.stream, r.n}];
    if (changed.first == nullptr) changed.first = &r;
    changed.last = &r;
  }
  for (const auto& o : item.outbox) outbox_.push_back(&o);
}

void changes::count(const order_figures& f, bool negative) {
  auto values = values_of(f);
  if (negative)
    for (auto& v : values) v = std::uint64_t{0} - v;
  for (const auto bucket : {f.created_ms / bucket_ms, all_time}) persistence::add(added_[key_of(f, bucket)], values);
}

changes::outcome changes::apply_alone(job& j) {
  return std::visit(overload{[&](adjust_job& x) { return apply(x.item); }, [&](set_job& x) { return apply(x.item); },
                             [&](import_job& x) { return apply(x.items); }, [&](keep_job& x) { return apply(x.notices); },
                             [](auto&) -> outcome {
                               return domain::failure{domain::errc::internal, "not a job of its own"};
                             }},
                    j.what);
}

}  // namespace coreldove::persistence::postgres
