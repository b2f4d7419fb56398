#include "persistence/redis/client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "persistence/redis/connection.hpp"
#include "persistence/redis/lookup.hpp"

namespace coreldove::persistence::redis {
namespace {

constexpr std::chrono::seconds quiet_max{1};  // then a PING finds out whether the server is still there

domain::failure never_sent() { return {domain::errc::unavailable, "Redis cannot be reached at the moment."}; }
domain::failure never_answered() { return {domain::errc::timed_out, "Redis did not answer."}; }

}  // namespace

std::string shown(const address& a) {
  const auto host = a.host.find(':') == std::string::npos ? a.host : "[" + a.host + "]";
  return a.database == 0 ? fmt::format("{}:{}", host, a.port) : fmt::format("{}:{}/{}", host, a.port, a.database);
}

client::client(client_options options) : options_(std::move(options)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), backoff_(options_.retry_max) {
  if (wake_ < 0) throw std::runtime_error("no descriptor is left for the connection to Redis");
}

client::~client() {
  stop();
  close(wake_);
}

void client::start() {
  thread_ = std::thread{[this] { run(); }};
}

void client::stop() {
  stop_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
}

void client::wake() const {
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_, &one, sizeof one));  // full means that it is awake already
}

bool client::ask(command what, answer_done done) {
  bool taken = false, first = false;
  {
    const std::lock_guard lock{mutex_};
    taken = open_ && unanswered_ < options_.max_queued;
    if (taken) {
      ++unanswered_;
      queue_.push_back({std::move(what), std::move(done)});
      first = queue_.size() == 1;
    }
  }
  if (first) wake();
  if (!taken && options_.observe.turned_away) options_.observe.turned_away();
  return taken;
}

void client::run() {
  pthread_setname_np(pthread_self(), "redis");
  sigset_t all;
  sigfillset(&all);  // a server that hangs up while it is written to is an error of the write
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!stop_) {
    try {
      if (phase_ == phase::away)
        open();
      else
        serve();
      look_after(clock::now());
    } catch (const fault& e) {
      lose(e.what());
    }
  }
  lose("the server is stopping");
}

void client::open() {
  if (clock::now() < next_try_) return wait(0);
  opened_ = clock::now();
  const auto ip = numeric_address(options_.where.host, tries_++, options_.connect_timeout, [this] { return stop_.load(); });
  opened_ = clock::now();
  link_ = std::make_unique<connection>(ip, options_.where.port);
  phase_ = phase::connecting;
}

void client::greet() {
  link_->finish_connecting();
  phase_ = phase::greeting;
  const auto& a = options_.where;
  std::vector<command> words;
  if (!a.password.empty()) words.push_back(a.user.empty() ? command{"AUTH", a.password} : command{"AUTH", a.user, a.password});
  if (a.database != 0) words.push_back({"SELECT", std::to_string(a.database)});
  words.push_back({"PING"});
  greetings_ = words.size();
  for (auto& w : words) send({std::move(w), {}});
}

void client::be_ready() {
  phase_ = phase::ready;
  ready_ = clock::now();
  {
    const std::lock_guard lock{mutex_};
    open_ = true;
  }
  tell(true, {});
  for (auto* l : listeners_) l->connected();
}

void client::serve() {
  if (phase_ == phase::ready) send_queued();
  if (link_->unsent()) link_->flush();
  wait(phase_ == phase::connecting || link_->unsent() ? POLLIN | POLLOUT : POLLIN);
}

void client::send(question q) {
  link_->append(q.what);
  sent_.push_back({clock::now(), std::move(q.done)});
}

void client::send_queued() {
  std::vector<question> taken;
  {
    const std::lock_guard lock{mutex_};
    taken.swap(queue_);
  }
  for (auto& q : taken) send(std::move(q));
}

void client::receive() {
  link_->read();
  while (auto a = link_->next()) settle(std::move(*a));
}

void client::settle(answer a) {
  if (sent_.empty()) throw fault("it said something that nobody had asked for");
  const auto s = std::move(sent_.front());
  sent_.pop_front();
  heard_ = clock::now();
  const bool refused = a.what == answer::kind::refused;
  if (options_.observe.answer) options_.observe.answer(refused ? outcome::refused : outcome::answered, std::chrono::duration<double>(heard_ - s.at).count());
  if (phase_ == phase::greeting) {
    if (refused) throw fault(a.text);
    if (--greetings_ == 0) be_ready();
    return;
  }
  const bool moved = refused && a.text.find("READONLY") != std::string::npos;  // the name may lead to the new primary by now
  const auto why = moved ? a.text : std::string{};
  if (s.done) {
    {
      const std::lock_guard lock{mutex_};
      --unanswered_;
    }
    s.done(std::move(a));
  }
  if (moved) throw fault(why);
}

/// Until something has come, somebody wants something, or it is time for something.
void client::wait(int events) {
  auto until = std::min(next_tick_, deadline());
  if (!link_) until = std::min(until, next_try_);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  std::array<pollfd, 2> fds{{{wake_, POLLIN, 0}, {link_ ? link_->descriptor() : -1, static_cast<short>(events), 0}}};
  if (poll(fds.data(), fds.size(), static_cast<int>(std::clamp<long long>(left, 0, 1'000))) <= 0) return;
  if (fds[0].revents != 0) {
    std::uint64_t count = 0;
    static_cast<void>(!::read(wake_, &count, sizeof count));
  }
  const auto happened = fds[1].revents;
  if (happened == 0) return;
  if (phase_ == phase::connecting) return greet();
  if ((happened & POLLOUT) != 0) link_->flush();
  if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0) receive();
}

client::clock::time_point client::deadline() const {
  if (phase_ == phase::connecting || phase_ == phase::greeting) return opened_ + options_.connect_timeout;
  return sent_.empty() ? clock::time_point::max() : sent_.front().at + options_.command_timeout;
}

void client::look_after(clock::time_point now) {
  if (now >= deadline()) throw fault(phase_ == phase::ready ? "it does not answer" : "it does not answer to a new connection");
  if (now < next_tick_) return;
  next_tick_ = now + options_.tick;
  if (phase_ != phase::ready) return;
  if (sent_.empty() && now - heard_ > quiet_max) send({{"PING"}, {}});
  for (auto* l : listeners_) l->tick(now);
}

void client::lose(const std::string& why) {
  std::vector<question> queued;
  {
    const std::lock_guard lock{mutex_};
    open_ = false;
    queued.swap(queue_);
    unanswered_ = 0;
  }
  if (phase_ == phase::ready && clock::now() - ready_ > 2 * options_.retry_max) backoff_.reset();  // one that comes and goes is not tried at once
  link_.reset();
  phase_ = phase::away;
  next_try_ = clock::now() + backoff_.next();
  auto lost = std::exchange(sent_, {});
  tell(false, why);
  for (auto& s : lost) {
    if (options_.observe.answer) options_.observe.answer(outcome::failed, std::chrono::duration<double>(clock::now() - s.at).count());
    if (s.done) s.done(never_answered());
  }
  for (auto& q : queued) q.done(never_sent());
}

void client::tell(bool connected, std::string detail) {
  if (stop_ || told_ == detail) return;
  told_ = std::move(detail);
  if (connected)
    spdlog::info("connected to Redis at {}", shown(options_.where));
  else
    spdlog::warn("Redis at {}: {}; it is tried again, nothing waits for it", shown(options_.where), *told_);
  if (options_.observe.state) options_.observe.state(connected, *told_);
}

}  // namespace coreldove::persistence::redis
