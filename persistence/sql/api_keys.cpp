#include "persistence/api_keys.hpp"

#include <fmt/format.h>

#include "persistence/sql/key_rows.hpp"

namespace coreldove::persistence::sql {
namespace {

api_key key_of(const rows& r) { return {r.string(0), r.string(1), r.string(2), domain::time_point{domain::duration{r.integer(3)}}, r.integer(4) != 0}; }

domain::failure failure_of(const error& e) { return {domain::errc::unavailable, e.what()}; }

class stored_api_keys final : public api_keys {
public:
  explicit stored_api_keys(std::unique_ptr<connection> db) : db_(std::move(db)) {}

  domain::result<bool> create(const api_key& key, const std::string& hash) override try {
    db_->execute("INSERT INTO api_keys(id,name,role,hash,created_at,revoked) VALUES(?,?,?,?,?,?)", key.id, key.name, key.role, hash,
                 key.created_at.time_since_epoch().count(), key.revoked);
    return true;
  } catch (const error& e) {
    if (!e.is_constraint()) return failure_of(e);
    return domain::failure{domain::errc::conflict, fmt::format("the API key {} exists already", key.id)};
  }

  domain::result<std::vector<api_key>> list() override try {
    std::vector<api_key> all;
    auto found = db_->query("SELECT id,name,role,created_at,revoked FROM api_keys ORDER BY created_at,id");
    while (found.next()) all.push_back(key_of(found));
    return all;
  } catch (const error& e) {
    return failure_of(e);
  }

  domain::result<bool> revoke(const std::string& id) override try {
    if (db_->execute("UPDATE api_keys SET revoked=1 WHERE id=?", id) == 1) return true;
    return domain::failure{domain::errc::not_found, fmt::format("there is no API key {}", id)};
  } catch (const error& e) {
    return failure_of(e);
  }

  domain::result<std::optional<api_key>> find(const std::string& hash) override try { return key_with_hash(*db_, hash); } catch (const error& e) {
    return failure_of(e);
  }

private:
  std::unique_ptr<connection> db_;
};

}  // namespace

std::optional<api_key> key_with_hash(connection& db, const std::string& hash) {
  auto r = db.query("SELECT id,name,role,created_at,revoked FROM api_keys WHERE hash=? AND revoked=0", hash);
  if (!r.next()) return std::nullopt;
  return key_of(r);
}

std::unique_ptr<api_keys> keys_over(std::unique_ptr<connection> db) { return std::make_unique<stored_api_keys>(std::move(db)); }

}  // namespace coreldove::persistence::sql
