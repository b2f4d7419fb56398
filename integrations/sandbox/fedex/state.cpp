// What FedEx remembers, and its lines of the state file.
#include <fmt/format.h>
#include <simdjson.h>

#include <stdexcept>

#include "integrations/sandbox/fedex/fedex.hpp"
#include "integrations/sandbox/fedex/reading.hpp"
#include "integrations/sandbox/json_text.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr domain::currency dollars{{'U', 'S', 'D'}, 2};

/// FedEx Express: the digits from the left weighted 3, 1, 7 in turn, modulo 11, modulo 10.
char check_digit(std::string_view digits) {
  constexpr std::array weights{3, 1, 7};
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) sum += (digits[i] - '0') * weights[i % weights.size()];
  return static_cast<char>('0' + sum % 11 % 10);
}

}  // namespace

std::string fedex::number_of(std::uint32_t n) const {
  std::string digits = fmt::format("{}", first_number_ + n);
  digits.push_back(check_digit(digits));
  return digits;
}

std::optional<std::uint32_t> fedex::find(std::string_view tracking_number) const {
  std::uint64_t number = 0;
  if (tracking_number.size() != 12) return std::nullopt;
  for (char c : tracking_number.substr(0, 11)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number < first_number_ || number - first_number_ >= parcels_.size() || check_digit(tracking_number.substr(0, 11)) != tracking_number[11])
    return std::nullopt;
  return static_cast<std::uint32_t>(number - first_number_);
}

std::uint32_t fedex::add(fedex_parcel p, std::string_view transaction, std::int64_t at_ms) {
  const auto n = static_cast<std::uint32_t>(parcels_.size());
  p.scans.push_back({at_ms, domain::tracking_state::label_created});
  world_.book.append({at_ms, name(), operation::label, transaction, number_of(n), p.order_id.view(), p.price, dollars});
  if (world_.log.enabled()) {
    std::string line = fmt::format(R"({{"v":"fedex","at":{},"label":{},"price":{},"service":"{}")", at_ms, n, p.price, p.service->type);
    const auto member = [&](std::string_view name, std::string_view text) {
      fmt::format_to(std::back_inserter(line), R"(,"{}":)", name);
      append_json(line, text);
    };
    member("key", transaction);
    member("reference", p.reference.view());
    member("order_id", p.order_id.view());
    member("account", p.account.view());
    member("from", p.from.view());
    member("to", p.to.view());
    line.push_back('}');
    world_.log.append(line);
  }
  if (!p.reference.view().empty()) by_reference_.emplace(p.reference.view(), n);
  parcels_.push_back(std::move(p));
  return n;
}

void fedex::scan(std::uint32_t n, domain::tracking_state state, std::int64_t at_ms) {
  parcels_[n].scans.push_back({at_ms, state});
  if (world_.log.enabled()) world_.log.append(fmt::format(R"({{"v":"fedex","at":{},"scan":{},"state":"{}"}})", at_ms, n, domain::to_string(state)));
}

void fedex::book_cancel(std::uint32_t n, std::string_view transaction, std::int64_t at_ms) {
  const auto& p = parcels_[n];
  world_.book.append({at_ms, name(), operation::void_label, transaction, number_of(n), p.order_id.view(), p.price, dollars});
  parcels_[n].scans.push_back({at_ms, domain::tracking_state::cancelled});
  if (!world_.log.enabled()) return;
  std::string line = fmt::format(R"({{"v":"fedex","at":{},"void":{},"key":)", at_ms, n);
  append_json(line, transaction);
  line.push_back('}');
  world_.log.append(line);
}

void fedex::restore(const simdjson::dom::element& line) {
  const std::lock_guard lock(mutex_);
  const std::int64_t at = line["at"].get_int64().value();
  std::uint64_t n = 0;
  if (line["label"].get_uint64().get(n) == simdjson::SUCCESS) {
    if (n != parcels_.size()) throw std::runtime_error("a label before this one is missing");
    fedex_parcel p;
    p.price = line["price"].get_int64().value();
    p.service = find_fedex_service(line["service"].get_string().value());
    if (p.service == nullptr) throw std::runtime_error("the service is not known");
    p.reference = texts_.put(line["reference"].get_string().value());
    p.order_id = texts_.put(line["order_id"].get_string().value());
    p.account = texts_.put(line["account"].get_string().value());
    p.from = texts_.put(line["from"].get_string().value());
    p.to = texts_.put(line["to"].get_string().value());
    add(std::move(p), line["key"].get_string().value(), at);
    return;
  }
  const bool is_void = line["void"].get_uint64().get(n) == simdjson::SUCCESS;
  if (!is_void) n = line["scan"].get_uint64().value();
  if (n >= parcels_.size()) throw std::runtime_error("the label of this line is missing");
  if (is_void) return book_cancel(static_cast<std::uint32_t>(n), line["key"].get_string().value(), at);
  const auto state = domain::tracking_state_from(line["state"].get_string().value());
  if (!state) throw std::runtime_error("the state is not known");
  scan(static_cast<std::uint32_t>(n), *state, at);
}

}  // namespace coreldove::integrations::world
