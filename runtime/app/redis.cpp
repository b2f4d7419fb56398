#include "runtime/app/redis.hpp"

#include <utility>

#include "config/redis_address.hpp"
#include "persistence/redis/event_feed.hpp"
#include "runtime/app/limit_sharing.hpp"
#include "runtime/app/redis_health.hpp"
#include "runtime/redis_figures.hpp"

namespace coreldove::app {
namespace {

namespace redis = persistence::redis;

redis::client_options client_options_of(const redis::address& where, redis_health& health, const std::shared_ptr<runtime::redis_figures>& figures) {
  redis::client_options o;
  o.where = where;
  o.observe.state = [&health, figures](bool connected, const std::string& problem) {
    figures->connected(connected);
    health.connection(problem);
  };
  o.observe.answer = [figures](redis::outcome what, double seconds) {
    if (what == redis::outcome::answered) return figures->answered(seconds);
    if (what == redis::outcome::refused) return figures->refused(seconds);
    figures->lost();
  };
  o.observe.turned_away = [figures] { figures->dropped(); };
  return o;
}

redis::feed_source source_of(actors::service& engine) {
  redis::feed_source s;
  s.read = [&engine](std::uint64_t after, std::uint32_t limit, auto done) {
    engine.feed(after, limit, [&engine, done = std::move(done)](domain::result<std::vector<domain::history_entry>> page) {
      if (!page) return done(std::move(page).error());
      std::vector<redis::feed_event> out;
      out.reserve(page->size());
      for (auto& e : *page) {
        auto document = engine.feed_document(e);
        out.push_back({e.position, std::move(e.stream), std::move(e.type), std::move(document)});
      }
      done(std::move(out));
    });
  };
  s.last_position = [&engine](auto done) { engine.last_position(std::move(done)); };
  return s;
}

redis::address address_of(const config::redis_address& a) { return {a.host, a.port, a.user, a.password, a.database}; }

}  // namespace

struct redis_use::parts {
  parts(const config::settings& s, const redis::address& where, actors::service& engine, http::server_limits limits, runtime::metrics& metrics,
        runtime::health_board& board)
      : figures(std::make_shared<runtime::redis_figures>(metrics)),
        health(std::make_shared<redis_health>(board, redis::shown(where))),
        client(std::make_shared<redis::client>(client_options_of(where, *health, figures))),
        callers(*client, "caller", limits.callers, limit_observers_of()),
        failures(*client, "failure", limits.failures, limit_observers_of()) {
    client->add(callers);
    client->add(failures);
    if (s.event_stream_length > 0) {
      redis::feed_options o;
      o.length = s.event_stream_length;
      o.state = [told = health](const std::string& problem) { told->feed(problem); };
      o.added = [this](std::uint64_t events, std::uint64_t end) { figures->events(events, end); };
      feed = std::make_shared<redis::event_feed>(client, source_of(engine), std::move(o));
      client->add(*feed);
      watch = engine.watch([to = feed] { to->committed(); });
    }
    client->start();
  }

  limit_observers limit_observers_of() {
    return {[this](const std::string& problem) { health->limits(problem); }, [this](std::size_t buckets) { figures->buckets(buckets); }};
  }

  ~parts() {
    watch.reset();
    client->stop();
  }

  std::shared_ptr<runtime::redis_figures> figures;
  std::shared_ptr<redis_health> health;  // this and the figures: answers of the store may come after the end
  std::shared_ptr<redis::client> client;
  limit_sharing callers, failures;
  std::shared_ptr<redis::event_feed> feed;
  std::shared_ptr<void> watch;
};

redis_use::redis_use(const config::settings& s, actors::service& engine, http::server_limits limits, runtime::metrics& metrics, runtime::health_board& health) {
  if (const auto where = config::parse_redis_address(s.redis_url)) parts_ = std::make_unique<parts>(s, address_of(*where), engine, limits, metrics, health);
}

redis_use::~redis_use() = default;

}  // namespace coreldove::app
