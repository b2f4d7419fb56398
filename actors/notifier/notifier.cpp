#include "actors/notifier/notifier.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "actors/notifier/mail_text.hpp"
#include "runtime/logging.hpp"
#include "runtime/supervision.hpp"

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t queue_limit = 10'000;  // beyond it the rest waits in the outbox alone
constexpr std::uint32_t page = 1'000;
constexpr domain::duration sweep_every{10s};  // the outbox is looked through for what nobody has told of
constexpr domain::duration first_retry{2s}, longest_retry{10min};

struct notifier_state {
  static inline const char* name = "notifier";
  using self_ptr = notifier_actor::stateful_pointer<notifier_state>;

  struct letter {
    persistence::outbox_entry entry;
    unsigned failures = 0;
    runtime::steady_point due{};
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

  void look_through_outbox() {
    l->store->outbox(last_read, page, [me = notifier_actor{self}](domain::result<std::vector<persistence::outbox_entry>> r) {
      caf::anon_send(me, outbox_loaded{std::move(r)});
    });
    reading = true;
  }

  void on(outbox_loaded& m) {
    reading = false;
    if (!m.entries) return;  // the next tick tries again
    const bool full = m.entries->size() == page;
    if (full)
      last_read = m.entries->back().key;
    else
      last_read.clear();
    more_in_store = full;
    for (auto& e : *m.entries)
      if (l->is_mine(std::string_view{e.key}.substr(0, e.key.find('/')))) take(std::move(e));
    for (const auto& k : std::exchange(cleared_meanwhile, {})) known.erase(k);
    if (std::exchange(again, false)) {
      last_read.clear();
      look_through_outbox();
    }
    send_some();
  }

  void send_some() {
    const auto now = l->clock->steady();
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
        finish({x.entry.key});
        continue;
      }
      const auto key = x.entry.key;
      sending.emplace(key, std::move(x));
      send(*mail, key);
    }
  }

  void send(const integrations::mail& mail, const std::string& key) {
    const auto answer = [me = notifier_actor{self}, key](integrations::outcome o) { caf::anon_send(me, mail_answered{key, std::move(o)}); };
    try {
      l->mailer->send(mail, answer);
    } catch (const std::exception& e) {
      answer({domain::operation_outcome::not_done, {}, "adapter_failed", e.what(), {}});
    }
  }

  void finish(std::vector<std::string> keys) {
    clearing.insert(keys.begin(), keys.end());
    l->journal->outbox_done(keys, [me = notifier_actor{self}, keys](domain::result<bool> r) {
      caf::anon_send(me, outbox_cleared{keys, static_cast<bool>(r)});
    });
  }

  /// An entry stays known until it is gone from the store and from every page that was read before: it must not be taken for a new one.
  void on(outbox_cleared& m) {
    for (const auto& k : m.keys) clearing.erase(k);
    auto& to = !m.done ? to_clear : cleared_meanwhile;
    if (m.done && !reading)
      for (const auto& k : m.keys) known.erase(k);
    else
      to.insert(to.end(), std::make_move_iterator(m.keys.begin()), std::make_move_iterator(m.keys.end()));
  }

  void on(const mail_answered& m) {
    auto node = sending.extract(m.key);
    if (node.empty()) return;
    auto& x = node.mapped();
    using domain::operation_outcome;
    if (m.what.kind == operation_outcome::declined) spdlog::warn("a message was refused for good: {} ({})", m.key, m.what.code);
    if (m.what.kind == operation_outcome::done || m.what.kind == operation_outcome::declined) {
      finish({m.key});
    } else {
      auto wait = first_retry;
      for (unsigned i = 0; i < x.failures && wait < longest_retry; ++i) wait *= 2;
      ++x.failures;
      x.due = l->clock->steady() + std::min(wait, longest_retry);
      queue.push_back(std::move(x));
    }
    send_some();
  }

  /// What a page said that is on its way was read before they came.
  void on(const actors::read_outbox&) {
    again = reading;
    last_read.clear();
    if (!reading) look_through_outbox();
  }

  /// An append whose outcome the journal did not know may have been written all the same, its mail with it.
  void on(const notifier_tick&) {
    self->delayed_send(self, 1s, notifier_tick{});  // first: whatever fails below, time goes on
    if (const auto now = l->clock->steady(); now - swept >= sweep_every) {
      swept = now;
      more_in_store = true;
    }
    if (more_in_store && !reading && queue.size() < queue_limit / 2) look_through_outbox();
    if (!to_clear.empty()) finish(std::exchange(to_clear, {}));
    send_some();
  }

  void on(outbox_written& m) {
    for (auto& e : m.entries) take(std::move(e));
    send_some();
  }

  /// What waits is in the outbox too and is read from there again; what is out at the mailer, or has been sent, must not be taken for new.
  void on(const go_on&) {
    watch->recovered();
    queue.clear();
    known = clearing;
    for (const auto& [key, out] : sending) known.insert(key);
    known.insert(to_clear.begin(), to_clear.end());
    known.insert(cleared_meanwhile.begin(), cleared_meanwhile.end());
    last_read.clear();
    more_in_store = true;
    if (!reading) look_through_outbox();
  }

  /// Every message comes through here: a failure in one of them is no end of the actor, and costs nobody an answer.
  template <class Message>
  void handle(Message&& m) {
    watch->run(
        l->clock->steady(), [&] { on(m); }, [&](domain::duration pause) { self->delayed_send(self, pause, go_on{}); });
  }

  self_ptr self;
  links_ptr l;
  std::optional<runtime::supervisor> watch;
  std::deque<letter> queue;
  std::unordered_map<std::string, letter> sending;
  std::unordered_set<std::string> known;       // queued, being sent, or being taken out of the outbox
  std::unordered_set<std::string> clearing;    // of these, what is being taken out of the outbox
  std::vector<std::string> to_clear;           // sent, but the store would not let go of them yet
  std::vector<std::string> cleared_meanwhile;  // while a page was being read
  std::string last_read;
  runtime::steady_point swept{};
  bool more_in_store = true, reading = false, again = false;  // at start-up the outbox may hold what an earlier run left
};

notifier_actor::behavior_type behavior(notifier_state::self_ptr self, links_ptr l) {
  auto& s = self->state;
  s.l = std::move(l);
  if (!s.l->mailer)
    return {[](const outbox_written&) {}, [](const mail_answered&) {}, [](const outbox_loaded&) {}, [](const outbox_cleared&) {},
            [](const notifier_tick&) {},  [](const read_outbox&) {},   [](const go_on&) {}};
  s.watch.emplace(notifier_state::name, *s.l->health);
  s.handle(notifier_tick{});
  return {[&s](outbox_written& m) { s.handle(m); }, [&s](const mail_answered& m) { s.handle(m); }, [&s](outbox_loaded& m) { s.handle(m); },
          [&s](outbox_cleared& m) { s.handle(m); }, [&s](const notifier_tick& m) { s.handle(m); }, [&s](const read_outbox& m) { s.handle(m); },
          [&s](const go_on& m) { s.handle(m); }};
}

}  // namespace

notifier_actor spawn_notifier(caf::actor_system& system, links_ptr l) { return system.spawn(behavior, std::move(l)); }

}  // namespace coreldove::actors
