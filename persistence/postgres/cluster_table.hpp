#pragma once
// The register of a cluster's nodes in their database. Changes of hands take the same row's lock as the transactions of the journals (cluster_right.hpp).
#include <memory>
#include <string>
#include <vector>

#include "persistence/cluster.hpp"
#include "persistence/postgres/connection.hpp"

namespace coreldove::persistence::postgres {

class cluster_table final : public cluster_register {
public:
  /// Brings the schema up to date and puts the node down as alive, without shards. Waits for the lease of an earlier process of that name to end. Throws
  /// std::runtime_error where it is renewed meanwhile, where a server writes the database by itself, or as migrate().
  cluster_table(std::string address, cluster_member me);

  const cluster_member& me() const override { return me_; }
  std::int64_t incarnation() const override { return incarnation_; }
  void reachable_at(std::uint16_t port) override;
  bool renew() override;
  cluster_view view() override;
  domain::cluster_shards take(const domain::cluster_shards& wanted) override;
  void release(const domain::cluster_shards& shards) override;
  void announce_leaving() override;
  void leave() override;

private:
  bool join();
  /// `f(db)` on a connection that works; after a lost one on the next.
  template <class F>
  auto ask(F&& f);
  template <class F>
  auto change_hands(F&& f);

  const std::string address_;
  cluster_member me_;
  std::int64_t incarnation_ = 0;
  std::unique_ptr<connection> db_;
};

}  // namespace coreldove::persistence::postgres
