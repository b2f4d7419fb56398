// What goes wrong in a simulated run.
#include <fmt/format.h>

#include <cstdlib>

#include "tests/simulation/simulator.hpp"

namespace coreldove::simulation {

using namespace std::chrono_literals;

void simulator::fault() {
  auto& store = world_.store;
  switch (random_.below(13)) {
    case 0:
      return restart();
    case 1:  // right after a commit, before anybody hears of it
      store.commit_some(1 + random_.below(1 + store.jobs_waiting()));
      return restart();
    case 2:
      full_until_ = world_.clock.right() + domain::duration{random_.between(500, 15'000)};
      note("the disk is full");
      return store.disk_full(true);
    case 3:
      note("some reads fail");
      return store.fail_reads(1 + random_.below(5));
    case 4:
      note("an order's actor will crash");
      return store.throw_on_append(1);
    case 5:
      note("the inventory will crash");
      return store.throw_on_adjust(1);
    case 6:
      if (const auto id = some_order(); !id.empty()) {
        note(id + " will not be readable once");
        store.poison(id, 1);
      }
      return;
    case 7:
      note("time jumps");
      return world_.advance(domain::duration{random_.between(60'000, 1'800'000)});
    case 8:
      return set_clock_wrong();
    case 9:
      note("somebody sets the clock right");
      return world_.clock.set_wrong_by({});
    default:
      misfortune_ = random_.pick<std::uint32_t>({0, 0, 50, 200, 700});
      note(fmt::format("the outside world fails {} times in 1000", misfortune_));
  }
}

/// Steady time goes on as it was; what is stored, signed and compared with the wall clock does not.
void simulator::set_clock_wrong() {
  const domain::duration by{random_.between(-180'000, 180'000)};
  note(fmt::format("the clock is set: it is {} ms {} now", std::abs(by.count()), by.count() < 0 ? "behind" : "ahead"));
  world_.clock.set_wrong_by(by);
}

manner simulator::treatment(const call& c) {
  auto m = manner::answers;
  if (c.kind == domain::operation_kind::authorize && faults_ && random_.chance(world_.outside.waiting().contains(c.key) ? 700 : 60)) m = manner::wants_buyer;
  if (faults_ && random_.chance(misfortune_))
    m = random_.pick<manner>({manner::declines, manner::refuses, manner::refuses, manner::times_out, manner::times_out, manner::loses_answer,
                              manner::loses_answer, manner::keeps_silent, manner::answers_late, manner::answers_twice, manner::throws});
  note(fmt::format("{} is asked: {}{} → {}", c.party, c.key, c.repeat ? " (perhaps again)" : "", to_string(m)));
  return m;
}

manner simulator::treatment(const integrations::mail& m) {
  check_mail(m);
  auto how = manner::answers;
  if (faults_ && random_.chance(misfortune_)) how = random_.pick<manner>({manner::refuses, manner::loses_answer, manner::declines});
  if (how == manner::answers || how == manner::declines) delivered_.insert(m.message_id);
  note(fmt::format("a message: {} → {}", m.message_id, to_string(how)));
  return how;
}

void simulator::end_faults() {
  faults_ = false;
  misfortune_ = 0;
  world_.clock.set_wrong_by({});
  auto& store = world_.store;
  store.disk_full(false);
  store.fail_reads(0);
  store.throw_on_append(0);
  store.throw_on_adjust(0);
  store.heal();
}

}  // namespace coreldove::simulation
