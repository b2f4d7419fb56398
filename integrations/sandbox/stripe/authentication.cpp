// 3-D Secure: the customer proves to his bank who he is, on a page that the intent's next_action leads to.
#include <fmt/format.h>
#include <simdjson.h>

#include "integrations/sandbox/approval_page.hpp"
#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/stripe/stripe.hpp"

namespace coreldove::integrations::world {

namespace {

/// Where the shop wants its customer back, with what Stripe adds to it; empty where the shop has not said.
std::string way_back(const payment_intent& p, std::string_view id, bool approved) {
  simdjson::dom::parser parser;
  std::string_view url;
  if (parser.parse(p.redirect.view().data(), p.redirect.view().size())["return_url"].get(url) != simdjson::SUCCESS) return {};
  return fmt::format("{}{}payment_intent={}&payment_intent_client_secret={}_secret_test&redirect_status={}", url,
                     url.find('?') == std::string_view::npos ? '?' : '&', id, id, approved ? "succeeded" : "failed");
}

}  // namespace

void stripe::ask_customer(call& c, payment_intent& p) {
  p.face.status = intent_status::requires_action;
  c.event = "payment_intent.requires_action";
  const auto back = c.params.find("return_url").value_or("");
  if (back.empty()) return;
  const auto host = c.rq.header("Host");
  std::string redirect{R"({"return_url":)"};
  append_json(redirect, back);
  redirect += R"(,"url":)";
  append_json(redirect, fmt::format("http://{}/stripe{}{}", host.empty() ? std::string_view{world_.address} : host, customer_page, ids_.make("pi_", c.intent)));
  redirect += '}';
  p.redirect = texts_.put(redirect);
}

std::optional<domain::result<decided_payment>> stripe::decide(std::string_view reference, bool approve) {
  const std::lock_guard lock(mutex_);
  const auto number = ids_.number_in(reference, "pi_");
  if (number >= intents_.size()) return std::nullopt;
  auto& p = intents_[number];
  if (p.face.status != intent_status::requires_action)
    return domain::failure{domain::errc::wrong_state, fmt::format("The payment is {}: its customer has nothing to decide.", to_string(p.face.status))};
  const request none{};
  const form nothing;
  reply nowhere;
  call c{none, nowhere, nothing, {}, {}};
  c.intent = static_cast<std::uint32_t>(number);
  c.now_ms = world_.now_ms();
  c.changed = true;
  settle(c, p, approve ? answer_after_authentication(p.face.token.view()) : failed_authentication());
  kept_text key;
  record(c, 0, key);
  return decided_payment{std::string{reference}, std::string{to_string(p.face.status)}};
}

/// GET shows the page, POST is one of its buttons.
void stripe::page(const request& rq, std::string_view id, reply& out) {
  form pressed;
  const auto decision = rq.method == "POST" && pressed.read(rq.body) ? pressed.find("decision").value_or("") : std::string_view{};
  const auto decided = decision == "approve" || decision == "decline" ? decide(id, decision == "approve") : std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto number = ids_.number_in(id, "pi_");
  if (number >= intents_.size()) {
    out.status = 404;
    return return_page(out, "Stripe (sandbox): no such payment", {}, {});
  }
  const auto& p = intents_[number];
  if (p.face.status == intent_status::requires_action)
    return approval_page(out, "Stripe (sandbox): 3-D Secure",
                         fmt::format("{} {}", domain::format_amount(to_iso(p.amount, p.digits, p.currency), p.currency.digits), p.currency.name()),
                         "/stripe" + std::string{rq.path});
  return_page(out, fmt::format("Stripe (sandbox): this payment is {}", to_string(p.face.status)), {}, {});
  if (!decided) return;
  if (!*decided) {
    out.status = 409;
    return;
  }
  const auto back = way_back(p, id, p.face.status != intent_status::requires_payment_method);
  if (back.empty()) return;
  out.status = 303;
  out.add_header("Location", back);
}

}  // namespace coreldove::integrations::world
