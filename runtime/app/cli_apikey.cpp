#include <fmt/format.h>

#include "domain/ulid.hpp"
#include "http/conditions.hpp"
#include "http/role.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/open_store.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/signing_key.hpp"
#include "runtime/clock.hpp"

namespace coreldove::app {

int create_key(const apikey_options& o, const config::settings& s) {
  const auto now = runtime::system_clock().now();
  const auto key = "cdk_" + random_key();  // the prefix is for people, and for scanners of leaked secrets
  const persistence::api_key entry{"ak_" + domain::make_ulid(now, runtime::system_random().entropy()), o.name, o.role, now, false};
  const auto created = persistence::open_api_keys(store_place(s))->create(entry, http::sha256_hex(key));
  if (!created) return fail(created.error().detail);
  fmt::print(stderr, "{} ({}, role {}). The key below is shown this once and stored only as a hash:\n", entry.id, entry.name, entry.role);
  fmt::print("{}\n", key);
  return success;
}

int list_keys(const config::settings& s) {
  const auto keys = persistence::open_api_keys(store_place(s))->list();
  if (!keys) return fail(keys.error().detail);
  fmt::print("{:<29}  {:<8}  {:<24}  {:<7}  {}\n", "ID", "ROLE", "CREATED", "STATE", "NAME");
  for (const auto& k : *keys)
    fmt::print("{:<29}  {:<8}  {:<24}  {:<7}  {}\n", k.id, k.role, persistence::format_time(k.created_at), k.revoked ? "revoked" : "active", k.name);
  return success;
}

int revoke_key(const std::string& id, const config::settings& s) {
  const auto revoked = persistence::open_api_keys(store_place(s))->revoke(id);
  if (!revoked) return fail(revoked.error().detail);
  fmt::print(stderr, "{} is revoked. A running server may take it for about ten seconds more.\n", id);
  return success;
}

}  // namespace coreldove::app
