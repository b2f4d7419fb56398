#include "runtime/app/replica.hpp"

#include <chrono>
#include <utility>

#include "persistence/postgres/address.hpp"
#include "persistence/postgres/replica.hpp"
#include "runtime/replica_figures.hpp"

namespace coreldove::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* component = "replica";

}  // namespace

struct replica_use::parts {
  parts(const config::settings& s, const std::string& place, actors::service& e, runtime::metrics& metrics, runtime::health_board& health)
      : engine(e), count(metrics), replica(options_of(s, place, count, health)) {}

  static persistence::postgres::replica_options options_of(const config::settings& s, const std::string& place, runtime::replica_figures& count,
                                                           runtime::health_board& health) {
    persistence::postgres::replica_options o;
    o.primary = place;
    o.address = s.database_replica_url;
    o.bound = s.database_replica_behind;
    o.max_queued = s.max_in_flight;
    o.seen = [&count, &health, where = persistence::postgres::shown(s.database_replica_url)](std::optional<milliseconds> behind, const std::string& problem) {
      count.behind(behind);
      health.set(component, behind ? runtime::condition::up : runtime::condition::degraded, behind ? where : where + ": " + problem);
    };
    return o;
  }

  void from_primary(domain::time_point from, domain::time_point to, http::aged_reply done) {
    count.read_from_primary();
    engine.performance(from, to, [done = std::move(done)](domain::result<domain::performance> found) { done(std::move(found), std::nullopt); });
  }

  void read(domain::time_point from, domain::time_point to, http::aged_reply done) {
    const auto age = replica.behind();
    if (!age) return from_primary(from, to, std::move(done));
    replica.performance(from, to, [this, from, to, age = *age, asked = steady_clock::now(), done = std::move(done)](domain::result<domain::performance> found) {
      if (!found) return from_primary(from, to, done);
      count.read_from_replica();
      done(std::move(found), age + std::chrono::ceil<milliseconds>(steady_clock::now() - asked));
    });
  }

  actors::service& engine;
  runtime::replica_figures count;
  persistence::postgres::replica replica;
};

replica_use::replica_use(const config::settings& s, const std::string& place, actors::service& engine, runtime::metrics& metrics,
                         runtime::health_board& health) {
  if (!s.database_replica_url.empty()) parts_ = std::make_shared<parts>(s, place, engine, metrics, health);
}

replica_use::~replica_use() = default;

http::aged_performance replica_use::performance() const {
  if (!parts_) return {};
  return [parts = parts_](domain::time_point from, domain::time_point to, http::aged_reply done) { parts->read(from, to, std::move(done)); };
}

}  // namespace coreldove::app
