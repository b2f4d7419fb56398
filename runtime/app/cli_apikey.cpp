#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "domain/ulid.hpp"
#include "http/conditions.hpp"
#include "http/role.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/open_store.hpp"
#include "runtime/app/cli.hpp"
#include "runtime/app/signing_key.hpp"
#include "runtime/clock.hpp"

namespace coreldove::app {
namespace {

struct apikey_options {
  std::string role, name, id;
};

int create_key(const config::settings& s, const apikey_options& o) {
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

int revoke_key(const config::settings& s, const apikey_options& o) {
  const auto revoked = persistence::open_api_keys(store_place(s))->revoke(o.id);
  if (!revoked) return fail(revoked.error().detail);
  fmt::print(stderr, "{} is revoked. A running server may take it for about ten seconds more.\n", o.id);
  return success;
}

}  // namespace

void add_apikey(CLI::App& app, action& chosen) {
  auto* command = app.add_subcommand("apikey", "Create, list and revoke API keys");
  command->require_subcommand(1);
  const auto o = std::make_shared<apikey_options>();

  auto* create = command->add_subcommand("create", "Make a key and print it, this once");
  const auto one_line = CLI::Validator(
      [](const std::string& name) {
        const bool right = !name.empty() && name.size() <= 100 && name.find_first_of("\r\n\t") == std::string::npos;
        return right ? std::string{} : std::string{"up to 100 bytes in one line"};
      },
      "NAME");
  create->add_option("--role", o->role, "customer, operator, manager or admin")->required()->check(CLI::IsMember({"customer", "operator", "manager", "admin"}));
  create->add_option("--name", o->name, "What the key is for; shown by list")->required()->check(one_line);
  create->callback([&chosen, o] { chosen = with_settings([o](const config::settings& s) { return create_key(s, *o); }); });

  auto* list = command->add_subcommand("list", "Show all keys, without the keys themselves");
  list->callback([&chosen] { chosen = with_settings(list_keys); });

  auto* revoke = command->add_subcommand("revoke", "Refuse a key from now on");
  revoke->add_option("ID", o->id, "ak_…, from list")->required();
  revoke->callback([&chosen, o] { chosen = with_settings([o](const config::settings& s) { return revoke_key(s, *o); }); });
}

}  // namespace coreldove::app
