// The nodes of a cluster: what is shown of them, and the commands that they send each other.
#include <openssl/crypto.h>

#include <utility>

#include "http/handlers/handlers.hpp"
#include "http/problem.hpp"

namespace coreldove::http {
namespace {

/// "Bearer <pass>", compared in the same time whatever is wrong with it.
bool shows(std::string_view authorization, std::string_view pass) {
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization.starts_with(scheme)) return false;
  authorization.remove_prefix(scheme.size());
  return authorization.size() == pass.size() && CRYPTO_memcmp(authorization.data(), pass.data(), pass.size()) == 0;
}

}  // namespace

void get_cluster(app& a, const request&, responder reply) {
  response r;
  r.body = a.engine.cluster();
  reply(std::move(r));
}

void take_forwarded(app& a, const request& rq, responder reply) {
  if (!shows(rq.field("Authorization"), a.options.node_pass))
    return reply(to_response(problem{problems::unauthorized, "This is for the nodes of the cluster."}, context_of(rq)));
  a.engine.take_forwarded(std::string{rq.body}, [reply = std::move(reply)](std::string answer) {
    response r;
    r.body = std::move(answer);
    reply(std::move(r));
  });
}

}  // namespace coreldove::http
