// Figures about orders over a time, and about the stock as it stands.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "domain/money.hpp"
#include "http/handlers/handlers.hpp"
#include "http/handlers/stock_text.hpp"
#include "http/json_text.hpp"
#include "http/problem.hpp"
#include "http/query_string.hpp"

namespace coreldove::http {
namespace {

constexpr std::chrono::days span_default{30};
constexpr std::uint32_t skus_per_page = 200;
constexpr std::size_t low_stock_listed_max = 100;
constexpr std::uint64_t low_stock_default = 10;

/// Milliseconds as seconds, or null.
std::string seconds(std::optional<std::int64_t> ms) { return ms ? fmt::format("{:.3f}", static_cast<double>(*ms) / 1000.0) : "null"; }

std::string performance_body(domain::time_point from, domain::time_point to, const domain::performance& p) {
  std::string out = fmt::format(R"({{"from":"{}","to":"{}","orders":{},"confirmed":{},"shipped":{},"delivered":{},"open_reviews":{},"by_status":{{)",
                                format_time(from), format_time(to), p.orders, p.confirmed, p.shipped, p.delivered, p.open_reviews);
  for (const auto& [status, n] : p.by_status) out.append(fmt::format("{}\"{}\":{}", out.back() == '{' ? "" : ",", domain::to_string(status), n));
  out.append(fmt::format("}},\"average_seconds\":{{\"to_confirm\":{},\"to_ship\":{},\"to_deliver\":{}}},\"by_currency\":[", seconds(p.average_confirm_ms),
                         seconds(p.average_ship_ms), seconds(p.average_deliver_ms)));
  for (const auto& c : p.by_currency) {
    const auto currency = domain::currency::find(c.currency);
    const auto digits = currency ? currency->digits : std::uint8_t{2};
    const auto orders = static_cast<std::int64_t>(std::max<std::uint64_t>(c.orders, 1));
    out.append(fmt::format(R"({}{{"currency":"{}","orders":{},"total":"{}","captured":"{}","refunded":"{}","average_order_value":"{}"}})",
                           out.back() == '[' ? "" : ",", c.currency, c.orders, domain::format_amount(c.total, digits),
                           domain::format_amount(c.captured, digits), domain::format_amount(c.refunded, digits),
                           domain::format_amount(c.total / orders, digits)));
  }
  return out.append("]}");
}

/// Adds up the stock page by page.
class stock_sum : public std::enable_shared_from_this<stock_sum> {
public:
  stock_sum(app& a, std::int64_t low, problem_context where, responder reply) : app_(a), low_(low), where_(std::move(where)), reply_(std::move(reply)) {}

  void next(std::string cursor) {
    app_.engine.stock(std::move(cursor), skus_per_page, [self = shared_from_this()](domain::result<domain::stock_page> page) {
      if (!page) return self->reply_(to_response(page.error(), self->where_));
      self->add(*page);
      if (page->next_cursor.empty())
        self->finish();
      else
        self->next(std::move(page->next_cursor));
    });
  }

private:
  struct sum {
    std::uint64_t skus = 0;
    std::int64_t on_hand = 0, reserved = 0;
    void add(const domain::stock_level& l) {
      on_hand += l.on_hand;
      reserved += l.reserved;
    }
    std::string text() const { return fmt::format("\"skus\":{},\"on_hand\":{},\"reserved\":{},\"available\":{}", skus, on_hand, reserved, on_hand - reserved); }
  };

  void add(const domain::stock_page& page) {
    for (std::span<const domain::stock_row> rest{page.rows}; !rest.empty();) {
      const auto rows = next_sku(rest);
      sum one;
      for (const auto& row : rows) {
        one.add(row.level);
        auto& w = by_warehouse_[row.warehouse];
        ++w.skus;
        w.add(row.level);
      }
      ++all_.skus;
      all_.on_hand += one.on_hand;
      all_.reserved += one.reserved;
      const auto available = one.on_hand - one.reserved;
      if (available <= 0) ++out_of_stock_;
      if (available > low_) continue;
      ++low_stock_;
      if (low_stock_ > low_stock_listed_max) continue;
      if (!listed_.empty()) listed_.push_back(',');
      append_stock(listed_, rows);
    }
  }

  void finish() {
    response r;
    r.body = fmt::format("{{{},\"low_stock_threshold\":{},\"low_stock\":{},\"out_of_stock\":{},\"warehouses\":[", all_.text(), low_, low_stock_, out_of_stock_);
    for (const auto& [id, w] : by_warehouse_) {
      if (r.body.back() != '[') r.body.push_back(',');
      r.body.append("{\"id\":");
      append_json(r.body, id);
      r.body.append(",").append(w.text()).append("}");
    }
    r.body.append("],\"low_stock_items\":[").append(listed_).append("]}");
    reply_(std::move(r));
  }

  app& app_;
  std::int64_t low_;
  problem_context where_;
  responder reply_;
  sum all_;
  std::map<std::string, sum> by_warehouse_;
  std::uint64_t low_stock_ = 0, out_of_stock_ = 0;
  std::string listed_;
};

}  // namespace

void get_performance(app& a, const request& rq, responder reply) {
  std::vector<domain::field_error> errors;
  query_reader q{rq.query, errors};
  const auto to = q.time("to").value_or(a.clock.now());
  const auto from = q.time("from").value_or(to - span_default);
  if (errors.empty() && from >= to) q.complain("from", "range", "must be before to");
  q.finish();
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  aged_reply answer = [from, to, where = context_of(rq), reply = std::move(reply)](const domain::result<domain::performance>& found,
                                                                                   std::optional<std::chrono::milliseconds> age) {
    if (!found) return reply(to_response(found.error(), where));
    response r;
    r.body = performance_body(from, to, *found);
    if (age) r.add_header("Age", fmt::format("{}", std::chrono::ceil<std::chrono::seconds>(*age).count()));
    reply(std::move(r));
  };
  if (a.options.performance) return a.options.performance(from, to, std::move(answer));
  a.engine.performance(from, to, [answer = std::move(answer)](const domain::result<domain::performance>& found) { answer(found, std::nullopt); });
}

void get_inventory_figures(app& a, const request& rq, responder reply) {
  std::vector<domain::field_error> errors;
  query_reader q{rq.query, errors};
  const auto low = q.number("low_stock_threshold", 0, 1'000'000).value_or(low_stock_default);
  q.finish();
  if (!errors.empty())
    return reply(to_response(problem{problems::invalid_input, "Some parameters are not acceptable.", std::move(errors), {}, 0}, context_of(rq)));
  std::make_shared<stock_sum>(a, static_cast<std::int64_t>(low), context_of(rq), std::move(reply))->next({});
}

}  // namespace coreldove::http
