#include "http/handlers/handlers.hpp"

namespace coreldove::http {

void get_openapi(app& a, const request&, responder reply) {
  response r;
  r.body = a.openapi;
  reply(std::move(r));
}

void get_docs(app& a, const request&, responder reply) {
  response r;
  r.content_type = "text/html; charset=utf-8";
  r.add_header("Content-Security-Policy", a.docs_policy);
  r.body = a.docs_page;
  reply(std::move(r));
}

}  // namespace coreldove::http
