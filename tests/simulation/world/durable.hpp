#pragma once
// What is on the simulated disk: the same tables as the real store, and for each order the state that a replay of its events gives. Every append is checked
// as it is written: what the engine stored beside the events (row, document, timers, reviews) has to be what the events alone say.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "persistence/store.hpp"

namespace coreldove::simulation {

struct order_stream {
  std::vector<domain::history_entry> events;
  persistence::order_row row;
  domain::order replayed;
};

class durable {
public:
  using row_name = std::pair<std::string, std::string>;  // SKU, warehouse
  using timer_name = std::tuple<std::string, domain::timer_kind, std::uint32_t>;

  explicit durable(domain::policy rules) : rules_(std::move(rules)) {}

  /// All of it or nothing. Errors as in journal.hpp: conflict.
  domain::result<persistence::append_outcome> write(const persistence::append& item);
  domain::result<persistence::append_outcome> write(const persistence::stock_adjustment& item);
  domain::result<persistence::append_outcome> write(const persistence::setting& item);
  /// The events of one stream, also of those that belong to no order.
  std::vector<domain::history_entry> stream(const std::string& name) const;
  void write(const persistence::catalog& items);

  void keep(const persistence::kept_notice& n) {
    if (std::none_of(inbox.begin(), inbox.end(), [&](const auto& x) { return x.source == n.source && x.id == n.id; })) inbox.push_back(n);
  }

  const order_stream* find(const std::string& order_id) const;

  std::map<std::string, order_stream> orders;
  std::vector<domain::history_entry> log;  // of all streams; position = index + 1
  std::map<row_name, domain::stock_level> stock;
  std::map<row_name, std::int64_t> counted;  // on hand by catalogue and adjustments alone
  std::map<std::string, std::uint64_t> sku_versions;
  std::map<timer_name, domain::time_point> timers;
  std::map<std::pair<std::string, std::uint32_t>, persistence::review_change> reviews;
  std::map<std::string, persistence::outbox_entry> outbox;
  std::vector<persistence::kept_notice> inbox;
  std::map<std::string, std::string> mails_ever;  // key → payload of all that was ever in the outbox
  std::map<std::pair<std::string, std::string>, persistence::stored_key> keys;
  std::vector<domain::warehouse_info> warehouses;
  std::vector<domain::catalog_item> items;
  /// What should never have been written, in words.
  std::vector<std::string> complaints;

private:
  std::optional<domain::failure> refuse(const persistence::append& item) const;
  void take_events(order_stream& s, const persistence::append& item);
  void check(const order_stream& s, const persistence::append& item);
  void complain(const std::string& order_id, const std::string& what) { complaints.push_back(order_id + ": " + what); }

  domain::policy rules_;
};

}  // namespace coreldove::simulation
