// Whole runs against small servers on loopback.
#include "bench/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "bench/bench.hpp"
#include "bench/check_ids.hpp"
#include "bench/http_stub.hpp"
#include "bench/id_file.hpp"
#include "bench/json_scan.hpp"
#include "bench/limits.hpp"

namespace {

using namespace coreldove::bench;
using namespace std::chrono_literals;

/// A server that stores orders in memory, each with the given status.
class order_stub {
public:
  explicit order_stub(std::string status = "confirmed") : status_(std::move(status)), server_([this](auto head, auto body) { return answer(head, body); }) {}

  std::string url() const { return fmt::format("http://127.0.0.1:{}", server_.port()); }
  std::set<std::string> stored() {
    const std::scoped_lock lock{mutex_};
    return ids_;
  }
  void forget(const std::string& id) {
    const std::scoped_lock lock{mutex_};
    ids_.erase(id);
  }
  std::atomic<int> gets{0}, lists{0}, fulfills{0}, received_left{0};

private:
  std::string answer(std::string_view head, std::string_view) {
    const std::scoped_lock lock{mutex_};
    if (head.starts_with("POST /api/order-workflow/orders HTTP/1.1\r\n")) {
      const auto id = fmt::format("ord_{:026}", ids_.size());
      ids_.insert(id);
      return stub_answer(201, fmt::format(R"({{"id":"{}","status":"{}"}})", id, status_));
    }
    static constexpr std::string_view one = "GET /api/order-workflow/orders/", many = "GET /api/order-workflow/orders?";
    if (head.starts_with(one)) {
      ++gets;
      const std::string id{head.substr(one.size(), 30)};
      if (!ids_.contains(id)) return stub_answer(404, "{}");
      return stub_answer(200, fmt::format(R"({{"id":"{}","status":"{}"}})", id, status_));
    }
    if (head.starts_with(many)) {
      ++lists;
      const bool received = head.find("status=received") != std::string_view::npos;
      const auto total = received ? static_cast<std::size_t>(received_left.load()) : head.find("status=" + status_) != std::string_view::npos ? ids_.size() : 0;
      if (received && received_left > 0) --received_left;
      return stub_answer(200, fmt::format(R"({{"items":[{{"total":7}}],"next_cursor":null,"total":{}}})", total));
    }
    if (head.find("/fulfill HTTP") != std::string_view::npos) {
      ++fulfills;
      return stub_answer(202, "{}");
    }
    return stub_answer(500, "{}");
  }

