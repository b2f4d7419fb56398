#include "persistence/sql/list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <variant>
#include <vector>

#include "domain/money.hpp"
#include "domain/ulid.hpp"
#include "persistence/order_number.hpp"
#include "persistence/sql/figures_reader.hpp"
#include "persistence/sql/journal_rows.hpp"

namespace coreldove::persistence::sql {
namespace {

using parameter = std::variant<std::int64_t, std::string>;

/// A piece of SQL and what belongs to its question marks.
struct clause {
  std::string sql;
  std::vector<parameter> parameters;
};

/// One filter of the query: how it tests a row `o`, and how it would lead the query by its own index.
struct filter {
  clause test;
  std::string index = {};     // of orders; none: it cannot lead
  bool in_list_order = true;  // leading, it gives its rows in the order of the list

  bool leads() const { return !index.empty(); }
};

struct plan {
  std::vector<filter> filters;
  clause range{"o.no>=? AND o.no<?", {}};
  std::int64_t narrow = narrow_rows_max;
  std::vector<clause> counted_by;  // where not empty: the sum of these is the total of the one filter
};

/// Everything with this beginning is at least the text and less than this: behind it stands the last code point, which is no character.
std::string end_of_prefix(const std::string& text) { return text + "\xf4\x8f\xbf\xbf"; }

/// As databases do where letters' case does not count.
std::string folded(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

void append_clause(clause& to, const clause& c) {
  to.sql += c.sql;
  to.parameters.insert(to.parameters.end(), c.parameters.begin(), c.parameters.end());
}

rows start(connection& r, const std::string& sql, const std::vector<parameter>& parameters) {
  std::vector<value> values;
  values.reserve(parameters.size());
  for (const auto& p : parameters) values.push_back(std::visit([](const auto& v) { return to_value(v); }, p));
  return r.query_planned(sql, values);
}

clause from_where(const plan& p, const filter* leading) {
  clause c;
  if (leading != nullptr)
    c.sql = fmt::format("FROM orders o INDEXED BY {} WHERE ", leading->index), append_clause(c, leading->test);
  else
    c.sql = "FROM orders o NOT INDEXED WHERE TRUE";
  for (const auto& f : p.filters) {
    if (&f == leading) continue;
    c.sql += " AND ";
    append_clause(c, f.test);
  }
  c.sql += " AND ";
  append_clause(c, p.range);
  return c;
}

std::uint64_t count(connection& r, const clause& c) {
  auto found = start(r, "SELECT count(*) " + c.sql, c.parameters);
  return found.next() ? found.count(0) : 0;
}

std::int64_t width(connection& r, const plan& p, const filter& f) {
  const plan alone{{f}, p.range, p.narrow, {}};
  auto c = from_where(alone, &alone.filters.front());
  auto found = start(r, fmt::format("SELECT count(*) FROM (SELECT 1 {} LIMIT {}) s", c.sql, p.narrow), c.parameters);
  return found.next() ? found.integer(0) : 0;
}

/// The filter with the fewest rows; where all have many, the first that gives them in the order of the list; else the table itself. Nothing where the
/// database chooses.
const filter* choose_lead(connection& r, const plan& p) {
  if (!r.words().led_by_hand) return nullptr;
  const filter* best = nullptr;
  auto fewest = std::numeric_limits<std::int64_t>::max();
  for (const auto& f : p.filters) {
    if (!f.leads()) continue;
    if (p.filters.size() == 1 && f.in_list_order) return &f;
    const auto n = width(r, p, f);
    if (n >= fewest || (n >= p.narrow && !f.in_list_order)) continue;
    best = &f;
    fewest = n;
  }
  return best;
}

void add_status(plan& p, const char* column, const std::optional<std::uint8_t>& value) {
  if (value) p.filters.push_back({{fmt::format("o.{}=?", column), {std::int64_t{*value}}}});
}

void add_statuses(plan& p, const list_filter& f) {
  add_status(p, "payment", f.payment);
  add_status(p, "fulfillment", f.fulfillment);
  add_status(p, "status", f.status);
}

/// An order's id, or the beginning of a customer's id or address.
void add_search(connection& r, plan& p, const std::string& q) {
  if (domain::is_order_id(q)) {
    p.filters.push_back({{"o.id=?", {q}}, "sqlite_autoindex_orders_1"});
    return;
  }
  const auto end = end_of_prefix(q), small = folded(q), small_end = end_of_prefix(small);
  const auto is_email = [&r](std::string_view table) {
    const auto column = fmt::format(fmt::runtime(r.words().case_blind), fmt::format("{}customer_email", table));
    return fmt::format("{0}>=? AND {0}<?", column);
  };
  const filter customer{{"o.customer_id>=? AND o.customer_id<?", {q, end}}, "orders_customer", false};
  const filter email{{is_email("o."), {small, small_end}}, "orders_email", false};
  const bool narrow = r.words().led_by_hand && width(r, p, customer) + width(r, p, email) < p.narrow;
  if (narrow) {
    p.filters.push_back({{fmt::format("o.no IN (SELECT no FROM orders INDEXED BY orders_customer WHERE customer_id>=? AND customer_id<?"
                                      " UNION SELECT no FROM orders INDEXED BY orders_email WHERE {})",
                                      is_email("")),
                          {q, end, small, small_end}}});
    return;
  }
  p.filters.push_back({{fmt::format("(o.customer_id>=? AND o.customer_id<? OR {})", is_email("o.")), {q, end, small, small_end}}});
  if (!r.words().led_by_hand) return;
  const filter not_customer{{"NOT (o.customer_id>=? AND o.customer_id<?)", {q, end}}};
  const plan by_customer{{customer}, p.range, p.narrow, {}};
  const plan by_email_alone{{email, not_customer}, p.range, p.narrow, {}};
  p.counted_by = {from_where(by_customer, &by_customer.filters[0]), from_where(by_email_alone, &by_email_alone.filters[0])};
}

domain::failure invalid(const char* name, const char* what) {
  return {domain::errc::invalid_input, "the query cannot be read", {{fmt::format("/{}", name), "invalid", what}}};
}

template <class T>
std::optional<std::uint8_t> code(const std::optional<T>& status) {
  if (!status) return std::nullopt;
  return static_cast<std::uint8_t>(*status);
}

/// All of the query but whom it looks for.
domain::result<list_filter> filter_of(const domain::order_query& q) {
  list_filter f{code(q.status), code(q.payment), code(q.fulfillment), {}};
  if (!q.sku.empty()) f.sku = q.sku;
  if (q.min_total || q.max_total) {
    const auto from = q.min_total ? domain::parse_amount(*q.min_total, 4) : std::optional<domain::minor_units>(0);
    const auto to = q.max_total ? domain::parse_amount(*q.max_total, 4) : std::optional<domain::minor_units>(f.total_below);
    if (!from) return invalid("min_total", "must be a decimal");
    if (!to) return invalid("max_total", "must be a decimal");
    f.total_from = *from, f.total_below = *to;
  }
  const auto no_at = [](domain::time_point t) { return first_no(std::max<std::int64_t>(t.time_since_epoch().count(), 0)); };
  if (q.created_after) f.no_from = no_at(*q.created_after);
  if (q.created_before) f.no_below = no_at(*q.created_before);
  return f;
}

/// What the cursor leaves of the numbers from `from` to below `below`.
domain::result<bool> go_on(const domain::order_query& q, std::int64_t& from, std::int64_t& below) {
  if (q.cursor.empty()) return true;
  const auto no = no_of(q.cursor);
  if (!no) return invalid("cursor", "is none that this server gave out");
  if (q.oldest_first)
    from = std::max(from, *no + 1);
  else
    below = std::min(below, *no);
  return true;
}

std::size_t limit_of(const domain::order_query& q) { return std::clamp<std::uint32_t>(q.limit, 1, 200); }

plan make_plan(connection& r, const domain::order_query& q, const list_filter& f, std::int64_t narrow) {
  plan p;
  p.narrow = narrow;
  p.range.parameters = {f.no_from, f.no_below};
  if (!q.customer_id.empty()) p.filters.push_back({{"o.customer_id=?", {q.customer_id}}, "orders_customer"});
  if (f.sku) p.filters.push_back({{"EXISTS(SELECT 1 FROM order_skus x WHERE x.sku=? AND x.no=o.no)", {*f.sku}}});
  add_statuses(p, f);
  if (q.min_total || q.max_total) p.filters.push_back({{"o.total_e4>=? AND o.total_e4<?", {f.total_from, f.total_below}}});
  if (!q.q.empty()) add_search(r, p, q.q);
  return p;
}

std::uint64_t total_of(connection& r, const domain::order_query& q, const plan& p, const filter* leading) {
  const bool only_statuses = q.customer_id.empty() && q.sku.empty() && q.q.empty() && !q.min_total && !q.max_total;
  if (only_statuses) return count_orders(r, {q.status, q.payment, q.fulfillment}, {q.created_after, q.created_before});
  if (p.filters.size() == 1 && !p.counted_by.empty()) {
    std::uint64_t total = 0;
    for (const auto& c : p.counted_by) total += count(r, c);
    return total;
  }
  // Counting does not care for the order of the list: any index is better than the table.
  if (leading == nullptr) {
    const auto it = std::find_if(p.filters.begin(), p.filters.end(), [](const filter& f) { return f.leads(); });
    if (it != p.filters.end()) leading = &*it;
  }
  return count(r, from_where(p, leading));
}

struct found_order {
  std::string id;
  std::uint64_t version = 0;
  std::string document;  // empty: made again of the events
};

domain::result<bool> show(connection& r, std::vector<found_order>& found, domain::page& page) {
  for (auto& o : found) {
    if (o.document.empty()) {
      auto made = document_made_again(r, o.id, o.version);
      if (!made) return made.error();
      o.document = *std::move(made);
    }
    page.items.push_back(std::move(o.document));
  }
  return true;
}

domain::result<bool> read_page(connection& r, const domain::order_query& q, const plan& p, const filter* leading, domain::page& page) {
  const auto limit = static_cast<std::int64_t>(limit_of(q));
  const auto* direction = q.oldest_first ? "ASC" : "DESC";
  auto c = from_where(p, leading);
  c.parameters.emplace_back(limit + 1);
  const auto sql = fmt::format(
      "SELECT p.no,p.id,p.version,(SELECT document FROM documents d WHERE d.no=p.no) FROM (SELECT o.no AS no,o.id AS id,o.version AS version {0}"
      " ORDER BY o.no {1} LIMIT ?) p ORDER BY p.no {1}",
      c.sql, direction);
  std::vector<found_order> all;
  {
    auto found = start(r, sql, c.parameters);
    std::int64_t last = 0;
    while (found.next()) {
      if (static_cast<std::int64_t>(all.size()) == limit) {
        page.next_cursor = cursor_of(last);
        break;
      }
      last = found.integer(0);
      all.push_back({found.string(1), found.count(2), found.string(3)});
    }
  }
  return show(r, all, page);
}

/// The documents of the page that the index has found. One whose statuses have changed since, so that it is not meant any longer, is left out.
domain::result<domain::page> list_by_index(connection& r, const domain::order_query& q, const list_index& index, const list_filter& f, std::int64_t from,
                                           std::int64_t below) {
  const auto limit = limit_of(q);
  const auto found = index.find(f, from, below, q.oldest_first, limit + 1);
  if (!found) return domain::failure{domain::errc::unavailable, "the store is being closed"};
  domain::page page;
  page.total = found->total;
  plan p;
  add_statuses(p, f);
  clause c{"SELECT o.id,o.version,d.document FROM orders o LEFT JOIN documents d ON d.no=o.no WHERE o.no=?", {std::int64_t{0}}};
  for (const auto& status : p.filters) c.sql += " AND ", append_clause(c, status.test);
  std::vector<found_order> orders;
  const auto shown = std::min(found->numbers.size(), limit);
  for (std::size_t i = 0; i < shown; ++i) {
    c.parameters.front() = found->numbers[i];
    auto row = start(r, c.sql, c.parameters);
    if (row.next()) orders.push_back({row.string(0), row.count(1), row.string(2)});
  }
  if (auto all = show(r, orders, page); !all) return all.error();
  if (found->numbers.size() > limit) page.next_cursor = cursor_of(found->numbers[limit - 1]);
  return page;
}

}  // namespace

std::string cursor_of(std::int64_t no) {
  char text[16];
  return {text, std::to_chars(text, text + sizeof text, no, 36).ptr};
}

std::optional<std::int64_t> no_of(std::string_view cursor) {
  std::int64_t no = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), no, 36);
  if (error != std::errc() || end != cursor.data() + cursor.size() || no < 0) return std::nullopt;
  return no;
}

