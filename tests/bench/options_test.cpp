#include "bench/options.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace {

using namespace coreldove::bench;
using namespace std::chrono_literals;

options accepted(const std::vector<std::string>& args) {
  const auto line = parse_command_line(args);
  EXPECT_TRUE(line.go) << line.text;
  return line.go.value_or(options{});
}

void expect_refused(const std::vector<std::string>& args, const std::string& naming) {
  const auto line = parse_command_line(args);
  EXPECT_FALSE(line.go);
  EXPECT_EQ(line.exit_status, 2);
  EXPECT_NE(line.text.find(naming), std::string::npos) << line.text;
}

TEST(BenchOptions, NothingGivenMeansTheDefaults) {
  const auto o = accepted({});
  EXPECT_EQ(o.what, options::task::load);
  EXPECT_EQ(o.server, (address{"127.0.0.1", "8001"}));
  EXPECT_EQ(o.connections, 64U);
  EXPECT_EQ(o.requests, 0U);
  EXPECT_EQ(o.duration, 30s);
  EXPECT_EQ(o.mix, (mix{100, 0, 0, 0}));
  EXPECT_EQ(o.skus.size(), 50U);
  EXPECT_EQ(o.skus.front(), "BENCH-0001");
  EXPECT_EQ(o.skus.back(), "BENCH-0050");
  EXPECT_FALSE(o.email);
  EXPECT_FALSE(o.idempotency_keys);
  EXPECT_FALSE(o.list_queries.empty());
}

TEST(BenchOptions, EveryOptionReachesItsField) {
  const auto o = accepted({"--url",
                           "http://10.0.0.1:9000/",
                           "--api-key",
                           "k",
                           "--connections",
                           "8",
                           "--threads",
                           "2",
                           "--requests",
                           "1000",
                           "--rate",
                           "500",
                           "--wait",
                           "5",
                           "--timeout",
                           "3s",
                           "--patience",
                           "4s",
                           "--mix",
                           "create=90,get=5,list=3,fulfill=2",
                           "--list-query",
                           "q=1",
                           "--list-query",
                           "q=2",
                           "--lines",
                           "2",
                           "--skus",
                           "A-8..A-9",
                           "--zipf",
                           "1.1",
                           "--customers",
                           "7",
                           "--seed",
                           "42",
                           "--idempotency-keys",
                           "--email",
                           "--gateway",
                           "paypal",
                           "--token",
                           "t",
                           "--until-confirmed",
                           "--confirm-within",
                           "2m",
                           "--ids",
                           "i",
                           "--json",
                           "j",
                           "--threshold",
                           "p99<15ms",
                           "--threshold",
                           "get.p50<2ms",
                           "--pid",
                           "12",
                           "--quiet"});
  EXPECT_EQ(o.server, (address{"10.0.0.1", "9000"}));
  EXPECT_EQ(o.api_key, "k");
  EXPECT_EQ(o.connections, 8U);
  EXPECT_EQ(o.threads, 2U);
  EXPECT_EQ(o.requests, 1000U);
  EXPECT_EQ(o.rate, 500.0);
  EXPECT_EQ(o.wait, 5U);
  EXPECT_EQ(o.timeout, 3s);
  EXPECT_EQ(o.patience, 4s);
  EXPECT_EQ(o.mix, (mix{90, 5, 3, 2}));
  EXPECT_EQ(o.list_queries, (std::vector<std::string>{"q=1", "q=2"}));
  EXPECT_EQ(o.lines, 2U);
  EXPECT_EQ(o.skus, (std::vector<std::string>{"A-8", "A-9"}));
  EXPECT_EQ(o.zipf, 1.1);
  EXPECT_EQ(o.customers, 7U);
  EXPECT_EQ(o.seed, 42U);
  EXPECT_TRUE(o.idempotency_keys);
  EXPECT_TRUE(o.email);
  EXPECT_EQ(o.gateway, "paypal");
  EXPECT_EQ(o.token, "t");
  EXPECT_TRUE(o.until_confirmed);
  EXPECT_EQ(o.confirm_within, 2min);
  EXPECT_EQ(o.ids_file, "i");
  EXPECT_EQ(o.json_file, "j");
  EXPECT_EQ(o.server_pid, 12);
  EXPECT_TRUE(o.quiet);
  ASSERT_EQ(o.thresholds.size(), 2U);
  EXPECT_EQ(o.thresholds[1].of, operation::get);
}

TEST(BenchOptions, OtherTasksAreChosenByTheirNames) {
  EXPECT_EQ(accepted({"limits", "--each", "1s"}).what, options::task::limits);
  EXPECT_EQ(accepted({"limits", "--each", "1s"}).each, 1s);
  const auto path = testing::TempDir() + "bench_ids";
  std::ofstream{path} << "ord_1\n";
  EXPECT_EQ(accepted({"--check-ids", path}).what, options::task::check_ids);
}

