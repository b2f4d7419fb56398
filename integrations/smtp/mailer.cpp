#include <curl/curl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "integrations/smtp/message.hpp"
#include "integrations/smtp/smtp.hpp"

namespace coreldove::integrations::smtp {

using domain::operation_outcome;

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using easy_handle = std::unique_ptr<CURL, freed_by<curl_easy_cleanup>>;
using string_list = std::unique_ptr<curl_slist, freed_by<curl_slist_free_all>>;

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error{"libcurl does not start"};
  });
}

/// One mail on its way.
struct job {
  std::string to, message, message_id;  // all empty: only see whether the server is there
  on_outcome done;
  string_list recipients;
  std::size_t read_bytes = 0;
  bool all_read = false;  // the final dot goes out now
  std::string refusal;    // the server's last 4xx or 5xx line
};

std::size_t read_message(char* into, std::size_t size, std::size_t count, void* data) {
  auto& j = *static_cast<job*>(data);
  const auto n = std::min(size * count, j.message.size() - j.read_bytes);
  std::memcpy(into, j.message.data() + j.read_bytes, n);
  j.read_bytes += n;
  j.all_read = n == 0;
  return n;
}

std::size_t keep_reply(char* line, std::size_t size, std::size_t count, void* data) {
  constexpr std::size_t reply_bytes_max = 200;
  if (size * count == 0 || (line[0] != '4' && line[0] != '5')) return size * count;  // "221 bye" says nothing about the mail
  auto& reply = static_cast<job*>(data)->refusal;
  reply.assign(line, std::min(size * count, reply_bytes_max));
  while (!reply.empty() && (reply.back() == '\r' || reply.back() == '\n')) reply.pop_back();
  return size * count;
}

outcome fate(CURLcode result, long reply, const job& j) {
  if (result == CURLE_OK) return {operation_outcome::done, j.message_id, {}, {}, {}};
  const auto other = [&](operation_outcome kind, std::string code) { return outcome{kind, {}, std::move(code), j.refusal, {}}; };
  // 530, 534, 535, 538: our credentials, not this mail.
  const bool about_us = result == CURLE_LOGIN_DENIED || reply == 530 || reply == 534 || reply == 535 || reply == 538;
  if (about_us || (reply >= 400 && reply < 500)) return other(operation_outcome::not_done, std::to_string(reply));
  if (reply >= 500 && reply < 600) return other(operation_outcome::declined, std::to_string(reply));
  return {j.all_read ? operation_outcome::unknown : operation_outcome::not_done, {}, "lost", curl_easy_strerror(result), {}};
}

void finish(const job& j, outcome o) {
  try {
    j.done(std::move(o));
  } catch (const std::exception& e) {
    spdlog::error("the receiver of a mail's outcome failed: {}", e.what());
  }
}

bool is_loopback(std::string_view url) {
  const auto host = url.substr(std::min(url.find("://") + 3, url.size()));
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

}  // namespace

