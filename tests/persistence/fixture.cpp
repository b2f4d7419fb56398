#include "tests/persistence/fixture.hpp"

#include <fmt/format.h>

#include "tests/postgres/server.hpp"

namespace coreldove::persistence::testing {
namespace {

class either_backend final : public backend {
public:
  explicit either_backend(std::string place) : place_(std::move(place)) { reopen(); }
  persistence::journal& journal() override { return store_->journal(); }
  persistence::store& store() override { return store_->store(); }
  void reopen() override {
    store_.reset();
    store_ = open_store({.place = place_, .on_commit = {}, .observe = {}});
  }
  opened_store& opened() override { return *store_; }
  std::unique_ptr<audit_source> audit() override { return open_audit(place_); }
  std::unique_ptr<api_keys> keys() override { return open_api_keys(place_); }

private:
  std::string place_;
  std::unique_ptr<opened_store> store_;
};

/// The database goes after the store that uses it.
class postgres_backend final : public backend {
public:
  persistence::journal& journal() override { return store_.journal(); }
  persistence::store& store() override { return store_.store(); }
  void reopen() override { store_.reopen(); }
  opened_store& opened() override { return store_.opened(); }
  std::unique_ptr<audit_source> audit() override { return store_.audit(); }
  std::unique_ptr<api_keys> keys() override { return store_.keys(); }

private:
  postgres_test::fresh_database database_;
  either_backend store_{database_.address()};
};

}  // namespace

temporary_folder::temporary_folder() {
  auto name = (std::filesystem::temp_directory_path() / "coreldove-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<backend_kind> backends() {
  return {{"sqlite",
           [](const std::filesystem::path& folder) -> std::unique_ptr<backend> { return std::make_unique<either_backend>((folder / "store.db").string()); }},
          {"postgres", [](const std::filesystem::path&) -> std::unique_ptr<backend> { return std::make_unique<postgres_backend>(); }}};
}

domain::time_point at(std::int64_t ms) { return domain::time_point{domain::duration{ms}}; }

std::string order_id(int n) {
  domain::entropy e{};
  for (std::size_t i = 0; i < 4; ++i) e[9 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return domain::make_order_id(at(noon), e);
}

append new_order(int n, std::int64_t created_ms) {
  append a;
  a.stream = order_id(n);
  a.at = at(created_ms);
  a.by = "customer-1";
  a.trace_id = "0af7651916cd43dd8448eb211c80319c";
  a.events = {{"order_received", fmt::format(R"({{"order_id":"{}"}})", a.stream)}};
  a.row.customer_id = "cust_1";
  a.row.customer_email = "buyer@example.com";
  a.row.currency = "USD";
  a.row.total = 1'000;
  a.row.skus = {"SKU-1"};
  a.row.created_at = a.row.updated_at = a.at;
  a.row.document = fmt::format(R"({{"id":"{}","version":1}})", a.stream);
  return a;
}

append next_of(const append& before) {
  append a = before;
  a.expected_version += before.events.size();
  a.at += domain::duration{1};
  a.events = {{"order_confirmed", "{}"}};
  a.row.updated_at = a.at;
  a.row.document = fmt::format(R"({{"id":"{}","version":{}}})", a.stream, a.expected_version + 1);
  a.stock.clear();
  a.timers.clear();
  a.reviews.clear();
  a.outbox.clear();
  a.idempotency.reset();
  return a;
}

domain::result<append_outcome> put(journal& j, append item) {
  return answer<append_outcome>([&](append_done done) { j.append(std::move(item), std::move(done)); });
}

domain::result<append_outcome> adjust(journal& j, stock_adjustment item) {
  return answer<append_outcome>([&](append_done done) { j.adjust(std::move(item), std::move(done)); });
}

domain::result<bool> import(journal& j, catalog items) {
  return answer<bool>([&](plain_done done) { j.import(std::move(items), std::move(done)); });
}

domain::page list(store& s, const domain::order_query& q) {
  auto r = answer<domain::page>([&](reply<domain::page> done) { s.list(q, std::move(done)); });
  if (!r) throw std::runtime_error(r.error().detail);
  return *std::move(r);
}

domain::result<domain::document> document(store& s, const std::string& id) {
  return answer<domain::document>([&](reply<domain::document> done) { s.document(id, std::move(done)); });
}

std::vector<domain::history_entry> load(store& s, const std::string& id) {
  auto r = answer<std::vector<domain::history_entry>>([&](reply<std::vector<domain::history_entry>> done) { s.load(id, std::move(done)); });
  return r ? *std::move(r) : std::vector<domain::history_entry>();
}

domain::stock_level level(store& s, const std::string& sku, const std::string& warehouse) {
  auto r = answer<std::vector<domain::stock_row>>([&](reply<std::vector<domain::stock_row>> done) { s.stock_of(sku, std::move(done)); });
  if (r)
    for (const auto& row : *r)
      if (row.warehouse == warehouse) return row.level;
  return {};
}

catalog shelf(const std::string& sku, const std::string& warehouse, std::int64_t on_hand) {
  catalog c;
  c.warehouses = {{warehouse, warehouse, "DE", "BE", "10115"}};
  c.items = {{sku, "prod-" + sku, "Thing " + sku, 250, false}};
  c.levels = {{sku, warehouse, {on_hand, 0}}};
  return c;
}

}  // namespace coreldove::persistence::testing