TEST(BenchOptions, BadValuesAreRefusedByName) {
  expect_refused({"--url", "https://localhost"}, "--url");
  expect_refused({"--connections", "0"}, "--connections");
  expect_refused({"--requests", "0"}, "--requests");
  expect_refused({"--duration", "30"}, "--duration");
  expect_refused({"--rate", "0"}, "--rate");
  expect_refused({"--wait", "61"}, "--wait");
  expect_refused({"--mix", "create=0"}, "--mix");
  expect_refused({"--skus", "A..B"}, "--skus");
  expect_refused({"--threshold", "p99<15"}, "--threshold");
  expect_refused({"--check-ids", "/does/not/exist"}, "--check-ids");
  expect_refused({"--no-such-option"}, "--no-such-option");
}

TEST(BenchOptions, WhatDoesNotGoTogetherIsRefused) {
  expect_refused({"--threads", "9", "--connections", "8"}, "--threads");
  expect_refused({"--lines", "3", "--skus", "A,B"}, "--lines");
  expect_refused({"--mix", "get=1"}, "--known-ids");
  expect_refused({"--mix", "fulfill=1"}, "needs create");
  expect_refused({"--threshold", "cpu<100us"}, "--pid");
  expect_refused({"--threshold", "get.p99<1ms"}, "leaves out");
}

TEST(BenchOptions, HelpIsNoMistake) {
  const auto line = parse_command_line({"--help"});
  EXPECT_FALSE(line.go);
  EXPECT_EQ(line.exit_status, 0);
  EXPECT_NE(line.text.find("--until-confirmed"), std::string::npos);
}

TEST(BenchUrl, HostAndPortAreRead) {
  EXPECT_EQ(parse_url("http://localhost"), (address{"localhost", "80"}));
  EXPECT_EQ(parse_url("http://localhost:8001/"), (address{"localhost", "8001"}));
  EXPECT_EQ(parse_url("http://[::1]:8001"), (address{"::1", "8001"}));
  EXPECT_EQ(parse_url("http://[::1]"), (address{"::1", "80"}));
}

TEST(BenchUrl, EverythingElseIsRefused) {
  for (const auto* text : {"", "localhost:8001", "https://h", "http://", "http://:8001", "http://h:", "http://h:0", "http://h:65536", "http://h:80x",
                           "http://h/api", "http://u@h", "http://[::1", "http://[::1]x", "http://h?x"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(BenchMix, NamesAndSharesAreRead) {
  EXPECT_EQ(parse_mix("list=1,create=2"), (mix{2, 0, 1, 0}));
  EXPECT_EQ(parse_mix("create=5,get=0"), (mix{5, 0, 0, 0}));
  for (const auto* text : {"", "create", "create=", "create=-1", "create=1,", "order=1", "create=1,create=1", "create=x", "create=9999999999", "get=0"})
    EXPECT_FALSE(parse_mix(text)) << text;
}

TEST(BenchSkus, RangesKeepTheirZeros) {
  EXPECT_EQ(parse_skus("W-098..W-101"), (std::vector<std::string>{"W-098", "W-099", "W-100", "W-101"}));
  EXPECT_EQ(parse_skus("X,Y-1"), (std::vector<std::string>{"X", "Y-1"}));
  for (const auto* text : {"", "A,,B", "A,A", "A-1..B-2", "A-1..A-10", "A-5..A-4", "A..B", "A-1..", "..A-1", "A\"1", "A-000000..A-999999"})
    EXPECT_FALSE(parse_skus(text)) << text;
}

TEST(BenchDuration, NeedsItsUnit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("2m"), 2min);
  for (const auto* text : {"", "5", "s", "-1s", "0s", "1 s", "1e3s", "inf", "1d", "200h"}) EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(BenchThreshold, ReadsMeasureDirectionAndBound) {
  const auto t = parse_threshold("get.p99.9<=1.5ms");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->of, operation::get);
  EXPECT_EQ(t->what, threshold::measure::percentile);
  EXPECT_EQ(t->percent, 99.9);
  EXPECT_EQ(t->bound, 1.5e6);
  EXPECT_TRUE(t->holds(1.5e6));
  EXPECT_FALSE(t->holds(1.6e6));
  EXPECT_FALSE(parse_threshold("p99<15ms")->holds(15e6));
  EXPECT_TRUE(parse_threshold("rate>8000")->holds(8001));
  EXPECT_FALSE(parse_threshold("rate>8000")->holds(8000));
  EXPECT_EQ(parse_threshold("rss<2GiB")->bound, 2.0 * 1024 * 1024 * 1024);
  EXPECT_EQ(parse_threshold("cpu<100us")->bound, 100e3);
  EXPECT_EQ(parse_threshold("create.errors<1")->what, threshold::measure::errors);
}

TEST(BenchThreshold, WhatItDoesNotKnowIsRefused) {
  for (const auto* text : {"", "p99", "p99<", "p99<15", "p0<1ms", "p101<1ms", "px<1ms", "q99<1ms", "rate<1ms", "errors<1x", "get.cpu<1us", "post.p99<1ms",
                           "rss<5", "p99=<1ms", "p99<-1ms"})
    EXPECT_FALSE(parse_threshold(text)) << text;
}

}  // namespace