/// Workers, each with a connection of its own that it keeps. Not curl's multi interface: there SMTP waits for the answer to the final dot within
/// curl_multi_perform, so that one slow answer would hold up all the other mails.
class smtp_mailer final : public mailer {
public:
  explicit smtp_mailer(options o) : options_{std::move(o)} { start_curl(); }
  ~smtp_mailer() override {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
      // curl takes its leave of each server and waits up to two minutes for an answer, unless there is nobody to talk to any more.
      for (const auto fd : sockets_) ::shutdown(fd, SHUT_RDWR);
    }
    changed_.notify_all();
    for (auto& w : workers_) w.join();
    for (auto& j : waiting_) finish(*j, {operation_outcome::not_done, {}, "stopped", {}, {}});
  }

  void send(const mail& m, on_outcome done) override {
    if (const auto why = objection(m); !why.empty()) return done({operation_outcome::declined, {}, std::string{why}, "the mail cannot be written safely", {}});
    auto j = std::make_unique<job>();
    j->to = m.to;
    j->message_id = m.message_id;
    j->message = write_message(m, options_.from, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    j->done = std::move(done);
    enqueue(std::move(j));
  }

  void check(on_outcome done) override {
    auto j = std::make_unique<job>();
    j->done = std::move(done);
    enqueue(std::move(j));
  }

private:
  void enqueue(std::unique_ptr<job> j) {
    std::unique_lock lock{mutex_};
    if (waiting_.size() >= options_.waiting_max) {
      lock.unlock();
      return finish(*j, {operation_outcome::not_done, {}, "overloaded", "too many mails are waiting", {}});
    }
    waiting_.push_back(std::move(j));
    // One connection serves until it cannot keep up.
    if (waiting_.size() > idle_workers_ && workers_.size() < options_.connections) workers_.emplace_back([this] { work(); });
    lock.unlock();
    changed_.notify_one();
  }

  void work() {
    const easy_handle easy{curl_easy_init()};  // with its connection
    for (;;) {
      std::unique_lock lock{mutex_};
      ++idle_workers_;
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      --idle_workers_;
      if (stopping_) return;
      auto j = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      finish(*j, deliver(easy.get(), *j));
    }
  }

  outcome deliver(CURL* easy, job& j) {
    if (easy == nullptr) return {operation_outcome::not_done, {}, "no_memory", {}, {}};
    curl_easy_reset(easy);
    prepare(easy, j);
    const auto result = curl_easy_perform(easy);
    long reply = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    return fate(result, reply, j);
  }

  void prepare(CURL* e, job& j) {
    curl_easy_setopt(e, CURLOPT_URL, options_.url.c_str());
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(e, CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(std::chrono::ceil<std::chrono::seconds>(options_.timeout).count()));
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, this);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, &keep_reply);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, &j);
    prepare_security(e);
    if (j.message.empty()) {
      curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
      curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "NOOP");
      return;
    }
    curl_easy_setopt(e, CURLOPT_MAIL_FROM, std::string{address_of(options_.from)}.c_str());
    j.recipients.reset(curl_slist_append(nullptr, j.to.c_str()));
    curl_easy_setopt(e, CURLOPT_MAIL_RCPT, j.recipients.get());
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, &read_message);
    curl_easy_setopt(e, CURLOPT_READDATA, &j);
  }

  void prepare_security(CURL* e) const {
    const bool must_hide = !options_.user.empty() && !is_loopback(options_.url);
    curl_easy_setopt(e, CURLOPT_USE_SSL, static_cast<long>(must_hide ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(e, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) curl_easy_setopt(e, CURLOPT_CAINFO, options_.ca_file.c_str());
    if (options_.user.empty()) return;
    curl_easy_setopt(e, CURLOPT_USERNAME, options_.user.c_str());
    curl_easy_setopt(e, CURLOPT_PASSWORD, options_.password.c_str());
    curl_easy_setopt(e, CURLOPT_SASL_IR, 1L);
  }

  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* to) {
    auto& m = *static_cast<smtp_mailer*>(self);
    const std::lock_guard lock{m.mutex_};
    if (m.stopping_) return CURL_SOCKET_BAD;
    const auto fd = ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    if (fd >= 0) m.sockets_.insert(fd);
    return fd;
  }
  static int close_socket(void* self, curl_socket_t fd) {
    auto& m = *static_cast<smtp_mailer*>(self);
    const std::lock_guard lock{m.mutex_};
    m.sockets_.erase(fd);
    return ::close(fd);
  }

  options options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<job>> waiting_;
  std::vector<std::thread> workers_;
  std::size_t idle_workers_ = 0;
  std::set<curl_socket_t> sockets_;
  bool stopping_ = false;
};

std::unique_ptr<mailer> make_mailer(options o) { return std::make_unique<smtp_mailer>(std::move(o)); }

}  // namespace coreldove::integrations::smtp
