// Requests that different readers could read differently, over real sockets: each must be refused with one answer, and the connection must end, so that
// nothing that was smuggled behind it is ever taken for a request.
#include "http/header_guard.hpp"

#include <gtest/gtest.h>

#include "tests/http/running_server.hpp"

namespace coreldove::test {
namespace {

struct refused_case {
  const char* name;
  std::string request;
  int status;
};

std::string get_with(const std::string& fields, const std::string& line = "GET /health HTTP/1.1") { return line + "\r\nHost: a\r\n" + fields + "\r\n"; }
std::string post_with(const std::string& fields, const std::string& body) {
  return "POST /api/order-workflow/webhooks/in/stripe HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) { return post_with("Transfer-Encoding: chunked\r\n", body); }

const std::string smuggled = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

std::vector<refused_case> request_lines() {
  return {
      {"NoVersion", "GET /health\r\nHost: a\r\n\r\n", 400},
      {"VersionTwo", "GET /health HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"VersionOneTwo", "GET /health HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"VersionZeroNine", "GET /health HTTP/0.9\r\nHost: a\r\n\r\n", 505},
      {"VersionLowerCase", "GET /health http/1.1\r\nHost: a\r\n\r\n", 400},
      {"VersionWithoutMinor", "GET /health HTTP/1\r\nHost: a\r\n\r\n", 400},
      {"VersionWithLongMinor", "GET /health HTTP/1.10\r\nHost: a\r\n\r\n", 400},
      {"VersionWithSign", "GET /health HTTP/+1.1\r\nHost: a\r\n\r\n", 400},
      {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"TwoBlanks", "GET  /health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"TabInsteadOfBlank", "GET\t/health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"BlankBeforeMethod", " GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"BlankAfterVersion", "GET /health HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"BlankInTarget", "GET /hea lth HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"UnknownMethod", "BREW /health HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"Trace", "TRACE /health HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"Connect", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"MethodLowerCase", "get /health HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"MethodNoToken", "G(T /health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"TargetWithoutSlash", "GET health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"AbsoluteTarget", "GET http://a/health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"AsteriskTarget", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"Fragment", "GET /health#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"QuoteInTarget", "GET /health?\" HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"BackslashInTarget", "GET /hea\\lth HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"HighByteInTarget", "GET /health\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"HalfPercent", "GET /health%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"WrongPercent", "GET /health%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"PercentNul", "GET /health%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"LongTarget", "GET /" + std::string(4096, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"EmptyRequestLine", "\r\n\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"BareLfLineEnds", "GET /health HTTP/1.1\nHost: a\n\n", 400},
      {"BareLfAfterRequestLine", "GET /health HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"BareCrInRequestLine", "GET /health HTTP/1.1\rHost: a\r\n\r\n", 400},
  };
}

std::vector<refused_case> fields() {
  return {
      {"NoHost", "GET /health HTTP/1.1\r\n\r\n", 400},
      {"TwoHosts", get_with("Host: b\r\n"), 400},
      {"TwoEqualHosts", get_with("host: a\r\n"), 400},
      {"EmptyHost", "GET /health HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"HostWithUser", "GET /health HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"HostWithPath", "GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"HostWithBlank", "GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"HostList", "GET /health HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"HostWithLetterPort", "GET /health HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
      {"HostOpenBracket", "GET /health HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
      {"HostTwoPorts", "GET /health HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 400},
      {"FoldedLine", get_with("X-A: b\r\n c\r\n"), 400},
      {"FoldedLineWithTab", get_with("X-A: b\r\n\tc\r\n"), 400},
      {"FoldedFirstField", "GET /health HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"BlankBeforeColon", get_with("X-A : b\r\n"), 400},
      {"TabBeforeColon", get_with("X-A\t: b\r\n"), 400},
      {"NoColon", get_with("X-A\r\n"), 400},
      {"EmptyName", get_with(": b\r\n"), 400},
      {"NameWithBlank", get_with("X A: b\r\n"), 400},
      {"NameWithBracket", get_with("X[A]: b\r\n"), 400},
      {"NameWithHighByte", get_with("X-\xC3\xA9: b\r\n"), 400},
      {"NulInValue", get_with(std::string("X-A: b\0c\r\n", 10)), 400},
      {"NulInName", get_with(std::string("X-\0A: b\r\n", 9)), 400},
      {"ControlInValue", get_with("X-A: b\x01\r\n"), 400},
      {"DeleteInValue", get_with("X-A: b\x7F\r\n"), 400},
      {"BareCrInValue", get_with("X-A: b\rc\r\n"), 400},
      {"BareLfInValue", get_with("X-A: b\nX-B: c\r\n"), 400},
      {"TwoAuthorizations", get_with("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), 400},
      {"TwoApiKeys", get_with("X-API-Key: a\r\nx-api-key: b\r\n"), 400},
      {"TwoIdempotencyKeys", get_with("Idempotency-Key: a\r\nIdempotency-Key: a\r\n"), 400},
      {"TwoContentTypes", get_with("Content-Type: text/plain\r\nContent-Type: application/json\r\n"), 400},
      {"OtherExpectation", get_with("Expect: 200-ok\r\n"), 417},
      {"TooManyFields", get_with([] {
         std::string out;
         for (int i = 0; i < 100; ++i) out += "X-" + std::to_string(i) + ": b\r\n";
         return out;
       }()),
       431},
      {"HeaderTooLarge", get_with("X-A: " + std::string(17'000, 'a') + "\r\n"), 431},
      {"EndlessFieldName", "GET /health HTTP/1.1\r\n" + std::string(17'000, 'a'), 431},
  };
}

std::vector<refused_case> lengths() {
  return {
      {"LengthAndChunked", post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"ChunkedAndLength", post_with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"TwoLengths", post_with("Content-Length: 5\r\nContent-Length: 6\r\n", "12345"), 400},
      {"TwoEqualLengths", post_with("Content-Length: 5\r\nContent-Length: 5\r\n", "12345"), 400},
      {"LengthList", post_with("Content-Length: 5, 5\r\n", "12345"), 400},
      {"LengthWithPlus", post_with("Content-Length: +5\r\n", "12345"), 400},
      {"LengthNegative", post_with("Content-Length: -1\r\n", ""), 400},
      {"LengthHex", post_with("Content-Length: 0x5\r\n", "12345"), 400},
      {"LengthWithPoint", post_with("Content-Length: 5.0\r\n", "12345"), 400},
      {"LengthEmpty", post_with("Content-Length:\r\n", ""), 400},
      {"LengthWithInnerBlank", post_with("Content-Length: 1 2\r\n", "12"), 400},
      {"LengthBeyond64Bit", post_with("Content-Length: 99999999999999999999\r\n", ""), 400},
      {"EncodingPigeons", post_with("Transfer-Encoding: pigeons\r\n", ""), 400},
      {"EncodingIdentity", post_with("Transfer-Encoding: identity\r\n", ""), 400},
      {"EncodingGzipChunked", post_with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
      {"EncodingChunkedGzip", post_with("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
      {"EncodingTwiceInOne", post_with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {"EncodingTwice", post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"EncodingTwiceDifferent", post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
      {"EncodingWithVerticalTab",
       post_with("Transfer-Encoding: \x0B"
                 "chunked\r\n",
                 "0\r\n\r\n"),
       400},
      {"EncodingQuoted", post_with("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {"EncodingWithParameter", post_with("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n"), 400},
      {"EncodingEmpty", post_with("Transfer-Encoding:\r\n", ""), 400},
      {"EncodingBlankBeforeColon", post_with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
      {"EncodingFolded", post_with("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
      {"EncodingOnOneZero", "POST /api/order-workflow/webhooks/in/stripe HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
  };
}

std::vector<refused_case> chunks() {
  return {
      {"ChunkSizeEmpty", chunked("\r\n\r\n"), 400},
      {"ChunkSizeNotHex", chunked("g\r\n\r\n"), 400},
      {"ChunkSizePrefixed", chunked("0x5\r\n12345\r\n0\r\n\r\n"), 400},
      {"ChunkSizeNegative", chunked("-1\r\n\r\n"), 400},
      {"ChunkSizeWithPlus", chunked("+5\r\n12345\r\n0\r\n\r\n"), 400},
      {"ChunkSizeAfterBlank", chunked(" 5\r\n12345\r\n0\r\n\r\n"), 400},
      {"ChunkSizeBeforeBlank", chunked("5 \r\n12345\r\n0\r\n\r\n"), 400},
      {"ChunkSizeOverflow", chunked("fffffffffffffffff\r\n1\r\n0\r\n\r\n"), 400},
      {"ChunkTooLong", chunked("5\r\n123456\r\n0\r\n\r\n"), 400},
      {"ChunkTooShort", chunked("5\r\n1234\r\n0\r\n\r\n"), 400},
      {"ChunkWithoutLineEnd", chunked("5\r\n123450\r\n\r\n"), 400},
      {"ChunkBareLf", chunked("5\n12345\n0\n\n" + std::string(2000, 'a')), 400},
      {"ChunkSizeEndsInBareLf", chunked("5\n12345\r\n0\r\n\r\n"), 400},
      {"ChunkExtensionTooLong", chunked("5;a=" + std::string(300, 'b') + "\r\n12345\r\n0\r\n\r\n"), 400},
      {"ChunkExtensionEndless", chunked("5;a=" + std::string(5000, 'b')), 400},
      {"ChunkExtensionWithControl", chunked("5;a=\x01\r\n12345\r\n0\r\n\r\n"), 400},
      {"Trailer", chunked("5\r\n12345\r\n0\r\nX-A: b\r\n\r\n"), 400},
      {"TrailerAuthorization", chunked("5\r\n12345\r\n0\r\nAuthorization: Bearer a\r\n\r\n"), 400},
  };
}

class HeaderGuard : public testing::TestWithParam<refused_case> {
protected:
  static void SetUpTestSuite() { server_ = std::make_unique<running_server>(); }
  static void TearDownTestSuite() { server_.reset(); }
  static std::unique_ptr<running_server> server_;
};
std::unique_ptr<running_server> HeaderGuard::server_;

TEST_P(HeaderGuard, RefusesWithOneAnswerAndEndsTheConnection) {
  wire_client client{server_->port()};
  client.send(GetParam().request + smuggled);
  const auto answer = client.read();
  EXPECT_EQ(answer.status, GetParam().status) << answer.body;
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_EQ(answer.field("content-type"), "application/problem+json; charset=utf-8");
  EXPECT_TRUE(client.closed());
  const std::lock_guard lock{server_->engine.mutex};
  EXPECT_TRUE(server_->engine.webhook_source.empty());
}

std::string name_of(const testing::TestParamInfo<refused_case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(RequestLines, HeaderGuard, testing::ValuesIn(request_lines()), name_of);
INSTANTIATE_TEST_SUITE_P(Fields, HeaderGuard, testing::ValuesIn(fields()), name_of);
INSTANTIATE_TEST_SUITE_P(Lengths, HeaderGuard, testing::ValuesIn(lengths()), name_of);
INSTANTIATE_TEST_SUITE_P(Chunks, HeaderGuard, testing::ValuesIn(chunks()), name_of);

TEST(HeaderGuardLetsThrough, WhatIsUnusualButClear) {
  running_server server;
  const std::vector<std::string> fine{
      "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
      "\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /health HTTP/1.1\r\nhost:a:8001\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: [::1]:8001\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nX-Text: \xC3\xA9t\xC3\xA9\r\n\r\n",
      "GET /health?a=%C3%A9&b=(c)'!$,;:@/?-._~ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Tab:\tb\t\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
      "GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=\"b c\"\r\nabc\r\n0;last\r\n\r\n",
      "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  };
  wire_client client{server.port()};
  for (const auto& request : fine) {
    ASSERT_TRUE(client.send(request));
    EXPECT_EQ(client.read().status, 200) << request;
  }
}

}  // namespace
}  // namespace coreldove::test
