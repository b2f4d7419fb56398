#include "actors/order/order.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "actors/order/append.hpp"
#include "actors/order/order_shell.hpp"
#include "actors/payment/board.hpp"
#include "persistence/codec/event_codec.hpp"
#include "runtime/logging.hpp"

namespace coreldove::actors {
namespace {

constexpr std::uint32_t tries_after_conflict = 3;

/// What ends somebody's wait: 201 where the work is done, 202 where it is the buyer's turn, so that he can be sent on at once; 0: neither.
int wait_ends(bool placed, const domain::order& o) {
  if (placed ? o.status != domain::order_status::received : is_quiet(o)) return 201;
  const auto* awaited = placed ? domain::awaited_approval(o) : nullptr;
  return awaited && awaited->state == domain::operation_state::awaiting_buyer ? 202 : 0;
}

/// Told by a gateway, by itself: it waits for no document.
bool is_notice(const domain::command& c) { return std::holds_alternative<domain::take_notice>(c) || std::holds_alternative<domain::take_dispute>(c); }

persistence::idempotency_record record_of(const request_key& k, const order_answer& a, bool replaces) {
  return {k.scope, k.key, k.fingerprint, {a.status, a.version, a.order_id, {}}, replaces};
}

/// What the shard logs, and a person reads if the order ends up in quarantine.
caf::error reason_of(const std::exception_ptr& x) {
  try {
    std::rethrow_exception(x);
  } catch (const std::exception& e) {
    return caf::make_error(caf::sec::runtime_error, e.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, "an exception of an unknown type");
  }
}

order_actor::behavior_type behavior(order_shell::self_ptr self, links_ptr l, shard_actor shard, std::string order_id, bool fresh) {
  self->set_exception_handler([](std::exception_ptr& x) { return reason_of(x); });
  auto& s = self->state;
  s.start(std::move(l), std::move(shard), std::move(order_id), fresh);
  return {[&s](place_task& m) { s.on(m); },
          [&s](tell_task& m) { s.on(m); },
          [&s](const history_found& m) { s.on(m); },
          [&s](const stock_found& m) { s.on(m); },
          [&s](appended& m) { s.on(m); },
          [&s](const operation_answered& m) { s.on(m); },
          [&s](stream_loaded& m) { s.on(m); },
          [&s](const wait_over& m) { s.on(m); },
          [&s](const nudge&) { s.on_nudge(); },
          [&s](const stop_order&) { s.on_stop(); },
          [&s](const leave_order&) { s.on_leave(); }};
}

}  // namespace

order_actor spawn_order(caf::actor_system& system, links_ptr l, shard_actor shard, std::string order_id, bool fresh) {
  return system.spawn(behavior, std::move(l), std::move(shard), std::move(order_id), fresh);
}

void order_shell::start(links_ptr links, shard_actor my_shard, std::string order_id, bool fresh) {
  l = std::move(links);
  shard = std::move(my_shard);
  id = std::move(order_id);
  if (fresh)
    at = phase::placing;
  else
    load();
}

void order_shell::load() {
  at = phase::loading;
  l->store->load(id, [me = order_actor{self}](domain::result<std::vector<domain::history_entry>> r) { caf::anon_send(me, stream_loaded{std::move(r)}); });
}

void order_shell::on(stream_loaded& m) {
  if (!m.stream) return could_not_load(m.stream.error());
  if (m.stream->empty()) return give_up({domain::errc::not_found, "There is no such order."});
  auto rebuilt = persistence::rebuild(*m.stream);
  if (!rebuilt) {
    runtime::log_order(spdlog::level::err, id, {}, "the order cannot be read", rebuilt.error().detail);
    return give_up(rebuilt.error());
  }
  order = *std::move(rebuilt);
  at = phase::live;
  perform_open();
  if (!order.stock_settled) ask_stock();
  next();
  tell_shard_when_idle();
}

/// Whoever waits is told; the order itself may have work to do, so it stays and tries again.
void order_shell::could_not_load(const domain::failure& why) {
  at = phase::unread;
  started.clear();  // their answers may be among what is dropped here; whatever is open is asked for again
  for (auto& t : std::exchange(waiting, {})) t.done.answer(why);
}

/// Nothing can be done for this order now; whoever waits is told, and the shard will start it anew when it is asked for.
void order_shell::give_up(const domain::failure& why) {
  for (auto& t : waiting) t.done.answer(why);
  waiting.clear();
  for (auto& w : waiters) w.done.answer(first_of(w));
  waiters.clear();
  caf::anon_send(l->inventory, drop_hold{id});
  self->quit();
}

void order_shell::on(tell_task& m) { submit({std::move(m.what), std::move(m.rq), std::move(m.done), 0, m.until}); }

/// The operation stays among the started ones until what came of it is on disk: until then nobody may ask again as if for the first time.
void order_shell::on(const operation_answered& m) {
  const auto asked = std::find_if(started.begin(), started.end(), [&](const under_way& u) { return u.n == m.n; });
  const bool latest = asked != started.end() && asked->call == m.call;
  auto outcome = m.what.kind;
  if (!latest && outcome != domain::operation_outcome::done) return;  // it was asked again since, and only that answer tells how things stand
  // That nothing came of this call says nothing of the one before it.
  if (latest && asked->in_doubt && outcome == domain::operation_outcome::not_done) outcome = domain::operation_outcome::unknown;
  submit({domain::settle_operation{m.n, outcome, m.what.reference, m.what.code, m.what.message, m.what.tracking_number, m.what.redirect_url, m.what.soft},
          {"system", trace_id, {}, {}, {}},
          {},
          0});
}

void order_shell::submit(task t) {
  told_idle = false;
  if (waiting.size() >= l->limits.commands_waiting && t.done) {
    t.done.answer(domain::failure{domain::errc::overloaded, "Too many commands are waiting for this order."});
    return;
  }
  waiting.push_back(std::move(t));
  if (at == phase::unread) return load();
  next();
  tell_shard_when_idle();
}

void order_shell::next() {
  while (at == phase::live && !in_journal && !waiting.empty()) {
    auto t = std::move(waiting.front());
    waiting.pop_front();
    if (t.rq.expected_version && *t.rq.expected_version != order.version) {
      t.done.answer(domain::failure{domain::errc::stale, "The order is at version " + std::to_string(order.version) + "."});
      continue;
    }
    auto events = decide(order, t.what, l->policy, now(), l->routes.get());
    if (!events) {
      t.done.answer(std::move(events).error());
      continue;
    }
    if (events->empty() && !t.rq.key) {  // with a key its answer is kept, though nothing has changed
      if (std::holds_alternative<domain::answer_stock>(t.what) && order.allocations.empty()) caf::anon_send(l->inventory, drop_hold{id});
      if (is_notice(t.what)) l->figures->noticed(domain::notice_verdict::repeated);
      if (t.done) t.done.answer(answer_for(t, order, is_notice(t.what) ? std::string{} : persistence::order_document(order)));
      continue;
    }
    write(std::move(t), *std::move(events));
  }
}

order_answer order_shell::answer_for(const task& t, const domain::order& after, std::string document) const {
  order_answer a{200, after.version, after.id, std::move(document), false};
  const bool placed = std::holds_alternative<domain::place_order>(t.what);
  const bool takes_time = placed || std::holds_alternative<domain::fulfill_order>(t.what) || std::holds_alternative<domain::refund_order>(t.what);
  if (takes_time) a.status = t.rq.wait && wait_ends(placed, after) == 201 ? 201 : 202;
  return a;
}

void order_shell::write(task t, std::vector<domain::event> events) {
  auto d = make_append(order, events, l->policy, now(), t.rq.principal, t.rq.trace_id);
  const auto ends = waiters.empty() ? 0 : wait_ends(waiters.front().placed, d.after);
  auto a = answer_for(t, d.after, {});
  const bool shown = (t.done && !is_notice(t.what) && !t.rq.wait) || ends != 0;  // else nobody reads it now
  if (shown) a.document = d.append.row.document.empty() ? persistence::order_document(d.after) : d.append.row.document;
  bool answers_waiter = false;
  if (t.rq.key) {
    d.append.idempotency = record_of(*t.rq.key, a, false);
  } else if (ends != 0 && waiters.front().key) {
    auto final = a;
    final.status = ends;
    d.append.idempotency = record_of(*waiters.front().key, final, true);
    answers_waiter = true;
  }
  const bool nobody_goes_on_waiting = ends != 0 && waiters.size() == 1 && (answers_waiter || !waiters.front().key);
  if (!nobody_goes_on_waiting)
    for (auto& w : waiters)
      if (w.first.document.empty()) w.first = first_of(w);  // before the order moves on
  if (!t.rq.trace_id.empty()) trace_id = t.rq.trace_id;
  const bool settles_hold = std::any_of(events.begin(), events.end(), [](const domain::event& e) { return std::holds_alternative<domain::stock_reserved>(e); });
  auto moved = stock_moved{id, d.append.stock, settles_hold, 0};
  auto mails = d.append.outbox;
  in_journal = writing{std::move(t), std::move(events), std::move(d.after), std::move(a), answers_waiter};
  // What follows from the commit must follow even if this actor is gone by then, so the journal's callback sends it.
  l->journal->append(std::move(d.append), [me = order_actor{self}, links = l, moved = std::move(moved),
                                           mails = std::move(mails)](domain::result<persistence::append_outcome> r) mutable {
    if (r && !moved.movements.empty()) {
      moved.position = r->position;
      caf::anon_send(links->inventory, std::move(moved));
    } else if (!r) {
      // Perhaps it was written, or the stock in memory is not what the store has: only the store can tell.
      const bool in_doubt =
          (r.error().code == domain::errc::timed_out && !moved.movements.empty()) || (r.error().code == domain::errc::conflict && moved.settles_hold);
      if (moved.settles_hold) caf::anon_send(links->inventory, drop_hold{std::move(moved.order_id)});
      if (in_doubt) caf::anon_send(links->inventory, read_stock{});
    }
    if (r && !mails.empty()) caf::anon_send(links->notifier, outbox_written{std::move(mails)});
    caf::anon_send(me, appended{std::move(r)});
  });
}

void order_shell::on(appended& m) {
  if (!in_journal) return;
  if (!m.outcome) {
    refused(m.outcome.error());
    if (leaving) on_leave();
    return;
  }
  auto w = std::move(*in_journal);
  in_journal.reset();
  committed(std::move(w));
  if (leaving) return on_leave();
  next();
  tell_shard_when_idle();
}

void order_shell::committed(writing w) {
  const auto before = order.status;
  order = std::move(w.after);
  at = phase::live;
  placing.reset();
  const auto* told = w.events.empty() ? nullptr : std::get_if<domain::notice_received>(&w.events.front());
  if (told) l->figures->noticed(told->verdict);
  if (order.status != before || order.version == w.events.size()) l->figures->entered(order.status);
  if (order.status == domain::order_status::confirmed && before == domain::order_status::received)
    l->figures->confirm_seconds.Observe(std::chrono::duration<double>(order.updated_at - order.created_at).count());
  std::erase_if(started, [&](const auto& s) { return order.operations.at(s.n - 1).state != domain::operation_state::requested; });
  const auto document = waiters.empty() ? std::string{} : w.answer.document;
  answer(w);
  serve_waiters(w.answers_waiter, document);
  if (leaving) return;  // what follows is the next owner's
  perform_open(w.events);
  if (!order.stock_settled) ask_stock();
}

void order_shell::answer(writing& w) {
  const bool patient = w.what.rq.wait && w.answer.status == 202 && steady() < w.what.until;  // the shard tells of its end once
  if (!patient) {
    if (w.answer.document.empty() && w.what.done && !is_notice(w.what.what)) w.answer.document = persistence::order_document(order);
    return w.what.done.answer(std::move(w.answer));
  }
  const bool placed = std::holds_alternative<domain::place_order>(w.what.what);
  w.answer.document.clear();
  waiters.push_back({std::move(w.what.done), w.what.until, std::move(w.answer), std::move(w.what.rq.key), placed});
}

/// Its document is made when it is needed, which it hardly ever is; while it is not made, the order stands where it stood.
order_answer order_shell::first_of(waiter& w) const {
  if (w.first.document.empty()) w.first.document = persistence::order_document(order), w.first.version = order.version;
  return std::move(w.first);
}

/// Those whose wait is over because the work is. One with an idempotency key gets its final answer only if that was stored, so that a repeat gets the same.
void order_shell::serve_waiters(bool first_is_stored, const std::string& document) {
  bool stored = first_is_stored;
  for (auto& w : waiters) {
    if (const auto ends = wait_ends(w.placed, order); ends != 0) {
      if (w.key && !stored)
        w.done.answer(first_of(w));
      else
        w.done.answer(order_answer{ends, order.version, id, document.empty() ? persistence::order_document(order) : document, false});
    }
    stored = false;
  }
  std::erase_if(waiters, [](const waiter& w) { return !w.done; });
}

void order_shell::on(const wait_over& m) {
  for (auto& w : waiters)
    if (w.until <= m.now) w.done.answer(first_of(w));
  std::erase_if(waiters, [](const waiter& w) { return !w.done; });
  tell_shard_when_idle();
}

/// The journal would not have it. `conflict`: somebody else wrote, or the stock in memory was out of date; look again and decide anew. `timed_out`: it may
/// have been written all the same, and then it has to go on.
void order_shell::refused(const domain::failure& why) {
  auto w = std::move(*in_journal);
  in_journal.reset();
  if (why.code == domain::errc::timed_out) {
    runtime::log_order(spdlog::level::warn, id, w.what.rq.trace_id, "the journal does not know whether it has written a command", why.detail);
    w.what.done.answer(why);
    placing.reset();
    forget_answer(w.what);
    return load();
  }
  const bool again = why.code == domain::errc::conflict && w.what.tries < tries_after_conflict;
  if (placing) {
    if (!again) {
      w.what.done.answer(why);
      caf::anon_send(l->inventory, drop_hold{id});  // also one that it has not been told of yet
      return self->quit();
    }
    placing->order.done = std::move(w.what.done);
    placing->tries = w.what.tries + 1;
    return look_up();
  }
  if (again) {
    ++w.what.tries;
    waiting.push_front(std::move(w.what));
    return load();
  }
  runtime::log_order(spdlog::level::warn, id, w.what.rq.trace_id, "the journal refused a command", why.detail);
  forget_answer(w.what);
  w.what.done.answer(why);
  next();
  tell_shard_when_idle();
}

/// An answer of the outside world that could not be written: the next nudge asks for it again.
void order_shell::forget_answer(const task& t) {
  if (const auto* s = std::get_if<domain::settle_operation>(&t.what)) std::erase_if(started, [&](const auto& x) { return x.n == s->n; });
}

void order_shell::on_nudge() {
  if (at == phase::placing) return place_when_known(true);
  if (at == phase::unread) return load();
  if (at != phase::live || in_journal || !waiting.empty()) return;
  const auto long_ago = steady() - std::max(l->limits.payment_timeout, l->limits.carrier_timeout) - l->limits.lost_after;
  for (auto& s : started)
    if (waits_at_gate(s.n)) s.since = steady();  // not lost: it has not gone out
  std::erase_if(started, [&](const auto& s) { return s.since < long_ago; });
  perform_open();  // also what was answered, but could not be written
  if (!order.stock_settled && (!stock_asked || *stock_asked < steady() - l->limits.lost_after)) ask_stock();
  tell_shard_when_idle();
}

bool order_shell::idle() const { return at == phase::live && !in_journal && waiting.empty() && waiters.empty() && is_quiet(order); }

void order_shell::tell_shard_when_idle() {
  if (!idle() || told_idle) return;
  told_idle = true;
  caf::anon_send(shard, order_idle{id});
}

void order_shell::on_leave() {
  leaving = true;
  if (in_journal) return;
  const domain::failure moved{domain::errc::unavailable, "The order is moving to another node; try again in a moment."};
  if (placing) placing->order.done.answer(moved);
  give_up(moved);
}

void order_shell::on_stop() {
  if (idle())
    self->quit();
  else
    caf::anon_send(shard, order_awake{id});
}

}  // namespace coreldove::actors
