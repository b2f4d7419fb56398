#include "bench/request_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace coreldove::bench {
namespace {

struct place {
  std::string_view line1, city, state, postal_code, phone;
};
constexpr std::array places{
    place{"1 Main St", "Springfield", "IL", "62701", "+12175550100"},       place{"350 Fifth Ave", "New York", "NY", "10118", "+12125550101"},
    place{"600 Congress Ave", "Austin", "TX", "78701", "+15125550102"},     place{"1301 Second Ave", "Seattle", "WA", "98101", "+12065550103"},
    place{"200 S Grand Ave", "Los Angeles", "CA", "90012", "+12135550104"}, place{"1 Beacon St", "Boston", "MA", "02108", "+16175550105"},
    place{"1700 Lincoln St", "Denver", "CO", "80203", "+13035550106"},      place{"191 Peachtree St", "Atlanta", "GA", "30303", "+14045550107"},
    place{"100 N Tampa St", "Tampa", "FL", "33602", "+18135550108"},        place{"1515 Market St", "Philadelphia", "PA", "19102", "+12155550109"},
    place{"221 W 6th Ave", "Portland", "OR", "97204", "+15035550110"},      place{"50 S 6th St", "Minneapolis", "MN", "55402", "+16125550111"}};

// An order stays under 900.00 whatever the quantities, so that it is never held as one of high value (1000.00).
constexpr std::uint64_t most_per_order_cents = 90'000;
constexpr std::uint64_t dearest_cents = 4'999, cheapest_cents = 20;

std::string money(std::uint64_t cents) { return fmt::format("{}.{:02}", cents / 100, cents % 100); }

std::string common_fields(const options& o) {
  std::string host = o.server.host.find(':') == std::string::npos ? o.server.host : "[" + o.server.host + "]";
  auto out = fmt::format("Host: {}:{}\r\nAccept: application/json\r\n", host, o.server.port);
  if (!o.api_key.empty()) out += fmt::format("X-API-Key: {}\r\n", o.api_key);
  return out;
}

}  // namespace

std::string plain_get(const options& o, std::string_view target) { return fmt::format("GET {} HTTP/1.1\r\n{}\r\n", target, common_fields(o)); }

request_writer::request_writer(const options& o, std::string_view tag, std::uint64_t seed, std::uint32_t thread)
    : random_(seed + thread),
      prefix_(fmt::format("{}{}-", tag, thread)),
      list_queries_(o.list_queries),
      lines_per_order_(o.lines),
      customers_(o.customers),
      keys_(o.idempotency_keys),
      email_(o.email) {
  prepare_heads(o);
  prepare_lines(o);
  prepare_tails(o);
  prepare_popularity(o);
}

void request_writer::prepare_heads(const options& o) {
  const auto common = common_fields(o);
  create_head_ = fmt::format("POST {}/orders HTTP/1.1\r\n{}Content-Type: application/json\r\n", api_prefix, common);
  if (o.wait > 0) create_head_ += fmt::format("Prefer: wait={}\r\n", o.wait);
  get_head_ = fmt::format("GET {}/orders/", api_prefix);
  list_head_ = fmt::format("GET {}/orders?", api_prefix);
  after_target_ = fmt::format(" HTTP/1.1\r\n{}\r\n", common);
  fulfill_head_ = fmt::format("/fulfill HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}", common);
}

void request_writer::prepare_lines(const options& o) {
  const auto dearest = std::min(dearest_cents, most_per_order_cents / (std::uint64_t{o.lines} * most_per_line));
  lines_.resize(o.skus.size());
  for (std::size_t sku = 0; sku < o.skus.size(); ++sku) {
    const auto price = cheapest_cents + (sku * 397) % (dearest - cheapest_cents + 1);  // spread over the range; 397 is prime
    for (std::uint64_t quantity = 1; quantity <= most_per_line; ++quantity)
      lines_[sku][quantity - 1] =
          fmt::format(R"({{"product_id":"prod_{0}","sku":"{0}","name":"Benchmark article {0}","quantity":{1},"unit_price":"{2}","total_price":"{3}"}})",
                      o.skus[sku], quantity, money(price), money(price * quantity));
  }
}

void request_writer::prepare_tails(const options& o) {
  std::string payment = R"("payment_method":"credit_card",)";
  if (!o.token.empty()) payment += fmt::format(R"("payment_token":"{}",)", o.token);
  if (!o.gateway.empty()) payment += fmt::format(R"("payment_gateway":"{}",)", o.gateway);
  for (const auto& at : places) {
    const auto address = fmt::format(R"({{"name":"A. Buyer","line1":"{}","line2":"","city":"{}","state":"{}","postal_code":"{}","country":"US","phone":"{}"}})",
                                     at.line1, at.city, at.state, at.postal_code, at.phone);
    tails_.push_back(fmt::format(
        R"(],"billing_address":{0},"shipping_address":{0},{1}"shipping_method":"standard","shipping_cost":"5.00","tax":"0.00","discount":"0.00","metadata":{{"channel":"bench"}}}})",
        address, payment));
  }
}

void request_writer::prepare_popularity(const options& o) {
  if (o.zipf == 0) return;
  double sum = 0;
  for (std::size_t rank = 1; rank <= o.skus.size(); ++rank) popularity_.push_back(sum += std::pow(static_cast<double>(rank), -o.zipf));
  for (auto& share : popularity_) share /= sum;
}

std::uint64_t request_writer::pick(std::uint64_t bound) { return random_() % bound; }

std::size_t request_writer::pick_sku() {
  if (popularity_.empty()) return pick(lines_.size());
  const auto point = std::generate_canonical<double, 53>(random_);
  const auto at = std::upper_bound(popularity_.begin(), popularity_.end(), point);
  return std::min<std::size_t>(static_cast<std::size_t>(at - popularity_.begin()), lines_.size() - 1);
}

void request_writer::write_body() {
  auto to = std::back_inserter(body_);
  body_.assign(R"({"customer_id":"cust_)");
  const auto customer = customers_ == 0 ? fmt::format("{}{}", prefix_, made_) : fmt::format("{}", pick(customers_));
  body_.append(customer).append("\",");
  if (email_) fmt::format_to(to, R"("customer_email":"cust_{}@example.com",)", customer);
  body_.append(R"("currency":"USD","items":[)");
  chosen_.clear();
  while (chosen_.size() < lines_per_order_) {
    auto sku = pick_sku();
    // A SKU comes once per order: where the draw repeats itself, the next one that is free is taken.
    while (std::find(chosen_.begin(), chosen_.end(), sku) != chosen_.end()) sku = (sku + 1) % lines_.size();
    if (!chosen_.empty()) body_.push_back(',');
    chosen_.push_back(sku);
    body_.append(lines_[sku][pick(most_per_line)]);
  }
  body_.append(tails_[pick(tails_.size())]);
}

void request_writer::create(std::string& out) {
  ++made_;
  write_body();
  out.append(create_head_);
  if (keys_) fmt::format_to(std::back_inserter(out), "Idempotency-Key: {}{}\r\n", prefix_, made_);
  fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n\r\n", body_.size());
  out.append(body_);
}

void request_writer::get(std::string_view order_id, std::string& out) { out.append(get_head_).append(order_id).append(after_target_); }

void request_writer::list(std::string& out) { out.append(list_head_).append(list_queries_[listed_++ % list_queries_.size()]).append(after_target_); }

void request_writer::fulfill(std::string_view order_id, std::string& out) {
  out.append("POST ").append(api_prefix).append("/orders/").append(order_id).append(fulfill_head_);
}

}  // namespace coreldove::bench
