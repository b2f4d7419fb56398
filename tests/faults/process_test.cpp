// The process at its limits: told to stop under load, with a log that nobody takes, and out of file descriptors.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/faults/books.hpp"
#include "tests/faults/buyers.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::faults_test {
namespace {

using namespace program_test;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// A connection that stays open, and does nothing by itself.
class raw_connection {
public:
  explicit raw_connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error(std::strerror(errno));
    const timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  raw_connection(raw_connection&& from) noexcept : socket_(std::exchange(from.socket_, -1)) {}
  ~raw_connection() {
    if (socket_ >= 0) ::close(socket_);
  }
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;
  raw_connection& operator=(raw_connection&&) = delete;

  /// The status line of the answer; empty where none comes.
  std::string status_line(const std::string& request) const {
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return {};
    std::string answer(4096, '\0');
    const auto bytes = ::recv(socket_, answer.data(), answer.size(), 0);
    answer.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    return answer.substr(0, answer.find('\r'));
  }

private:
  int socket_;
};

/// Of all its threads, since it started.
double cpu_seconds(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::istringstream rest{text.substr(text.rfind(')') + 2)};  // from the state, the third field, on
  std::vector<std::string> fields{std::istream_iterator<std::string>{rest}, {}};
  return (std::stod(fields.at(11)) + std::stod(fields.at(12))) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

TEST(Process, ToldToStopUnderLoadKeepsEveryOrderItHasAnsweredFor) {
  shop s;
  s.start_world();
  s.start();
  const auto before = on_hand(s);
  buyers told{s, 8, 1};
  const char* wanted = std::getenv("STOPS");
  for (int round = 0, rounds = wanted == nullptr ? 3 : std::stoi(wanted); round < rounds; ++round) {
    const auto so_far = told.placed();
    for (int i = 0; i < 2'000 && told.placed() < so_far + 50; ++i) std::this_thread::sleep_for(5ms);
    ASSERT_GE(told.placed(), so_far + 50);
    const auto begun = clock::now();
    const auto end = s.stop(SIGTERM);
    EXPECT_EQ(end.status, 0) << end.err;
    EXPECT_LT(clock::now() - begun, 10s);
    s.start();
  }
  told.stop();
  const auto found = settled_books(s, told, before, 30s);
  EXPECT_THAT(found.violations(), testing::IsEmpty());
  EXPECT_EQ(s.stop(SIGTERM).status, 0);
  const auto verified = run(s.folder(), {"verify"});
  EXPECT_EQ(verified.status, 0) << verified.out;
}

/// The log is nobody's business but its reader's: a full disk under it, or a pipe that nobody empties, holds up neither orders nor the end.
TEST(Process, WhoseLogNobodyTakesServesAndEndsAllTheSame) {
  const scratch dir;
  const auto stuck = dir.path() / "log";
  ASSERT_EQ(::mkfifo(stuck.c_str(), S_IRUSR | S_IWUSR), 0) << std::strerror(errno);
  const int reader = ::open(stuck.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(reader, 0) << std::strerror(errno);
  ASSERT_GE(::fcntl(reader, F_SETPIPE_SZ, 4096), 0) << std::strerror(errno);
  for (const auto& log : {std::filesystem::path{"/dev/full"}, stuck}) {
    program server{dir.path(), {"serve"}, {{"PORT", "0"}, {"LOG_LEVEL", "trace"}}, log};
    const auto port = port_in(server.wait_for_line("listening on http://"));
    ASSERT_NE(port, 0) << log;
    for (int i = 0; i < 100; ++i) ASSERT_EQ(ask(port, "GET", "/health/ready").status, 200) << log;
    const auto placed =
        ask(port, "POST", api + "/orders", {{"X-API-Key", "dev-admin-key"}, {"Content-Type", "application/json"}, {"Prefer", "wait=20"}}, an_order().dump());
    EXPECT_EQ(placed.status, 201) << log << placed.body;
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(10s).status, 0) << log;
  }
  ::close(reader);
}

TEST(Process, OutOfFileDescriptorsServesWhoIsConnectedAndRecovers) {
  shop s;
  s.start_world();
  s.start();
  const std::string question = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const raw_connection early{s.port()};
  ASSERT_EQ(early.status_line(question), "HTTP/1.1 200 OK");
  const rlimit few{128, 128};
  ASSERT_EQ(::prlimit(s.server().pid(), RLIMIT_NOFILE, &few, nullptr), 0) << std::strerror(errno);
  {
    std::vector<raw_connection> crowd;
    for (int i = 0; i < 1'000; ++i) crowd.emplace_back(s.port());
    std::this_thread::sleep_for(200ms);
    const auto before = cpu_seconds(s.server().pid());
    const auto begun = clock::now();
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(early.status_line(question), "HTTP/1.1 200 OK");
      std::this_thread::sleep_for(100ms);
    }
    const std::chrono::duration<double> took = clock::now() - begun;
    EXPECT_LT(cpu_seconds(s.server().pid()) - before, 0.3 * took.count()) << "it spins";
  }
  EXPECT_EQ(ask(s.port(), "GET", "/health/ready", {}, {}, 5s).status, 200);
  const auto placed = s.call("POST", "/orders", an_order(), {{"Prefer", "wait=20"}});
  EXPECT_EQ(placed.status, 201) << placed.body;
  EXPECT_EQ(s.stop(SIGTERM).status, 0);
}

}  // namespace
}  // namespace coreldove::faults_test
