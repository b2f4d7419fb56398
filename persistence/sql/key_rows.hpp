#pragma once
// Rows of the api_keys table, as the command line and the server's readers both read them.
#include "persistence/api_keys.hpp"
#include "persistence/sqlite/database.hpp"

namespace coreldove::persistence::sqlite {

inline constexpr const char* key_with_hash_sql = "SELECT id,name,role,created_at,revoked FROM api_keys WHERE hash=? AND revoked=0";

api_key key_of(const rows& r);
/// `by_hash`: prepared from key_with_hash_sql.
std::optional<api_key> key_with_hash(statement& by_hash, std::string_view hash);

}  // namespace coreldove::persistence::sqlite
