#include "tests/redis_server/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "persistence/redis/connection.hpp"

namespace coreldove::redis_test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

answer next_answer(persistence::redis::connection& link, clock::time_point end) {
  while (true) {
    if (auto a = link.next()) return *a;
    pollfd fd{link.descriptor(), POLLIN, 0};
    if (clock::now() > end || poll(&fd, 1, 100) < 0) throw std::runtime_error("Redis does not answer");
    if (fd.revents != 0) link.read();
  }
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream{file}.rdbuf();
  return out.str();
}

}  // namespace

std::uint16_t free_port() {
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof a;
  const bool got = bind(s, reinterpret_cast<sockaddr*>(&a), size) == 0 && getsockname(s, reinterpret_cast<sockaddr*>(&a), &size) == 0;
  close(s);
  if (!got) throw std::runtime_error("no free port");
  return ntohs(a.sin_port);
}

bool comes_true(const std::function<bool()>& holds, std::chrono::milliseconds at_most) {
  for (const auto end = clock::now() + at_most; clock::now() < end; std::this_thread::sleep_for(5ms))
    if (holds()) return true;
  return holds();
}

redis_server::redis_server(std::vector<std::string> settings) : settings_(std::move(settings)) {
  auto name = (std::filesystem::temp_directory_path() / "coreldove-redis-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  for (int tries = 0; tries < 5; ++tries) {
    port_ = free_port();
    if (launch()) return;
    kill();
  }
  throw std::runtime_error("redis-server does not start: " + text_of(folder_ / "log"));
}

redis_server::~redis_server() {
  kill();
  std::filesystem::remove_all(folder_);
}

void redis_server::start() {
  if (!launch()) throw std::runtime_error("redis-server does not start again: " + text_of(folder_ / "log"));
}

/// False where it ends at once, as it does where somebody else has taken the port meanwhile.
bool redis_server::launch() {
  std::vector<std::string> words{"redis-server", "--bind",         "127.0.0.1", "--port",    std::to_string(port_),
                                 "--dir",        folder_.string(), "--save",    "",          "--daemonize",
                                 "no",           "--appendonly",   "no",        "--logfile", (folder_ / "log").string()};
  words.insert(words.end(), settings_.begin(), settings_.end());
  std::vector<char*> argv;
  for (auto& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, 1);
    dup2(nowhere, 2);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  return comes_true([this] {
           if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
             pid_ = -1;
             return true;
           }
           try {
             return !say({"PING"}).text.empty();  // "PONG", or that a password is wanted
           } catch (const std::exception&) {
             return false;
           }
         }) &&
         pid_ > 0;
}

void redis_server::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void redis_server::signal(int number) const { ::kill(pid_, number); }

persistence::redis::address redis_server::address() const {
  persistence::redis::address a;
  a.port = port_;
  return a;
}

answer redis_server::say(const command& what, const std::string& password) const {
  const auto end = clock::now() + 5s;
  persistence::redis::connection link{"127.0.0.1", port_};
  pollfd fd{link.descriptor(), POLLOUT, 0};
  poll(&fd, 1, 1'000);
  link.finish_connecting();
  if (!password.empty()) link.append({"AUTH", password});
  link.append(what);
  link.flush();
  if (!password.empty()) next_answer(link, end);
  return next_answer(link, end);
}

std::vector<entry> entries_of(const redis_server& from, const std::string& password) {
  std::vector<entry> out;
  const auto all = from.say({"XRANGE", "coreldove:events", "-", "+"}, password);
  for (const auto& x : all.list) {
    entry e{x.list.at(0).text, {}, {}, {}, {}};
    const auto& fields = x.list.at(1).list;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      auto& into = fields[i].text == "position" ? e.position : fields[i].text == "stream" ? e.stream : fields[i].text == "type" ? e.type : e.event;
      into = fields[i + 1].text;
    }
    out.push_back(std::move(e));
  }
  return out;
}

}  // namespace coreldove::redis_test
