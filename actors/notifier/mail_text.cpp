#include "actors/notifier/mail_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace coreldove::actors {
namespace {

struct words {
  std::string subject, text;
};

std::optional<words> words_for(const domain::order& o, const domain::event& e) {
  const auto amount = [&](domain::minor_units m) { return fmt::format("{} {}", domain::format_amount(m, o.input->currency.digits), o.input->currency.name()); };
  if (std::holds_alternative<domain::order_confirmed>(e))
    return words{fmt::format("Your order {} is confirmed", o.id), fmt::format("Thank you. Your order over {} is confirmed.\n", amount(o.total()))};
  if (const auto* r = std::get_if<domain::order_rejected>(&e)) {
    const char* why = r->code == "out_of_stock"       ? "Something in it is out of stock."
                      : r->code == "payment_declined" ? "The payment was declined."
                                                      : "It could not be accepted.";
    return words{fmt::format("Your order {} could not be accepted", o.id), fmt::format("We are sorry. {} You have not been charged.\n", why)};
  }
  if (std::holds_alternative<domain::order_cancelled>(e))
    return words{fmt::format("Your order {} is cancelled", o.id), "Your order is cancelled. Anything you have paid is given back.\n"};
  if (const auto* s = std::get_if<domain::shipment_shipped>(&e)) {
    const auto& shipment = o.shipments.at(s->shipment - 1);
    return words{fmt::format("A parcel of your order {} is on its way", o.id),
                 fmt::format("It travels with {}; its tracking number is {}.\n", shipment.plan.carrier, shipment.tracking_number)};
  }
  if (std::holds_alternative<domain::order_delivered>(e)) return words{fmt::format("Your order {} has arrived", o.id), "Your order has been delivered.\n"};
  if (const auto* r = std::get_if<domain::operation_settled>(&e)) {
    const auto& op = o.operations.at(r->n - 1);
    if (op.kind == domain::operation_kind::refund && r->outcome == domain::operation_outcome::done)
      return words{fmt::format("A refund for your order {}", o.id), fmt::format("{} are on their way back to you.\n", amount(op.amount))};
  }
  return std::nullopt;
}

}  // namespace

std::optional<persistence::outbox_entry> mail_for(const domain::order& after, const domain::event& e) {
  auto w = words_for(after, e);
  if (!w) return std::nullopt;
  const auto key = fmt::format("{}/email/{}", after.id, after.version);
  const nlohmann::json payload{{"to", after.input->customer_email}, {"subject", w->subject}, {"text", w->text}, {"order_id", after.id}};
  return persistence::outbox_entry{"email", key, payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

std::optional<integrations::mail> read_mail(const persistence::outbox_entry& entry) {
  const auto j = nlohmann::json::parse(entry.payload, nullptr, false);
  if (!j.is_object()) return std::nullopt;
  integrations::mail m;
  m.to = j.value("to", "");
  m.subject = j.value("subject", "");
  m.text = j.value("text", "");
  m.order_id = j.value("order_id", "");
  m.message_id = entry.key;
  for (char& c : m.message_id)
    if (c == '/') c = '.';
  m.message_id = "<" + m.message_id + "@coreldove>";
  return m;
}

}  // namespace coreldove::actors