  std::string status_;
  std::mutex mutex_;
  std::set<std::string> ids_;
  http_stub server_;
};

options load_of(const std::string& url, std::vector<std::string> more) {
  std::vector<std::string> args{"--url", url, "--quiet", "--timeout", "5s", "--patience", "5s"};
  args.insert(args.end(), more.begin(), more.end());
  const auto line = parse_command_line(args);
  EXPECT_TRUE(line.go) << line.text;
  return line.go.value_or(options{});
}

struct temporary_file {
  explicit temporary_file(std::string_view name) : path(testing::TempDir() + fmt::format("bench-{}-{}", ::getpid(), name)) { std::filesystem::remove(path); }
  ~temporary_file() { std::filesystem::remove(path); }
  std::string path;
};

TEST(BenchRun, EachRequestIsMadeOnceAndAnswered) {
  order_stub server;
  const auto found = run_load(load_of(server.url(), {"--requests", "2000", "--connections", "32", "--threads", "2"}));
  EXPECT_EQ(found.total.of(operation::create).latency.count(), 2000U);
  EXPECT_EQ(found.total.error_count(), 0U);
  EXPECT_EQ(server.stored().size(), 2000U);
  EXPECT_EQ(found.total.order_states.at("confirmed"), 2000U);
  EXPECT_FALSE(found.gave_up);
  EXPECT_GT(rate_of(found, operation::create), 0);
}

TEST(BenchRun, AMixAsksForEverything) {
  order_stub server;
  const auto found = run_load(load_of(server.url(), {"--requests", "2000", "--mix", "create=50,get=20,list=20,fulfill=10", "--seed", "1"}));
  EXPECT_EQ(found.total.answered(), 2000U);
  EXPECT_EQ(found.total.error_count(), 0U);
  EXPECT_EQ(found.total.of(operation::get).latency.count(), static_cast<std::uint64_t>(server.gets));
  EXPECT_EQ(found.total.of(operation::list).latency.count(), static_cast<std::uint64_t>(server.lists));
  EXPECT_EQ(found.total.of(operation::fulfill).latency.count(), static_cast<std::uint64_t>(server.fulfills));
  EXPECT_NEAR(server.gets, 400, 120);
  EXPECT_NEAR(server.lists, 400, 120);
  EXPECT_NEAR(server.fulfills, 200, 100);
}

TEST(BenchRun, ADurationEndsTheRun) {
  order_stub server;
  const auto begun = std::chrono::steady_clock::now();
  const auto found = run_load(load_of(server.url(), {"--duration", "200ms", "--connections", "2"}));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  EXPECT_GT(found.total.answered(), 0U);
  EXPECT_DOUBLE_EQ(found.seconds, 0.2);
}

TEST(BenchRun, AnOpenLoopKeepsItsRateWhenTheServerIsFast) {
  order_stub server;
  const auto found = run_load(load_of(server.url(), {"--duration", "500ms", "--rate", "400", "--connections", "8", "--threads", "2"}));
  EXPECT_EQ(found.total.answered() + found.total.error_count(), 200U);
  EXPECT_EQ(found.total.error_count(), 0U);
}

TEST(BenchRun, AnOpenLoopCountsTheWaitForAPausedServer) {
  // One pause of 300 ms: with one connection and 100 requests a second, those due meanwhile wait for what is left of it.
  std::atomic<int> seen{0};
  const http_stub server{[&seen](std::string_view, std::string_view) {
    if (++seen == 10) std::this_thread::sleep_for(300ms);
    return stub_answer(202, R"({"id":"ord_1","status":"received"})");
  }};
  const auto found = run_load(load_of(fmt::format("http://127.0.0.1:{}", server.port()), {"--requests", "100", "--rate", "100", "--connections", "1"}));
  const auto& latency = found.total.of(operation::create).latency;
  EXPECT_EQ(latency.count(), 100U);
  EXPECT_GE(latency.max(), 300'000'000U);
  // About thirty requests became due in the pause; a closed loop would have seen a single slow one.
  EXPECT_GE(latency.percentile(90), 150'000'000U);
}

TEST(BenchRun, ErrorsAreCountedByTheirKind) {
  std::atomic<int> seen{0};
  const http_stub server{[&seen](std::string_view, std::string_view) -> std::string {
    switch (++seen % 5) {
      case 0:
        return "";
      case 1:
        return stub_answer(503, "{}");
      case 2:
        return "SSH-2.0-nonsense\r\n\r\n";
      case 3:
        return stub_answer(202, "{}");
      default:
        return stub_answer(202, R"({"id":"ord_1","status":"received"})");
    }
  }};
  const auto found = run_load(load_of(fmt::format("http://127.0.0.1:{}", server.port()), {"--requests", "50", "--connections", "10"}));
  EXPECT_EQ(found.total.errors.at("status 503"), 10U);
  EXPECT_EQ(found.total.of(operation::create).refused.count(), 10U);
  EXPECT_GT(found.total.of(operation::create).refused.max(), 0U);
  EXPECT_EQ(found.total.errors.at("closed"), 10U);
  EXPECT_EQ(found.total.errors.at("bad response"), 10U);
  EXPECT_EQ(found.total.errors.at("answer without id"), 10U);
  EXPECT_EQ(found.total.answered(), 10U);
  EXPECT_EQ(found.total.error_count(), 40U);
}

TEST(BenchRun, ASilentServerTimesOut) {
  const http_stub server{[](std::string_view, std::string_view) { return std::string{"HTTP/1.1 200 OK\r\n"}; }};
  auto o = load_of(fmt::format("http://127.0.0.1:{}", server.port()), {"--requests", "2", "--connections", "2"});
  o.timeout = 150ms;
  const auto found = run_load(o);
  EXPECT_EQ(found.total.errors.at("timed out"), 2U);
}

TEST(BenchRun, ConnectionsThatTheServerClosesAreMadeAnew) {
  const http_stub server{[](std::string_view, std::string_view) {
    return std::string{"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 35\r\n\r\n{\"id\":\"ord_1\",\"status\":\"confirmed\"}!close"};
  }};
  const auto found = run_load(load_of(fmt::format("http://127.0.0.1:{}", server.port()), {"--requests", "200", "--connections", "4"}));
  EXPECT_EQ(found.total.answered(), 200U);
  EXPECT_EQ(found.total.error_count(), 0U);
}

TEST(BenchRun, AnAnswerMadeOfChunksIsRead) {
  const http_stub server{[](std::string_view, std::string_view) {
    return std::string{"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"id\":\"o\r\n19\r\nrd_1\",\"status\":\"on_hold\"}\r\n0\r\n\r\n"};
  }};
  const auto found = run_load(load_of(fmt::format("http://127.0.0.1:{}", server.port()), {"--requests", "20", "--connections", "2"}));
  EXPECT_EQ(found.total.order_states.at("on_hold"), 20U);
  EXPECT_EQ(found.total.error_count(), 0U);
}

TEST(BenchRun, GivesUpWhenNobodyListens) {
  std::string url;
  { url = order_stub{}.url(); }
  auto o = load_of(url, {"--requests", "1", "--connections", "1"});
  o.patience = 200ms;
  const auto found = run_load(o);
  EXPECT_TRUE(found.gave_up);
  EXPECT_GT(found.total.failed_connects, 0U);
  EXPECT_EQ(coreldove::bench::main({"--url", url, "--requests", "1", "--patience", "200ms", "--quiet"}), 1);
}

TEST(BenchIds, AcknowledgedOrdersAreWrittenAndReadBack) {
  order_stub server;
  const temporary_file file{"ids"};
  run_load(load_of(server.url(), {"--requests", "300", "--ids", file.path}));
  auto ids = read_ids(file.path);
  EXPECT_EQ((std::set<std::string>{ids.begin(), ids.end()}), server.stored());
  EXPECT_EQ(ids.size(), 300U);

  const auto o = load_of(server.url(), {"--connections", "8"});
  const auto all = read_orders_back(o, ids);
  EXPECT_TRUE(all.complete());
  EXPECT_EQ(all.statuses.at("confirmed"), 300U);
  EXPECT_EQ(coreldove::bench::main({"--url", server.url(), "--check-ids", file.path}), 0);

  server.forget(ids[17]);
  const auto less = read_orders_back(o, ids);
  EXPECT_EQ(less.missing, std::vector<std::string>{ids[17]});
  EXPECT_EQ(coreldove::bench::main({"--url", server.url(), "--check-ids", file.path}), 1);
}

TEST(BenchIds, AnOrderThatIsNeverAnsweredIsUnread) {
  const http_stub server{[](std::string_view, std::string_view) { return stub_answer(500, "{}"); }};
  const auto found = read_orders_back(load_of(fmt::format("http://127.0.0.1:{}", server.port()), {}), {"ord_1", "ord_2"});
  EXPECT_EQ(found.unread.size(), 2U);
  EXPECT_TRUE(found.missing.empty());
  EXPECT_FALSE(found.complete());
}

TEST(BenchIds, AFileWithOtherLinesIsRefused) {
  const temporary_file file{"bad-ids"};
  std::ofstream{file.path} << "ord_1\nGET / HTTP/1.1\n";
  try {
    read_ids(file.path);
    FAIL() << "was accepted";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string{e.what()}.find("line 2"), std::string::npos);
  }
}

