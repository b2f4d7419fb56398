#include "tests/faults/books.hpp"

#include <algorithm>
#include <thread>

namespace coreldove::faults_test {

using namespace program_test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

/// "59.98" in hundredths.
std::int64_t hundredths(const json& amount) {
  auto text = amount.get<std::string>();
  std::erase(text, '.');
  return std::stoll(text);
}

bool has_open_review(const json& order) {
  return std::ranges::any_of(order.at("reviews"), [](const json& r) { return r.at("status") == "open"; });
}

bool is_parcel_on_its_way(const json& shipment) { return shipment.at("status") == "shipped" || shipment.at("status") == "delivered"; }

std::string place_of(const json& allocation, const std::string& warehouse) { return allocation.at("sku").get<std::string>() + " at " + warehouse; }

/// Calls `each` with every item of every page.
template <class Each>
void read_pages(const shop& at, const std::string& path, Each each) {
  std::string cursor;
  do {
    const auto page = json::parse(at.call("GET", path + (cursor.empty() ? "" : "&cursor=" + cursor)).body);
    for (const auto& item : page.at("items")) each(item);
    cursor = page.at("next_cursor").is_null() ? std::string{} : page.at("next_cursor").get<std::string>();
  } while (!cursor.empty());
}

}  // namespace

stock_levels on_hand(const shop& at) {
  stock_levels out;
  read_pages(at, "/inventory?limit=100", [&](const json& row) {
    for (const auto& w : row.at("warehouses")) out[place_of(row, w.at("id"))] = w.at("on_hand");
  });
  return out;
}

books::books(const shop& at) : shop_(at) {
  read_pages(at, "/orders?limit=200&sort=created_at", [&](const json& o) {
    const auto id = o.at("id").get<std::string>();
    if (!orders_.emplace(id, o).second) violated(id + " is listed twice");
  });
}

void books::check_rest() {
  for (const auto& [id, o] : orders_) {
    const auto status = o.at("status").get<std::string>(), payment = o.at("payment_status").get<std::string>();
    const bool person = has_open_review(o);
    if (status == "received" || status == "fulfilling" || status == "on_hold") {
      if (!person) violated(id + " is stuck: " + status + " / " + payment);
    } else if ((payment == "unknown" || (payment == "pending" && status != "cancelled" && status != "rejected")) && !person) {
      violated(id + " is stuck with its payment: " + status + " / " + payment);
    }
  }
}

void books::check_effects() {
  std::set<std::string> seen;
  std::map<std::string, effects> by_order;
  for (const auto& line : shop_.ledger()) {
    const auto operation = line.at("operation").get<std::string>(), id = line.at("order_id").get<std::string>();
    if (operation == "webhook") continue;  // told, not done; what it does twice would show below
    const auto vendor = line.at("vendor").get<std::string>();
    const auto key = vendor + " " + operation + " " + line.at("idempotency_key").get<std::string>();
    // Stripe's way to void and Razorpay's to capture take no name of the operation; the payment it is about is what that may happen to once.
    const bool nameless = operation == "void" || (vendor == "razorpay" && operation == "capture");
    const auto about = key + " " + (nameless ? line.at("reference").get<std::string>() : std::string{});
    if (!seen.insert(about).second) violated("done twice: " + about);
    if (!nameless && line.at("idempotency_key").get<std::string>().empty()) violated("done without a key: " + line.dump());
    auto& done = by_order[id];
    done.goes_back_by_itself |= vendor == "razorpay";  // which cannot void: what is not captured in time returns to the buyer
    const auto amount = line.at("amount").is_null() ? 0 : hundredths(line.at("amount"));
    if (operation == "authorize") ++done.authorized, done.authorized_amount += amount;
    if (operation == "void") ++done.voided;
    if (operation == "capture") done.captured += amount;
    if (operation == "refund") ++done.refunds, done.refunded += amount;
    if (operation == "label") ++done.labels;
    if (operation == "void_label") ++done.voided_labels;
  }
  for (const auto& [id, done] : by_order) {
    const auto o = orders_.find(id);
    if (o == orders_.end())
      violated("the outside world knows an order that is not there: " + id);
    else
      check_order_money(id, o->second, done);
  }
}

