// What can be looked up at Stripe.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "integrations/sandbox/stripe/stripe.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::string_view invalid = "invalid_request_error";

void missing(reply& out, std::string_view what, std::string_view id, std::string_view param) {
  out.status = 404;
  append_error(out.body, {404, invalid, "resource_missing", fmt::format("No such {}: '{}'", what, id), param});
}

void wrong(reply& out, std::string_view message, std::string_view param) {
  out.status = 400;
  append_error(out.body, {400, invalid, "", message, param});
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t n = 0;
  const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return n;
}

/// A page of a list, newest first, as Stripe's cursors ask for it.
struct list_page {
  std::size_t limit = 10;
  std::uint64_t below = UINT64_MAX;    // starting_after: only older ones
  std::optional<std::uint64_t> above;  // ending_before: only newer ones
  std::uint64_t created_min = 0, created_max = UINT64_MAX;
};

bool read_page(reply& out, const form& query, const stripe_ids& ids, std::string_view prefix, std::initializer_list<std::string_view> filters,
               list_page& page) {
  for (const auto& f : query.fields()) {
    const auto n = number_in(f.value);
    if (f.key == "limit") {
      if (!n || *n < 1 || *n > 100) return wrong(out, "This value must be between 1 and 100.", "limit"), false;
      page.limit = static_cast<std::size_t>(*n);
    } else if (f.key == "starting_after" || f.key == "ending_before") {
      const auto at = ids.number_in(f.value, prefix);
      if (at == UINT64_MAX) return missing(out, "object", f.value, f.key), false;
      if (f.key == "starting_after")
        page.below = at;
      else
        page.above = at;
    } else if (f.key.starts_with("created")) {
      if (!n) return wrong(out, fmt::format("Invalid integer: {}", f.value), f.key), false;
      if (f.key == "created" || f.key == "created[gte]") page.created_min = *n;
      if (f.key == "created" || f.key == "created[lte]") page.created_max = *n;
      if (f.key == "created[gt]") page.created_min = *n + 1;
      if (f.key == "created[lt]") page.created_max = *n - 1;
    } else if (std::find(filters.begin(), filters.end(), f.key) == filters.end()) {
      return wrong(out, fmt::format("Received unknown parameter: {}", f.key), f.key), false;
    }
  }
  return true;
}

/// Writes the envelope around what `append(n)` writes for each n of [0, size) that is on the page and that `matches(n)` lets through.
template <class Created, class Matches, class Append>
void write_page(reply& out, std::string_view url, const list_page& page, std::uint64_t size, Created created, Matches matches, Append append) {
  std::vector<std::uint64_t> chosen;  // one more than asked tells has_more
  const auto take = [&](std::uint64_t n) {
    if (created(n) >= page.created_min && created(n) <= page.created_max && matches(n)) chosen.push_back(n);
    return chosen.size() <= page.limit;
  };
  if (page.above) {
    for (auto n = *page.above + 1; n < size && take(n); ++n) {
    }
  } else {
    for (auto n = std::min(page.below, size); n-- > 0 && take(n);) {
    }
  }
  const bool more = chosen.size() > page.limit;
  if (more) chosen.pop_back();
  if (page.above) std::reverse(chosen.begin(), chosen.end());
  out.body += R"({"object":"list","data":[)";
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (i > 0) out.body.push_back(',');
    append(chosen[i]);
  }
  fmt::format_to(std::back_inserter(out.body), R"(],"has_more":{},"url":"{}"}})", more, url);
}

}  // namespace

void stripe::show_intent(reply& out, std::string_view id) const {
  const auto n = ids_.number_in(id, "pi_");
  if (n >= intents_.size()) return missing(out, "payment_intent", id, "intent");
  append_intent(out.body, ids_, static_cast<std::uint32_t>(n), intents_[n], intents_[n].face);
}

void stripe::show_refund(reply& out, std::string_view id) const {
  const auto n = ids_.number_in(id, "re_");
  if (n >= refunds_.size()) return missing(out, "refund", id, "id");
  append_refund(out.body, ids_, static_cast<std::uint32_t>(n), refunds_[n], intents_[refunds_[n].intent]);
}

void stripe::list_intents(reply& out, const form& query) const {
  list_page page;
  if (!read_page(out, query, ids_, "pi_", {"customer"}, page)) return;
  const auto customer = query.find("customer").value_or("");
  write_page(
      out, "/v1/payment_intents", page, intents_.size(), [&](std::uint64_t n) { return intents_[n].created; },
      [&](std::uint64_t n) { return customer.empty() || intents_[n].customer.view() == customer; },
      [&](std::uint64_t n) { append_intent(out.body, ids_, static_cast<std::uint32_t>(n), intents_[n], intents_[n].face); });
}

void stripe::list_refunds(reply& out, const form& query) const {
  list_page page;
  if (!read_page(out, query, ids_, "re_", {"payment_intent", "charge"}, page)) return;
  std::uint64_t wanted = UINT64_MAX;
  if (const auto id = query.find("payment_intent")) {
    wanted = ids_.number_in(*id, "pi_");
    if (wanted >= intents_.size()) return missing(out, "payment_intent", *id, "payment_intent");
  }
  if (const auto id = query.find("charge")) {
    wanted = ids_.number_in(*id, "ch_");
    if (wanted >= intents_.size()) return missing(out, "charge", *id, "charge");
  }
  write_page(
      out, "/v1/refunds", page, refunds_.size(), [&](std::uint64_t n) { return refunds_[n].created; },
      [&](std::uint64_t n) { return wanted == UINT64_MAX || refunds_[n].intent == wanted; },
      [&](std::uint64_t n) { append_refund(out.body, ids_, static_cast<std::uint32_t>(n), refunds_[n], intents_[refunds_[n].intent]); });
}

void stripe::balance(reply& out) const {
  out.body += R"({"object":"balance","available":[)";
  const auto entry = [&](std::string_view currency, domain::minor_units amount) {
    fmt::format_to(std::back_inserter(out.body), R"({{"amount":{},"currency":"{}","source_types":{{"card":{}}}}})", amount, currency, amount);
  };
  bool first = true;
  for (const auto& [currency, amount] : balance_) {
    if (!std::exchange(first, false)) out.body.push_back(',');
    entry(currency, amount);
  }
  if (first) entry("usd", 0);
  out.body += R"(],"livemode":false,"pending":[]})";
}

}  // namespace coreldove::integrations::world
