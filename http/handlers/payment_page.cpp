// The pages that send buyers on to a gateway, and the one that they come back to. Their links are sealed: whoever has one may see it.
#include "http/handlers/handlers.hpp"
#include "http/problem.hpp"

namespace coreldove::http {

void show_payment_page(app& a, const request& rq, responder reply) {
  const auto page = a.options.payment_page ? a.options.payment_page(rq.parameters[0]) : std::nullopt;
  if (!page) return reply(to_response(domain::failure{domain::errc::not_found, "There is no such page."}, context_of(rq)));
  response r;
  r.content_type = "text/html; charset=utf-8";
  r.add_header("Content-Security-Policy", page->policy);
  r.add_header("Cache-Control", "no-store");
  r.add_header("Referrer-Policy", "no-referrer");
  r.body = page->html;
  reply(std::move(r));
}

}  // namespace coreldove::http