TEST(BenchFollow, WaitsUntilNoOrderIsLeftReceived) {
  order_stub server;
  const auto o = load_of(server.url(), {"--requests", "10", "--until-confirmed"});
  const auto before = count_by_status(o);
  EXPECT_EQ(before, status_totals{});
  run_load(load_of(server.url(), {"--requests", "10"}));
  server.received_left = 2;
  const auto found = wait_until_settled(o, before, 10s);
  EXPECT_TRUE(found.in_time);
  EXPECT_EQ(found.added[2], 10U);
  EXPECT_EQ(server.received_left, 0);
}

TEST(BenchFollow, ABoundEndsTheWaiting) {
  order_stub server;
  server.received_left = 1'000'000;
  const auto found = wait_until_settled(load_of(server.url(), {}), status_totals{}, 1ms);
  EXPECT_FALSE(found.in_time);
}

TEST(BenchMain, ABreachedThresholdIsExitStatusOne) {
  order_stub server;
  const temporary_file json{"json"};
  const std::vector<std::string> common{"--url", server.url(), "--requests", "100", "--quiet", "--json", json.path, "--pid", std::to_string(::getpid())};
  auto kept = common, breached = common;
  kept.insert(kept.end(), {"--threshold", "p99<10s", "--threshold", "errors<1"});
  breached.insert(breached.end(), {"--threshold", "errors<1", "--threshold", "max<1ns"});
  EXPECT_EQ(coreldove::bench::main(kept), 0);
  EXPECT_EQ(coreldove::bench::main(breached), 1);
  EXPECT_EQ(coreldove::bench::main({"--nonsense"}), 2);

  std::ifstream in{json.path};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  EXPECT_NE(text.find(R"("answered_as":{"confirmed":100})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"({"threshold":"max<1ns",)"), std::string::npos);
  EXPECT_NE(text.find(R"("kept":false)"), std::string::npos);
  EXPECT_NE(text.find(R"("server":{"cpu_us_per_order":)"), std::string::npos);
  EXPECT_NE(text.find(R"("rss_peak_bytes":)"), std::string::npos);
  EXPECT_NE(text.find(R"("thread_cpu_us":{")"), std::string::npos);
  EXPECT_TRUE(integer_member(text, "connections")) << "not an object";
}

TEST(BenchLimits, EveryFigureIsMeasured) {
  auto asked = *parse_command_line({}).go;
  asked.directory = testing::TempDir();
  asked.each = 50ms;
  const auto m = measure(asked);
  EXPECT_GT(m.echo_per_second, 0);
  EXPECT_GT(m.echo_cpu_us, 0);
  EXPECT_GT(m.flushes_per_second, 0);
  EXPECT_GT(m.flush_p99_ms, 0);
  EXPECT_GT(m.rows_per_second, 0);
  EXPECT_GT(m.transactions_per_second, 0);
}

}  // namespace
