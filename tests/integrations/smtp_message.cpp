#include <gtest/gtest.h>

#include "integrations/smtp/message.hpp"

namespace {

using namespace coreldove::integrations;

TEST(SmtpMessage, FindsTheAddressOfAMailbox) {
  EXPECT_EQ(smtp::address_of("Shop <orders@example.com>"), "orders@example.com");
  EXPECT_EQ(smtp::address_of("orders@example.com"), "orders@example.com");
  EXPECT_EQ(smtp::address_of(">orders<"), ">orders<");
}

TEST(SmtpMessage, LeavesShortPlainSubjectsAlone) { EXPECT_EQ(smtp::encode_subject("Your order ord_1 (2 items)"), "Your order ord_1 (2 items)"); }

TEST(SmtpMessage, EncodesOtherSubjectsInWholeCharactersAndShortLines) {
  EXPECT_EQ(smtp::encode_subject("Grüße"), "=?UTF-8?B?R3LDvMOfZQ==?=");
  EXPECT_EQ(smtp::encode_subject("=?UTF-8?B?QUJD?="), "=?UTF-8?B?PT9VVEYtOD9CP1FVSkQ/PQ==?=");
  std::string many;
  for (int i = 0; i < 40; ++i) many += "\xe2\x82\xac";  // 120 bytes of euro signs: 15 to a word
  EXPECT_EQ(smtp::encode_subject("x" + many).substr(0, 13), "=?UTF-8?B?eOK");
  std::string_view rest;
  const auto encoded = smtp::encode_subject("x" + many);
  rest = encoded;
  std::size_t lines = 0;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find("\r\n "));
    EXPECT_LE(line.size(), 75U);
    EXPECT_TRUE(line.ends_with("?="));
    rest.remove_prefix(std::min(rest.size(), line.size() + 3));
    ++lines;
  }
  EXPECT_EQ(lines, 3U);
}

TEST(SmtpMessage, EncodesSubjectsThatAreNoUtf8WithoutEnd) { EXPECT_NE(smtp::encode_subject(std::string(200, '\x80')), ""); }

TEST(SmtpMessage, WritesTextQuotedPrintable) {
  EXPECT_EQ(smtp::encode_quoted_printable("a=b \xc3\xa4\n"), "a=3Db =C3=A4\r\n");
  EXPECT_EQ(smtp::encode_quoted_printable("blank at the end \nx\t\r\ny "), "blank at the end=20\r\nx=09\r\ny=20");
  EXPECT_EQ(smtp::encode_quoted_printable("a\rb"), "a=0Db");
  const auto wrapped = smtp::encode_quoted_printable(std::string(200, 'x'));
  EXPECT_EQ(wrapped, std::string(75, 'x') + "=\r\n" + std::string(75, 'x') + "=\r\n" + std::string(50, 'x'));
  const auto escaped = smtp::encode_quoted_printable(std::string(74, 'x') + "=");
  EXPECT_EQ(escaped, std::string(74, 'x') + "=\r\n=3D");
}

TEST(SmtpMessage, DatesItselfInUtc) {
  const mail m{"a@example.com", "s", "t", "<k@coreldove>", ""};
  const auto text = smtp::write_message(m, "b@example.com", coreldove::domain::time_point{std::chrono::seconds{1'700'000'000}});
  EXPECT_EQ(text.substr(0, text.find("\r\n")), "Date: Tue, 14 Nov 2023 22:13:20 +0000");
  EXPECT_EQ(text.find("X-Order-Id"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\nt\r\n"));
}

}  // namespace
