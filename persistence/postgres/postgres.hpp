#pragma once
// The store in a PostgreSQL database. One server at a time may write it, or the nodes of one cluster.
#include <memory>
#include <string>

#include "persistence/open_store.hpp"

namespace coreldove::persistence::postgres {

class postgres_store final : public opened_store {
public:
  /// Connects, creates or upgrades the schema, becomes the owner. Throws std::runtime_error with one sentence for the operator: no server, another server is
  /// using it, written by a newer program, a database that would lose orders.
  explicit postgres_store(const store_options& options);
  ~postgres_store() override;

  persistence::journal& journal() override;
  persistence::store& store() override;
  void find_api_key(std::string hash, reply<std::optional<api_key>> done) override;
  cluster_register* cluster() override;
  void stop() override;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace coreldove::persistence::postgres
