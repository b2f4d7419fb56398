#include "tests/http/fake_engine.hpp"

#include <algorithm>
#include <stdexcept>

#include "domain/ulid.hpp"

namespace coreldove::test {
namespace {

std::string document_of(const std::string& id, const std::string& customer) {
  return R"({"id":")" + id + R"(","status":"confirmed","version":7,"customer_id":")" + customer +
         R"(","currency":"USD","items":[{"sku":"A","quantity":2},{"sku":"B","quantity":1}],"fraud":{"score":"12.0"},"reviews":[{"id":"r"}],"shipments":[]})";
}

std::optional<domain::document> known(const std::string& id) {
  if (id == known_order) return domain::document{document_of(id, "cust_1"), 7, "cust_1"};
  if (id == others_order) return domain::document{document_of(id, "cust_2"), 7, "cust_2"};
  return std::nullopt;
}

const domain::failure no_order{domain::errc::not_found, "There is no such order."};

std::vector<domain::stock_row> rows_of(const std::string& sku) {
  if (sku != "A" && sku != "B/1 x") return {};
  return {{sku, "east", {10, 4}}, {sku, "west", {5, 0}}};
}

}  // namespace

fake_engine::fake_engine() : thread_([this] { run(); }) {}

fake_engine::~fake_engine() {
  {
    const std::lock_guard lock{mutex};
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void fake_engine::run() {
  std::unique_lock lock{mutex};
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void fake_engine::post(std::function<void()> task) {
  tasks_.push_back(std::move(task));
  changed_.notify_all();
}

template <class T, class F>
void fake_engine::answer(actors::reply<T> done, F value) {
  const std::lock_guard lock{mutex};
  post([done = std::move(done), failed = failure, value = std::move(value)] {
    if (failed)
      done(*failed);
    else
      done(value());
  });
}

bool fake_engine::wait_until(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex};
  return changed_.wait_for(lock, limit, holds);
}

void fake_engine::release() {
  const std::lock_guard lock{mutex};
  hold = false;
  for (auto& task : held_) post(std::move(task));
  held_.clear();
}

std::size_t fake_engine::held() {
  const std::lock_guard lock{mutex};
  return held_.size();
}

void fake_engine::place(domain::order_input input, actors::request rq, actors::reply<actors::order_answer> done) {
  const std::lock_guard lock{mutex};
  if (throw_on_place) throw std::runtime_error{"secret inner detail"};
  placed.push_back(input);
  requests.push_back(rq);
  domain::result<actors::order_answer> result = [&]() -> domain::result<actors::order_answer> {
    if (failure) return *failure;
    const auto name = rq.key ? rq.key->scope + "|" + rq.key->key : std::string{};
    if (const auto found = keys_.find(name); rq.key && found != keys_.end()) {
      if (found->second.first != rq.key->fingerprint) return domain::failure{domain::errc::key_reused, "Another body came with this key."};
      auto again = found->second.second;
      again.replayed = true;
      return again;
    }
    domain::entropy random{};
    random[8] = static_cast<std::uint8_t>(++next_order_ >> 8);
    random[9] = static_cast<std::uint8_t>(next_order_);
    const auto id = domain::make_order_id(domain::time_point{std::chrono::milliseconds{1'700'000'000'000}}, random);
    actors::order_answer fresh{rq.wait ? 201 : 202, 3, id, document_of(id, input.customer_id), false};
    if (rq.key) keys_[name] = {rq.key->fingerprint, fresh};
    return fresh;
  }();
  std::function<void()> task = [done = std::move(done), result = std::move(result)] { done(result); };
  if (hold)
    held_.push_back(std::move(task));
  else
    post(std::move(task));
  changed_.notify_all();
}

void fake_engine::tell(std::string order_id, domain::command what, actors::request rq, actors::reply<actors::order_answer> done) {
  {
    const std::lock_guard lock{mutex};
    commands.push_back(what);
    requests.push_back(rq);
  }
  answer<actors::order_answer>(std::move(done), [this, order_id, version = rq.expected_version]() -> domain::result<actors::order_answer> {
    const auto d = known(order_id);
    if (!d) return no_order;
    if (version && *version != d->version) return domain::failure{domain::errc::stale, "The order has version 7."};
    return actors::order_answer{200, d->version + 1, order_id, d->json, replays};
  });
}

void fake_engine::adjust_stock(std::string sku, std::string, std::optional<std::int64_t> set, std::optional<std::int64_t> change, std::string reason,
                               actors::request rq, actors::reply<actors::stock_answer> done) {
  {
    const std::lock_guard lock{mutex};
    on_hand = set;
    delta = change;
    adjust_reason = std::move(reason);
    requests.push_back(std::move(rq));
  }
  answer<actors::stock_answer>(std::move(done), [this, sku] { return actors::stock_answer{rows_of(sku), replays}; });
}

void fake_engine::webhook(std::string source, actors::header_lookup headers, std::string raw_body, std::string, actors::reply<bool> done) {
  {
    const std::lock_guard lock{mutex};
    webhook_source = source;
    webhook_signature = headers("stripe-signature");
    webhook_body = std::move(raw_body);
  }
  answer<bool>(std::move(done), [source]() -> domain::result<bool> {
    if (source != "stripe") return domain::failure{domain::errc::not_found, "No such source."};
    return true;
  });
}

void fake_engine::document(std::string order_id, actors::reply<domain::document> done) {
  answer<domain::document>(std::move(done), [order_id]() -> domain::result<domain::document> {
    if (auto d = known(order_id)) return *d;
    return no_order;
  });
}

void fake_engine::list(domain::order_query query, actors::reply<domain::page> done) {
  {
    const std::lock_guard lock{mutex};
    queries.push_back(query);
  }
  answer<domain::page>(std::move(done), [] { return domain::page{{document_of(known_order, "cust_1")}, "next page", 17}; });
}

void fake_engine::ledger(std::string order_id, actors::reply<domain::document> done) { document(std::move(order_id), std::move(done)); }
void fake_engine::evidence(std::string order_id, actors::reply<domain::document> done) { document(std::move(order_id), std::move(done)); }
void fake_engine::payment_inbox(std::uint64_t after, std::uint32_t limit, actors::reply<domain::page> done) {
  answer<domain::page>(std::move(done), [=] {
    return domain::page{{"{\"after\":" + std::to_string(after) + ",\"limit\":" + std::to_string(limit) + "}"}, "", 1};
  });
}
void fake_engine::payment_finding(std::string order_id, domain::take_finding what, actors::reply<bool> done) {
  {
    const std::lock_guard lock{mutex};
    findings.emplace_back(std::move(order_id), std::move(what));
  }
  answer<bool>(std::move(done), [] { return true; });
}
void fake_engine::tracking(std::string order_id, actors::reply<domain::document> done) { document(std::move(order_id), std::move(done)); }

void fake_engine::history(std::string order_id, std::uint64_t after_seq, std::uint32_t limit, actors::reply<domain::page> done) {
  answer<domain::page>(std::move(done), [=]() -> domain::result<domain::page> {
    if (!known(order_id)) return no_order;
    domain::page out;
    out.total = 3;
    for (auto seq = after_seq + 1; seq <= 3 && out.items.size() < limit; ++seq) out.items.push_back("{\"seq\":" + std::to_string(seq) + "}");
    if (after_seq + out.items.size() < 3) out.next_cursor = std::to_string(after_seq + out.items.size());
    return out;
  });
}

void fake_engine::stock(std::string from, std::uint32_t, actors::reply<domain::stock_page> done) {
  answer<domain::stock_page>(std::move(done), [from] {
    domain::stock_page out;
    out.total = 2;
    out.rows = rows_of(from.empty() ? "A" : "B/1 x");
    if (from.empty()) out.next_cursor = "A";
    return out;
  });
}

void fake_engine::stock_of(std::string sku, actors::reply<std::vector<domain::stock_row>> done) {
  answer<std::vector<domain::stock_row>>(std::move(done), [sku] { return rows_of(sku); });
}

void fake_engine::certificate(actors::reply<std::string> done) {
  answer<std::string>(std::move(done), [] { return std::string{R"({"kind":"coreldove stock certificate"})"}; });
}

void fake_engine::routing(actors::reply<domain::document> done) {
  answer<domain::document>(std::move(done), [] { return domain::document{R"({"version":3,"controls":{}})", 3, {}}; });
}

void fake_engine::set_routing(std::string json, actors::request rq, actors::reply<domain::document> done) {
  {
    const std::lock_guard lock{mutex};
    routing_json = std::move(json);
    requests.push_back(rq);
  }
  answer<domain::document>(std::move(done), [version = rq.expected_version]() -> domain::result<domain::document> {
    if (version && *version != 3) return domain::failure{domain::errc::stale, "The routing is at version 3."};
    return domain::document{R"({"version":4,"controls":{}})", 4, {}};
  });
}

void fake_engine::reviews(domain::review_query query, actors::reply<domain::page> done) {
  {
    const std::lock_guard lock{mutex};
    last_review_query = query;
  }
  answer<domain::page>(std::move(done), [] { return domain::page{{"{\"kind\":\"fraud\"}"}, "", 1}; });
}

void fake_engine::performance(domain::time_point, domain::time_point, actors::reply<domain::performance> done) {
  answer<domain::performance>(std::move(done), [] {
    domain::performance p;
    p.orders = 4;
    p.by_status = {{domain::order_status::confirmed, 3}, {domain::order_status::rejected, 1}};
    p.by_currency = {{"USD", 3, 30'000, 10'000, 50}, {"JPY", 1, 120, 0, 0}};
    p.average_confirm_ms = 1234;
    return p;
  });
}

void fake_engine::feed(std::uint64_t after, std::uint32_t limit, actors::reply<std::vector<domain::history_entry>> done) {
  answer<std::vector<domain::history_entry>>(std::move(done), [this, after, limit] {
    const std::lock_guard lock{mutex};
    std::vector<domain::history_entry> out;
    for (const auto& e : feed_entries)
      if (e.position > after && out.size() < limit) out.push_back(e);
    return out;
  });
}

void fake_engine::last_position(actors::reply<std::uint64_t> done) {
  answer<std::uint64_t>(std::move(done), [this] {
    const std::lock_guard lock{mutex};
    return feed_entries.empty() ? std::uint64_t{0} : feed_entries.back().position;
  });
}

void fake_engine::commit(std::string stream, std::string type) {
  std::vector<std::function<void()>> told;
  {
    const std::lock_guard lock{mutex};
    domain::history_entry e;
    e.position = feed_entries.empty() ? 1 : feed_entries.back().position + 1;
    e.stream = std::move(stream);
    e.type = std::move(type);
    feed_entries.push_back(std::move(e));
    for (const auto& [number, w] : watchers_) told.push_back(w);
  }
  for (const auto& w : told) w();
}

std::shared_ptr<void> fake_engine::watch(std::function<void()> on_commit) {
  const std::lock_guard lock{mutex};
  const auto number = next_watcher_++;
  watchers_.emplace(number, std::move(on_commit));
  changed_.notify_all();
  return std::shared_ptr<void>{this, [this, number](void*) {
                                 const std::lock_guard ending{mutex};
                                 watchers_.erase(number);
                               }};
}

std::string fake_engine::feed_document(const domain::history_entry& e) const {
  return "{\"position\":" + std::to_string(e.position) + ",\"order_id\":\"" + e.stream + "\"}";
}

domain::intake_rules fake_engine::intake() const { return {{"stripe"}, "tok_visa"}; }

std::vector<actors::component_health> fake_engine::health() const { return components; }

bool fake_engine::ready() const { return is_ready; }

std::optional<domain::failure> fake_engine::busy(bool patient) const {
  if (patient && door_shut && door_shut->code == domain::errc::overloaded) return std::nullopt;
  return door_shut;
}

}  // namespace coreldove::test
