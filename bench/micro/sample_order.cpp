#include "bench/micro/sample_order.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <variant>

#include "bench/request_writer.hpp"
#include "http/json_reader.hpp"
#include "http/order_reader.hpp"

namespace coreldove::bench {
namespace {

constexpr domain::time_point some_time{std::chrono::milliseconds{1'795'000'000'000}};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "coreldove-micro: {}\n", why);
  std::abort();
}

/// An order and the commands that move it on; every command has to be taken.
class story {
public:
  explicit story(std::vector<domain::event>* events) : events_(events) {}

  void tell(const domain::command& what) {
    auto next = domain::decide(order_, what, policy_, some_time);
    if (!next) give_up(next.error().detail);
    for (auto& e : *next) {
      domain::evolve(order_, e, some_time);
      if (events_ != nullptr) events_->push_back(std::move(e));
    }
  }

  /// The outside world says yes to everything that is open.
  void settle() {
    for (auto open = domain::open_operations(order_); !open.empty(); open = domain::open_operations(order_)) {
      domain::settle_operation done;
      done.n = open.front()->n;
      done.outcome = domain::operation_outcome::done;
      done.reference = fmt::format("ref_{}", done.n);
      if (open.front()->kind == domain::operation_kind::label) done.tracking_number = "794600000001";
      tell(done);
    }
  }

  domain::order& order() { return order_; }

private:
  domain::order order_;
  domain::policy policy_;
  std::vector<domain::event>* events_;
};

void place_and_confirm(story& s, const domain::order_input& input) {
  std::vector<domain::allocation> stock;
  for (std::uint32_t i = 0; i < input.items.size(); ++i) stock.push_back({i, input.items[i].sku, "US-EAST", input.items[i].quantity, 110, false});
  s.tell(domain::place_order{"ord_01JD00000000000000000000AB", input, "bench", {0, "accept", {}}, std::move(stock)});
  s.settle();
  if (s.order().status != domain::order_status::confirmed) give_up("the sample order was not confirmed");
}

}  // namespace

const std::string& sample_body() {
  static const std::string body = [] {
    request_writer writer{*parse_command_line({}).go, "micro", 1, 0};
    std::string request;
    writer.create(request);
    auto text = request.substr(request.find("\r\n\r\n") + 4);
    text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    return text;
  }();
  return body;
}

domain::intake_rules sample_rules() { return {{"stripe"}, "tok_visa"}; }

domain::order_input sample_input() {
  const auto root = http::read_json(sample_body());
  if (root.index() != 0) give_up("the sample body is not read");
  auto read = http::read_order_draft(std::get<0>(root), sample_body());
  auto input = domain::validate(std::move(read.draft), sample_rules(), std::move(read.complaints));
  if (!input) give_up("the sample order is refused: " + input.error().detail);
  return *std::move(input);
}

domain::order sample_confirmed(const domain::order_input& input, std::vector<domain::event>* events) {
  story s{events};
  place_and_confirm(s, input);
  return std::move(s.order());
}

domain::order sample_life(const domain::order_input& input, std::vector<domain::event>* events) {
  story s{events};
  place_and_confirm(s, input);
  s.tell(domain::fulfill_order{});
  s.settle();
  s.tell(domain::track_shipment{s.order().shipments.at(0).tracking_number, domain::tracking_state::picked_up, "e-1", some_time, "Picked up", "Newark"});
  s.tell(domain::track_shipment{s.order().shipments.at(0).tracking_number, domain::tracking_state::delivered, "e-2", some_time, "Delivered", "Austin"});
  s.settle();
  if (s.order().status != domain::order_status::delivered) give_up("the sample order was not delivered");
  return std::move(s.order());
}

}  // namespace coreldove::bench