domain::result<domain::page> list_orders(connection& r, const domain::order_query& q, const list_index* index, std::int64_t narrow) {
  const auto f = filter_of(q);
  if (!f) return f.error();
  auto from = f->no_from, below = f->no_below;
  if (auto known = go_on(q, from, below); !known) return known.error();
  if (index != nullptr && q.customer_id.empty() && q.q.empty()) return list_by_index(r, q, *index, *f, from, below);
  return r.in_snapshot([&]() -> domain::result<domain::page> {
    auto p = make_plan(r, q, *f, narrow);
    const auto* leading = choose_lead(r, p);
    domain::page page;
    page.total = total_of(r, q, p, leading);
    p.range.parameters = {from, below};
    if (auto all = read_page(r, q, p, leading, page); !all) return all.error();
    return page;
  });
}

domain::result<domain::page> list_reviews(connection& r, const domain::review_query& q) {
  std::int64_t after = -1;
  if (!q.cursor.empty()) {
    const auto no = no_of(q.cursor);
    if (!no) return invalid("cursor", "is none that this server gave out");
    after = *no;
  }
  clause c{"FROM reviews WHERE TRUE", {}};
  if (q.state != "all") append_clause(c, {" AND state=?", {q.state}});
  if (q.kind) append_clause(c, {" AND kind=?", {static_cast<std::int64_t>(*q.kind)}});
  return r.in_snapshot([&]() -> domain::result<domain::page> {
    domain::page page;
    page.total = count(r, c);
    const auto limit = std::clamp<std::uint32_t>(q.limit, 1, 200);
    append_clause(c, {" AND no>? ORDER BY no LIMIT ?", {after, static_cast<std::int64_t>(limit) + 1}});
    auto found = start(r, "SELECT no,document " + c.sql, c.parameters);
    while (found.next()) {
      if (page.items.size() == limit) {
        page.next_cursor = cursor_of(after);
        break;
      }
      after = found.integer(0);
      page.items.push_back(found.string(1));
    }
    return page;
  });
}

}  // namespace coreldove::persistence::sql
