#include "persistence/api_keys.hpp"

#include <fmt/format.h>

#include "persistence/sqlite/key_rows.hpp"
#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence {
namespace sqlite {

api_key key_of(const rows& r) { return {r.string(0), r.string(1), r.string(2), domain::time_point{domain::duration{r.integer(3)}}, r.integer(4) != 0}; }

std::optional<api_key> key_with_hash(statement& by_hash, std::string_view hash) {
  auto r = by_hash.query(hash);
  if (!r.next()) return std::nullopt;
  return key_of(r);
}

namespace {

domain::failure failure_of(const sqlite_error& e) { return {domain::errc::unavailable, e.what()}; }

class stored_api_keys final : public api_keys {
public:
  explicit stored_api_keys(database db) : db_(std::move(db)) {}

  domain::result<bool> create(const api_key& key, const std::string& hash) override try {
    auto insert = db_.prepare("INSERT INTO api_keys(id,name,role,hash,created_at,revoked) VALUES(?,?,?,?,?,?)");
    if (insert.try_run(key.id, key.name, key.role, hash, key.created_at.time_since_epoch().count(), key.revoked)) return true;
    return domain::failure{domain::errc::conflict, fmt::format("the API key {} exists already", key.id)};
  } catch (const sqlite_error& e) {
    return failure_of(e);
  }

  domain::result<std::vector<api_key>> list() override try {
    std::vector<api_key> all;
    auto select = db_.prepare("SELECT id,name,role,created_at,revoked FROM api_keys ORDER BY created_at,id");
    auto r = select.query();
    while (r.next()) all.push_back(key_of(r));
    return all;
  } catch (const sqlite_error& e) {
    return failure_of(e);
  }

  domain::result<bool> revoke(const std::string& id) override try {
    db_.prepare("UPDATE api_keys SET revoked=1 WHERE id=?").run(id);
    if (db_.changes() == 1) return true;
    return domain::failure{domain::errc::not_found, fmt::format("there is no API key {}", id)};
  } catch (const sqlite_error& e) {
    return failure_of(e);
  }

  domain::result<std::optional<api_key>> find(const std::string& hash) override try {
    auto select = db_.prepare(key_with_hash_sql);
    return key_with_hash(select, hash);
  } catch (const sqlite_error& e) {
    return failure_of(e);
  }

private:
  database db_;
};

}  // namespace
}  // namespace sqlite

std::unique_ptr<api_keys> open_api_keys(const std::filesystem::path& file) {
  try {
    return std::make_unique<sqlite::stored_api_keys>(sqlite::open_for_writing(file));
  } catch (const std::exception& e) {
    throw std::runtime_error(fmt::format("{}: {}", file.string(), e.what()));
  }
}

}  // namespace coreldove::persistence
