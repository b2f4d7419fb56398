#include "actors/cluster/forwarder.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace coreldove::actors {
namespace {

using namespace std::chrono_literals;
using domain::errc;

constexpr auto look_every = 50ms;    // while anything is under way
constexpr auto after_a_move = 50ms;  // the view of the nodes is half a second old at most
constexpr auto after_a_failure = 150ms;

std::string in_url(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

forwarder::forwarder(const cluster_board& board, runtime::clock& clock, runtime::random_source& random, cluster_figures& figures,
                     integrations::http::client_options tls, take_here here, forwarder_options options)
    : board_(board),
      clock_(clock),
      random_(random),
      figures_(figures),
      here_(std::move(here)),
      options_(options),
      client_(std::make_unique<integrations::http::client>(std::move(tls))) {
  thread_ = std::thread([this] { run(); });
}

forwarder::~forwarder() { stop(); }

void forwarder::stop() {
  {
    const std::lock_guard guard{lock_};
    if (std::exchange(stopped_, true)) return;
  }
  wake_.notify_one();
  thread_.join();
  client_->stop();
  std::vector<ending> over;
  {
    const std::lock_guard guard{lock_};
    while (!letters_.empty()) over.push_back(end(letters_.begin()->second, no_answer(letters_.begin()->second)));
  }
  for (auto& e : over) e.done(std::move(e.outcome));
}

std::size_t forwarder::waiting() const {
  const std::lock_guard guard{lock_};
  return letters_.size();
}

void forwarder::forward(std::string order_id, domain::command what, request rq, reply<order_answer> done) {
  letter l;
  l.operation = domain::make_ulid(clock_.now(), random_.entropy());
  l.wait = rq.wait.value_or(0ms);
  l.keyed = rq.key.has_value();
  l.done = std::move(done);
  l.since = l.next = clock_.steady();
  const auto patience = l.wait + options_.give_up_after;
  l.until = l.since + patience;
  l.body = encode({l.operation, order_id, clock_.now() + patience, std::move(rq), std::move(what)});
  l.order_id = std::move(order_id);
  std::vector<sending> out;
  std::vector<ending> over;
  {
    const auto view = board_.view();
    const std::lock_guard guard{lock_};
    if (stopped_)
      over.push_back({std::move(l.done), no_answer(l)});
    else
      look_at(letters_.emplace(l.operation, std::move(l)).first->second, *view, out, over);
  }
  wake_.notify_one();
  for (auto& s : out) send(std::move(s));
  for (auto& e : over) e.done(std::move(e.outcome));
}

void forwarder::run() {
  pthread_setname_np(pthread_self(), "forwarder");
  std::unique_lock guard{lock_};
  while (!stopped_) {
    wake_.wait(guard, [this] { return stopped_ || !letters_.empty(); });
    std::vector<sending> out;
    std::vector<ending> over;
    const auto view = board_.view();
    for (auto it = letters_.begin(); it != letters_.end();) look_at((it++)->second, *view, out, over);
    guard.unlock();
    for (auto& s : out) send(std::move(s));
    for (auto& e : over) e.done(std::move(e.outcome));
    guard.lock();
    wake_.wait_for(guard, look_every, [this] { return stopped_; });
  }
}

void forwarder::look_at(letter& l, const persistence::cluster_view& view, std::vector<sending>& out, std::vector<ending>& over) {
  const auto now = clock_.steady();
  if (now >= l.until) return over.push_back(end(l, no_answer(l)));
  const auto* to = cluster_board::holder(view, l.order_id);
  if (to == nullptr || to->port == 0) return;  // somebody is about to take the order
  const bool other = to->node != l.to || to->incarnation != l.incarnation;
  if (!other && !l.seen && l.lease && to->lease_until > *l.lease)
    return over.push_back(
        end(l, domain::failure{errc::unavailable, "The node that holds the order lives, but this node does not reach it; try another node."}));
  if (l.out ? other : now >= l.next) out.push_back(next_try(l, *to, now));
}

forwarder::sending forwarder::next_try(letter& l, const persistence::cluster_node& to, steady now) const {
  if (l.tries > 0) figures_.sent_again();
  if (to.node != l.to || to.incarnation != l.incarnation) l.lease.reset();
  l.to = to.node;
  l.incarnation = to.incarnation;
  l.out = true;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(l.until - now);
  sending s{l.operation, l.body, {}, to.pass, ++l.tries, std::min(left, l.wait + options_.one_answer)};
  if (to.node != board_.me()) s.url = fmt::format("{}://{}:{}{}", options_.tls ? "https" : "http", in_url(to.host), to.port, commands_path);
  return s;
}

/// Without a lock: some of it calls back at once.
void forwarder::send(sending s) {
  auto me = weak_from_this();
  if (s.url.empty())
    return here_(std::move(s.body), [me, operation = std::move(s.operation), number = s.number](forwarded_answer a) {
      if (const auto f = me.lock()) f->take(operation, number, std::move(a));
    });
  integrations::http::request r;
  r.method = "POST";
  r.url = std::move(s.url);
  r.headers.add("Content-Type", "application/json").add("Authorization", "Bearer " + s.pass);
  r.body = std::move(s.body);
  r.timeout = s.timeout;
  r.retry_on_stale = true;
  client_->send(std::move(r), [me, operation = std::move(s.operation), number = s.number](const integrations::http::response& answer) {
    if (const auto f = me.lock()) f->answered(operation, number, answer);
  });
}

void forwarder::answered(const std::string& operation, unsigned number, const integrations::http::response& r) {
  using integrations::http::reach;
  if (r.kind == reach::answered && r.status == 200) {
    if (auto a = decode_answer(r.body)) return take(operation, number, *std::move(a));
    spdlog::error("what another node has answered to a command cannot be read");
  }
  const std::lock_guard guard{lock_};
  const auto it = letters_.find(operation);
  if (it == letters_.end()) return;
  auto& l = it->second;
  // Refused at the door (its pass is not the one any more, it is stopping, it has no room): nothing has happened there.
  const bool refused = r.kind == reach::answered && (r.status == 503 || (r.status >= 400 && r.status < 500));
  if (r.kind != reach::not_sent && !refused) l.seen = true;
  if (number != l.tries) return;
  if (r.kind == reach::not_sent) not_reached(l);
  try_again(l, after_a_failure);
}

void forwarder::not_reached(letter& l) {
  if (l.lease) return;
  const auto view = board_.view();
  if (const auto* node = view->alive(l.to, l.incarnation)) l.lease = node->lease_until;
}

void forwarder::try_again(letter& l, std::chrono::milliseconds pause) {
  l.out = false;
  l.next = clock_.steady() + pause;
}

void forwarder::take(const std::string& operation, unsigned number, forwarded_answer a) {
  std::optional<ending> over;
  {
    const std::lock_guard guard{lock_};
    const auto it = letters_.find(operation);
    if (it == letters_.end()) return;
    auto& l = it->second;
    const auto why = a.moved || a.outcome ? std::nullopt : std::optional{a.outcome.error().code};
    if (why == errc::timed_out) l.seen = true;
    const bool nothing_done = a.moved || why == errc::unavailable || why == errc::overloaded;
    if (nothing_done && number != l.tries) return;
    if (a.moved) return try_again(l, after_a_move);
    // Where an earlier try may have been carried out, only the order, or its deadline, can tell.
    if (why == errc::timed_out || (nothing_done && l.seen)) return try_again(l, after_a_failure);
    if (a.outcome && !l.keyed) a.outcome->replayed = false;  // the name was given here: the caller asked once
    over = end(l, std::move(a.outcome));
  }
  over->done(std::move(over->outcome));
}

domain::failure forwarder::no_answer(const letter& l) const {
  if (l.seen)
    return {errc::timed_out,
            "The node that holds the order has not answered in time; whether it was done is not known. Repeat it with the same idempotency key."};
  return {errc::unavailable, "The order belongs to another node, which cannot be reached; try again in a moment."};
}

forwarder::ending forwarder::end(letter& l, domain::result<order_answer> outcome) {
  const auto code = outcome ? std::nullopt : std::optional{outcome.error().code};
  const bool nothing_done = code == errc::unavailable || code == errc::overloaded;
  const auto how = code == errc::timed_out ? forwarding::timed_out : nothing_done ? forwarding::unavailable : forwarding::answered;
  figures_.forwarded(how, std::chrono::duration<double>(clock_.steady() - l.since).count());
  ending e{std::move(l.done), std::move(outcome)};
  letters_.erase(std::string{l.operation});
  return e;
}

}  // namespace coreldove::actors
