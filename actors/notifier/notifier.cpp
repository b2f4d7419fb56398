#include "actors/notifier/notifier.hpp"

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/notifier/mail_text.hpp"
#include "runtime/logging.hpp"

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t queue_limit = 10'000;            // beyond it the rest waits in the outbox alone
constexpr std::uint32_t page = 1'000;
constexpr domain::duration first_retry{2s}, longest_retry{10min};

struct notifier_state {
  static inline const char* name = "notifier";
  using self_ptr = notifier_actor::stateful_pointer<notifier_state>;

  struct letter {
    persistence::outbox_entry entry;
    unsigned failures = 0;
    domain::time_point due{};
  };

  explicit notifier_state(self_ptr s) : self(s) {}

  void take(persistence::outbox_entry e) {
    if (known.contains(e.key)) return;
    if (queue.size() >= queue_limit) {
      more_in_store = true;
      return;
    }
    known.insert(e.key);
    queue.push_back({std::move(e), 0, {}});
  }

  void read_outbox() {
    reading = true;
    l->store->outbox(last_read, page, [me = notifier_actor{self}](domain::result<std::vector<persistence::outbox_entry>> r) {
      caf::anon_send(me, outbox_loaded{std::move(r)});
    });
  }

  void on(outbox_loaded& m) {
    reading = false;
    if (!m.entries) return;                            // the next tick tries again
    const bool full = m.entries->size() == page;
    if (full) last_read = m.entries->back().key;
    else last_read.clear();
    more_in_store = full;
    for (auto& e : *m.entries) take(std::move(e));
    send_some();
  }

  void send_some() {
    const auto now = l->clock->now();
    std::size_t looked = queue.size();
    while (sending.size() < l->limits.mails_at_once && looked-- > 0) {
      auto x = std::move(queue.front());
      queue.pop_front();
      if (x.due > now) {
        queue.push_back(std::move(x));
        continue;
      }
      const auto mail = read_mail(x.entry);
      if (!mail) {
        spdlog::error("an entry of the outbox cannot be read and is dropped: {}", x.entry.key);
        finish(x.entry.key);
        continue;
      }
      const auto key = x.entry.key;
      sending.emplace(key, std::move(x));
      l->mailer->send(*mail, [me = notifier_actor{self}, key](integrations::outcome o) { caf::anon_send(me, mail_answered{key, std::move(o)}); });
    }
  }

  void finish(const std::string& key) {
    known.erase(key);
    l->journal->outbox_done({key});
  }

  void on(const mail_answered& m) {
    auto node = sending.extract(m.key);
    if (node.empty()) return;
    auto& x = node.mapped();
    using domain::operation_outcome;
    if (m.what.kind == operation_outcome::declined)
      spdlog::warn("a message was refused for good: {} ({})", m.key, m.what.code);
    if (m.what.kind == operation_outcome::done || m.what.kind == operation_outcome::declined) {
      finish(m.key);
    } else {
      auto wait = first_retry;
      for (unsigned i = 0; i < x.failures && wait < longest_retry; ++i) wait *= 2;
      ++x.failures;
      x.due = l->clock->now() + std::min(wait, longest_retry);
      queue.push_back(std::move(x));
    }
    send_some();
  }

  void on_tick() {
    if (more_in_store && !reading && queue.size() < queue_limit / 2) read_outbox();
    send_some();
    self->delayed_send(self, 1s, notifier_tick{});
  }

  self_ptr self;
  links_ptr l;
  std::deque<letter> queue;
  std::unordered_map<std::string, letter> sending;
  std::unordered_set<std::string> known;               // queued or being sent
  std::string last_read;
  bool more_in_store = true, reading = false;          // at start-up the outbox may hold what an earlier run left
};

notifier_actor::behavior_type behavior(notifier_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.l = std::move(l);
  if (!s.l->mailer) return {[](const outbox_written&) {}, [](const mail_answered&) {}, [](const outbox_loaded&) {}, [](const notifier_tick&) {}};
  s.on_tick();
  return {[&s](outbox_written& m) {
            for (auto& e : m.entries) s.take(std::move(e));
            s.send_some();
          },
          [&s](const mail_answered& m) { s.on(m); }, [&s](outbox_loaded& m) { s.on(m); }, [&s](const notifier_tick&) { s.on_tick(); }};
}

}  // namespace

notifier_actor spawn_notifier(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