void books::check_order_money(const std::string& id, const json& o, const effects& done) {
  const auto& amounts = o.at("amounts");
  const auto status = o.at("status").get<std::string>();
  const auto live = done.authorized - done.voided;
  if (live > 1) violated(id + " has " + std::to_string(live) + " live authorizations");
  if (done.captured > done.authorized_amount) violated(id + ": more captured than authorized");
  if (done.refunded > done.captured) violated(id + ": more refunded than captured");
  if (done.captured != hundredths(amounts.at("captured"))) violated(id + ": captured outside " + std::to_string(done.captured) + ", inside " + amounts.dump());
  if (done.refunded != hundredths(amounts.at("refunded"))) violated(id + ": refunded outside " + std::to_string(done.refunded) + ", inside " + amounts.dump());
  if (has_open_review(o)) return;  // what is left to be done is for a person to say
  if ((status == "rejected" || status == "cancelled") && live != 0 && done.captured == 0 && !done.goes_back_by_itself)
    violated(id + " is " + status + " and still holds the buyer's money");
  if (status == "confirmed" && live != 1) violated(id + " is confirmed without a live authorization");
  if ((status == "shipped" || status == "delivered") && done.captured != hundredths(amounts.at("total"))) violated(id + " has left without being paid");
  const auto parcels = std::ranges::count_if(o.at("shipments"), [](const json& s) { return is_parcel_on_its_way(s) || s.at("status") == "labelled"; });
  if (done.labels - done.voided_labels != parcels)
    violated(id + " has " + std::to_string(parcels) + " parcels and " + std::to_string(done.labels - done.voided_labels) + " labels");
}

void books::check_stock(const stock_levels& before) {
  std::map<std::string, std::int64_t> held, gone;
  for (const auto& [id, o] : orders_) {
    for (const auto& a : o.at("allocations")) held[place_of(a, a.at("warehouse"))] += a.at("quantity").get<std::int64_t>();
    for (const auto& s : o.at("shipments"))
      if (is_parcel_on_its_way(s))
        for (const auto& l : s.at("lines")) gone[place_of(l, s.at("warehouse"))] += l.at("quantity").get<std::int64_t>();
  }
  read_pages(shop_, "/inventory?limit=100", [&](const json& row) {
    for (const auto& w : row.at("warehouses")) {
      const auto place = place_of(row, w.at("id"));
      const auto reserved = w.at("reserved").get<std::int64_t>(), there = w.at("on_hand").get<std::int64_t>();
      if (reserved != held[place]) violated(place + ": reserved " + std::to_string(reserved) + ", held by orders " + std::to_string(held[place]));
      if (reserved > there || reserved < 0) violated(place + ": reserved " + std::to_string(reserved) + " of " + std::to_string(there));
      const auto expected = before.at(place) - gone[place];
      if (there != expected) violated(place + ": on hand " + std::to_string(there) + " instead of " + std::to_string(expected));
    }
  });
}

void books::check_promises(const buyers& told, std::size_t repeats_max) {
  for (const auto& c : told.complaints()) violated(c);
  for (const auto& p : told.acknowledged())
    if (!orders_.contains(p.id)) violated("acknowledged and lost: " + p.id);
  for (const auto& [id, times] : told.refunds()) {
    const auto o = orders_.find(id);
    if (o != orders_.end() && hundredths(o->second.at("amounts").at("refunded")) != times * 100 && !has_open_review(o->second))
      violated(id + ": acknowledged " + std::to_string(times) + " refunds of 1.00, made " + o->second.at("amounts").dump());
  }
  const auto& all = told.acknowledged();
  const auto step = std::max<std::size_t>(1, all.size() / std::max<std::size_t>(1, repeats_max));
  for (std::size_t i = 0; i < all.size(); i += step) {
    const auto again = shop_.call("POST", "/orders", all[i].body, {{"Idempotency-Key", all[i].key}});
    if (json::parse(again.body).value("id", "") != all[i].id) violated("key " + all[i].key + " got " + all[i].id + " and now " + again.body);
  }
  if (shop_.count("") != orders_.size()) violated("repeats have made new orders");
}

void books::check_known(const std::vector<std::string>& ids) {
  for (const auto& id : ids)
    if (!orders_.contains(id)) violated("acknowledged and lost: " + id);
}

books settled_books(const shop& at, const buyers& told, const stock_levels& before, std::chrono::seconds at_most, const std::vector<std::string>& known) {
  constexpr std::size_t keys_tried = 100;
  for (const auto until = std::chrono::steady_clock::now() + at_most;; std::this_thread::sleep_for(200ms)) {
    books found{at};
    found.check_rest();
    found.check_effects();
    found.check_stock(before);
    found.check_known(known);
    found.check_promises(told, keys_tried);
    if (found.violations().empty() || std::chrono::steady_clock::now() > until) return found;
  }
}

}  // namespace coreldove::faults_test
