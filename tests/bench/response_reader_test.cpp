#include "bench/response_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using coreldove::bench::response_reader;
using progress = response_reader::progress;

struct answer {
  int status;
  bool keep_alive;
  std::string body;
  friend bool operator==(const answer&, const answer&) = default;
  friend std::ostream& operator<<(std::ostream& out, const answer& a) { return out << a.status << " " << a.keep_alive << " " << a.body; }
};

/// All answers in `bytes`, fed in pieces of `step` bytes; fails the test at a bad one.
std::vector<answer> read_all(const std::string& bytes, std::size_t step) {
  response_reader reader;
  std::vector<answer> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto input = std::string_view{bytes}.substr(at, step);
    while (!input.empty()) {
      const auto state = reader.take(input);
      if (state == progress::bad) {
        ADD_FAILURE() << "refused near byte " << at;
        return out;
      }
      if (state == progress::done) out.push_back({reader.status(), reader.keep_alive(), std::string{reader.body()}});
    }
  }
  EXPECT_TRUE(reader.between());
  return out;
}

progress verdict(std::string_view bytes) {
  response_reader reader;
  return reader.take(bytes);
}

const std::string pipelined =
    "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"id\":\"ord_\"}"
    "HTTP/1.1 204 No Content\r\n\r\n"
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ntransfer-encoding: CHUNKED\r\nX: y\r\n\r\n"
    "5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\nTrailer: t\r\n\r\n"
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n"
    "HTTP/1.1 200\r\nCONTENT-LENGTH:   0  \r\n\r\n"
    "HTTP/1.1 503 Service Unavailable\r\nconnection: Close\r\ncontent-length: 4\r\n\r\nbusy";

const std::vector<answer> expected{
    {202, true, "{\"id\":\"ord_\"}"}, {204, true, ""}, {201, true, "hello, world"}, {304, true, ""}, {200, true, ""}, {503, false, "busy"}};

TEST(ResponseReader, ReadsPipelinedAnswersWhateverThePieces) {
  for (std::size_t step = 1; step <= pipelined.size(); ++step) EXPECT_EQ(read_all(pipelined, step), expected) << "pieces of " << step;
}

TEST(ResponseReader, LeavesWhatFollowsAnAnswer) {
  response_reader reader;
  std::string_view input = pipelined;
  ASSERT_EQ(reader.take(input), progress::done);
  EXPECT_TRUE(input.starts_with("HTTP/1.1 204"));
}

TEST(ResponseReader, ABodyWithoutLengthRunsUntilTheClose) {
  response_reader reader;
  std::string_view input = "HTTP/1.1 200 OK\r\n\r\nall of ";
  EXPECT_EQ(reader.take(input), progress::more);
  input = "it";
  EXPECT_EQ(reader.take(input), progress::more);
  EXPECT_EQ(reader.close(), progress::done);
  EXPECT_EQ(reader.body(), "all of it");
  EXPECT_FALSE(reader.keep_alive());
}

TEST(ResponseReader, ACloseInTheMiddleIsBad) {
  for (const std::string_view begun :
       {"HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    response_reader reader;
    auto input = begun;
    EXPECT_EQ(reader.take(input), progress::more);
    EXPECT_FALSE(reader.between());
    EXPECT_EQ(reader.close(), progress::bad) << begun;
  }
}

TEST(ResponseReader, ACloseBetweenAnswersIsNone) {
  response_reader reader;
  EXPECT_EQ(reader.close(), progress::more);
  std::string_view input = "HTTP/1.1 204 No Content\r\n\r\n";
  ASSERT_EQ(reader.take(input), progress::done);
  EXPECT_EQ(reader.close(), progress::more);
}

TEST(ResponseReader, OldVersionsCloseUnlessTheySayOtherwise) {
  response_reader reader;
  std::string_view input = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
  ASSERT_EQ(reader.take(input), progress::done);
  EXPECT_FALSE(reader.keep_alive());
  input = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
  ASSERT_EQ(reader.take(input), progress::done);
  EXPECT_TRUE(reader.keep_alive());
}

TEST(ResponseReader, RefusesWhatIsNotHttp) {
  for (const std::string_view bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"})
    EXPECT_EQ(verdict(bytes), progress::bad) << bytes;
}

TEST(ResponseReader, RefusesHeadsAndChunkLinesWithoutEnd) {
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nX: " + std::string(response_reader::longest_head, 'x')), progress::bad);
  EXPECT_EQ(verdict("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(response_reader::longest_head + 1, '1')), progress::bad);
}

TEST(ResponseReader, StaysBadOnceBad) {
  response_reader reader;
  std::string_view input = "nonsense\r\n\r\n";
  ASSERT_EQ(reader.take(input), progress::bad);
  input = "HTTP/1.1 204 No Content\r\n\r\n";
  EXPECT_EQ(reader.take(input), progress::bad);
}

}  // namespace
