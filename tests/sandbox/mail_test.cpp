// The mail receiver, as a mail client speaks to it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sandbox/talk.hpp"

namespace coreldove::tests {

using testing::HasSubstr;
using testing::StartsWith;

namespace {

constexpr std::string_view message =
    "From: shop@example.com\r\nTo: a@example.com\r\nSubject: Your order\r\nMessage-ID: <ord_5/mail/1@coreldove>\r\nX-Order-Id: ord_5\r\n\r\n"
    "Hello,\r\n..dots\r\nbye\r\n.\r\n";

class mail_client {
public:
  explicit mail_client(const sandbox_under_test& box) : wire_(box.smtp_port()) { greeting = wire_.read_until("\r\n"); }
  std::string say(std::string_view line) {
    wire_.send(fmt::format("{}\r\n", line));
    return wire_.read_until("\r\n");
  }
  std::string hello() {
    wire_.send("EHLO test\r\n");
    return wire_.read_until("ENHANCEDSTATUSCODES\r\n");
  }
  /// A whole mail; the answer to the final dot.
  std::string deliver(std::string_view text = message, std::chrono::milliseconds patience = std::chrono::seconds{5}) {
    for (const char* line : {"MAIL FROM:<shop@example.com>", "RCPT TO:<a@example.com>", "DATA"})
      if (const auto r = say(line); r[0] != '2' && r[0] != '3') return r;
    wire_.send(text);
    return wire_.read_until("\r\n", patience);
  }
  wire& line() { return wire_; }
  std::string greeting;

private:
  wire wire_;
};

std::string fault_of_email(std::string_view kind) { return fmt::format(R"({{"vendor":"smtp","operation":"email","kind":"{}","delay_ms":150}})", kind); }

}  // namespace

TEST(SandboxMail, TakesAMailAndShowsIt) {
  const sandbox_under_test box;
  mail_client client{box};
  EXPECT_THAT(client.greeting, StartsWith("220 "));
  EXPECT_THAT(client.hello(), testing::AllOf(HasSubstr("PIPELINING"), HasSubstr("8BITMIME"), HasSubstr("SIZE"), HasSubstr("AUTH PLAIN LOGIN")));
  EXPECT_THAT(client.deliver(), StartsWith("250 "));
  EXPECT_THAT(client.say("QUIT"), StartsWith("221 "));
  const auto mails = box.get("/mails");
  EXPECT_EQ(mails.at("/items/0/subject"), "Your order");
  EXPECT_EQ(mails.at("/items/0/order_id"), "ord_5");
  EXPECT_EQ(mails.at("/items/0/to/0"), "a@example.com");
  EXPECT_EQ(mails.at("/items/0/from"), "shop@example.com");
  EXPECT_EQ(mails.at("/items/0/text"), "Hello,\r\n.dots\r\nbye\r\n");
  EXPECT_THAT(box.ledger(), testing::ElementsAre(HasSubstr(R"("vendor":"smtp","operation":"email","idempotency_key":"<ord_5/mail/1@coreldove>",)"
                                                           R"("reference":"a@example.com","order_id":"ord_5","amount":null)")));
}

TEST(SandboxMail, FindsTheMailsOfOneOrder) {
  const sandbox_under_test box;
  mail_client client{box};
  client.hello();
  client.deliver();
  client.deliver(
      "Message-ID: <2@x>\r\nX-Order-Id: ord_6\r\nSubject: folded\r\n over two\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9 =\r\nau "
      "lait\r\n.\r\n");
  client.deliver("Message-ID: <3@x>\r\nX-Order-Id: ord_7\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n.\r\n");
  EXPECT_EQ(box.get("/mails?order_id=ord_6").at("/items/0/text"), "caf\u00e9 au lait\r\n");
  EXPECT_EQ(box.get("/mails?order_id=ord_6").at("/items/0/subject"), "folded over two");
  EXPECT_EQ(box.get("/mails?order_id=ord_6").at("/items/1/text"), "");
  EXPECT_EQ(box.get("/mails?order_id=ord_7").at("/items/0/text"), "hello");
  EXPECT_EQ(box.get("/mails?order=ord_7").status, 400);
}

TEST(SandboxMail, ShowsEncodedSubjectsAsText) {
  const sandbox_under_test box;
  mail_client client{box};
  client.hello();
  client.deliver("Message-ID: <1@x>\r\nSubject: =?UTF-8?B?Q2Fmw6k=?=\r\n =?UTF-8?Q?_au=20lait?= today\r\n\r\n.\r\n");
  client.deliver("Message-ID: <2@x>\r\nSubject: 2=?1+1\r\n\r\n.\r\n");
  EXPECT_EQ(box.get("/mails").at("/items/0/subject"), "Caf\u00e9 au lait today");
  EXPECT_EQ(box.get("/mails").at("/items/1/subject"), "2=?1+1");
}

TEST(SandboxMail, DropsARepeatedMessageIdButSaysYes) {
  const sandbox_under_test box;
  mail_client client{box};
  client.hello();
  EXPECT_THAT(client.deliver(), StartsWith("250 "));
  EXPECT_THAT(client.deliver(), StartsWith("250 "));
  EXPECT_EQ(box.ledger("?operation=email").size(), 1u);
  EXPECT_EQ(box.get("/mails").at("/items/1/subject"), "");
}

TEST(SandboxMail, TakesPipelinedCommands) {
  const sandbox_under_test box;
  mail_client client{box};
  client.hello();
  client.line().send("MAIL FROM:<s@example.com> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n");
  EXPECT_THAT(client.line().read_until("354 "), testing::AllOf(StartsWith("250 2.1.0"), HasSubstr("250 2.1.5")));
  client.line().read_until("\r\n");
  client.line().send(std::string{message} + "NOOP\r\nQUIT\r\n");
  EXPECT_THAT(client.line().read_until("221 "), testing::AllOf(StartsWith("250 2.0.0 Ok, queued\r\n250 ")));
  EXPECT_EQ(box.get("/mails").at("/items/0/to/1"), "b@example.com");
}

TEST(SandboxMail, AcceptsAnyCredentials) {
  const sandbox_under_test box;
  mail_client client{box};
  client.hello();
  EXPECT_THAT(client.say("AUTH PLAIN AGEAYg=="), StartsWith("235 "));
  EXPECT_THAT(client.say("AUTH PLAIN"), StartsWith("334"));
  EXPECT_THAT(client.say("AGEAYg=="), StartsWith("235 "));
  EXPECT_THAT(client.say("AUTH LOGIN"), StartsWith("334 VXNlcm5hbWU6"));
  EXPECT_THAT(client.say("YQ=="), StartsWith("334 UGFzc3dvcmQ6"));
  EXPECT_THAT(client.say("Yg=="), StartsWith("235 "));
  EXPECT_THAT(client.say("AUTH MAGIC"), StartsWith("504 "));
}

TEST(SandboxMail, InsistsOnTheOrderOfTheDialogue) {
  const sandbox_under_test box;
  mail_client client{box};
  EXPECT_THAT(client.say("MAIL FROM:<a@example.com>"), StartsWith("503 "));
  client.hello();
  EXPECT_THAT(client.say("RCPT TO:<a@example.com>"), StartsWith("503 "));
  EXPECT_THAT(client.say("DATA"), StartsWith("503 "));
  EXPECT_THAT(client.say("MAIL FROM:a@example.com"), StartsWith("501 "));
  EXPECT_THAT(client.say("MAIL FROM:<a@example.com> SIZE=99999999"), StartsWith("552 "));
  EXPECT_THAT(client.say("MAIL FROM:<a@example.com>"), StartsWith("250 "));
  EXPECT_THAT(client.say("MAIL FROM:<a@example.com>"), StartsWith("503 "));
  EXPECT_THAT(client.say("DATA"), StartsWith("554 "));
  EXPECT_THAT(client.say("RSET"), StartsWith("250 "));
  EXPECT_THAT(client.say("RCPT TO:<a@example.com>"), StartsWith("503 "));
  EXPECT_THAT(client.say("STARTTLS"), StartsWith("500 "));
}

TEST(SandboxMailFaults, AnswerWithTheRightCodes) {
  const sandbox_under_test box;
  mail_client client{box};
  client.hello();
  box.fault(fault_of_email("decline"));
  EXPECT_THAT(client.deliver(), StartsWith("550 5.1.1"));
  client.say("RSET");
  box.fault(fault_of_email("rate_limit_429"));
  EXPECT_THAT(client.deliver(), StartsWith("451 4.7.1"));
  box.fault(fault_of_email("error_500"));
  EXPECT_THAT(client.deliver(), StartsWith("451 4.3.0"));
  EXPECT_TRUE(box.ledger().empty());
  box.fault(fault_of_email("slow"));
  const auto from = std::chrono::steady_clock::now();
  EXPECT_THAT(client.deliver(), StartsWith("250 "));
  EXPECT_GE(std::chrono::steady_clock::now() - from, std::chrono::milliseconds{150});
  EXPECT_EQ(box.ledger().size(), 1u);
}

TEST(SandboxMailFaults, CutTheConnectionBeforeOrAfterTheEffect) {
  const sandbox_under_test box;
  box.fault(fault_of_email("refuse"));
  mail_client refused{box};
  refused.hello();
  EXPECT_EQ(refused.say("MAIL FROM:<a@example.com>"), "");
  EXPECT_TRUE(refused.line().was_reset());
  EXPECT_TRUE(box.ledger().empty());

  box.fault(fault_of_email("no_answer"));
  mail_client silent{box};
  silent.hello();
  EXPECT_EQ(silent.deliver(message, std::chrono::milliseconds{150}), "");
  EXPECT_FALSE(silent.line().closed());
  EXPECT_TRUE(box.ledger().empty());

  box.fault(fault_of_email("lost_answer"));
  mail_client lost{box};
  lost.hello();
  EXPECT_EQ(lost.deliver(), "");
  EXPECT_TRUE(lost.line().closed());
  EXPECT_EQ(box.ledger().size(), 1u);
  mail_client again{box};
  again.hello();
  EXPECT_THAT(again.deliver(), StartsWith("250 "));
  EXPECT_EQ(box.ledger().size(), 1u);
}

}  // namespace coreldove::tests
