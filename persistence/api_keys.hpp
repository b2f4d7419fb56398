#pragma once
// API keys at rest: only the SHA-256 of each key is stored. For the command line: synchronous, and usable while a server has the store open.
#include <optional>
#include <string>
#include <vector>

#include "domain/result.hpp"
#include "domain/time.hpp"

namespace coreldove::persistence {

struct api_key {
  std::string id, name, role;
  domain::time_point created_at{};
  bool revoked = false;
  friend bool operator==(const api_key&, const api_key&) = default;
};

class api_keys {
public:
  virtual ~api_keys() = default;
  /// `hash`: SHA-256 of the key in hex. Errors of all: unavailable; here also conflict where the id or the hash is taken.
  virtual domain::result<bool> create(const api_key& key, const std::string& hash) = 0;
  /// Oldest first, revoked ones included.
  virtual domain::result<std::vector<api_key>> list() = 0;
  /// Errors: not_found.
  virtual domain::result<bool> revoke(const std::string& id) = 0;
  /// The unrevoked key with this hash, or nothing.
  virtual domain::result<std::optional<api_key>> find(const std::string& hash) = 0;
};

}  // namespace coreldove::persistence
