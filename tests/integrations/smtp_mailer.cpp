#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "integrations/smtp/smtp.hpp"
#include "tests/integrations/loopback_server.hpp"
#include "tests/integrations/waiting.hpp"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using namespace coreldove::integrations;
using namespace coreldove::testing;
using coreldove::domain::operation_outcome;

/// A mail server whose answer to each command is scripted; "" ends the connection, "hold" keeps it silent.
class mail_server {
public:
  explicit mail_server(std::map<std::string, std::string> answers = {}) : answers_{std::move(answers)}, thread_{[this] { accept(); }} {}
  ~mail_server() {
    stopping_ = true;
    boost::system::error_code ignored;
    tcp::socket wake{io_};
    wake.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
    {
      const std::lock_guard lock{mutex_};
      for (auto& s : sockets_) s->shutdown(tcp::socket::shutdown_both, ignored);
    }
    for (auto& t : sessions_) t.join();
  }
  std::string url() const { return fmt::format("smtp://127.0.0.1:{}", acceptor_.local_endpoint().port()); }
  std::size_t connections() const { return connections_; }
  std::vector<std::string> mails() const {
    const std::lock_guard lock{mutex_};
    return mails_;
  }
  std::vector<std::string> commands() const {
    const std::lock_guard lock{mutex_};
    return commands_;
  }
  /// Until the first mail is there, its final dot included.
  void wait_for_mail() {
    std::unique_lock lock{gather_mutex_};
    met_.wait_for(lock, 5s, [&] { return most_at_once_ > 0; });
  }
  std::size_t most_at_once() const { return most_at_once_; }
  /// Blocks each mail's end until so many are there at once.
  void gather(std::size_t n) { gather_ = n; }

private:
  void accept() {
    for (;;) {
      auto s = std::make_shared<tcp::socket>(io_);
      boost::system::error_code ec;
      acceptor_.accept(*s, ec);
      if (ec || stopping_) return;
      ++connections_;
      const std::lock_guard lock{mutex_};
      sockets_.push_back(s);
      sessions_.emplace_back([this, s] { talk(*s); });
    }
  }
  std::string answer_to(const std::string& verb) {
    const auto it = answers_.find(verb);
    if (it != answers_.end()) return it->second;
    static const std::map<std::string, std::string> usual{{"greeting", "220 test ESMTP"},
                                                          {"EHLO", "250-test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"},
                                                          {"DATA", "354 go on"},
                                                          {"QUIT", "221 bye"},
                                                          {"AUTH", "235 welcome"}};
    const auto known = usual.find(verb);
    return known == usual.end() ? "250 ok" : known->second;
  }
  bool say(tcp::socket& s, const std::string& verb) {
    const auto text = answer_to(verb);
    boost::system::error_code ec;
    if (text == "hold") {
      char c = 0;
      asio::read(s, asio::buffer(&c, 1), ec);  // until the other side gives up
      return false;
    }
    if (text.empty()) return s.shutdown(tcp::socket::shutdown_both, ec), false;
    asio::write(s, asio::buffer(text + "\r\n"), ec);
    return !ec;
  }
  void talk(tcp::socket& s) {
    std::string in;
    const auto line_up_to = [&](const char* end) -> std::optional<std::string> {
      boost::system::error_code ec;
      const auto n = asio::read_until(s, asio::dynamic_buffer(in), end, ec);
      if (ec) return std::nullopt;
      auto text = in.substr(0, n);
      in.erase(0, n);
      return text;
    };
    if (!say(s, "greeting")) return;
    for (;;) {
      const auto line = line_up_to("\r\n");
      if (!line) return;
      {
        const std::lock_guard lock{mutex_};
        commands_.push_back(line->substr(0, line->size() - 2));
      }
      const auto verb = line->substr(0, line->find_first_of(" \r"));
      if (!say(s, verb)) return;
      if (verb != "DATA" || answer_to("DATA").front() != '3') continue;
      const auto mail = line_up_to("\r\n.\r\n");
      if (!mail) return;
      meet_others();
      {
        const std::lock_guard lock{mutex_};
        mails_.push_back(mail->substr(0, mail->size() - 3));
      }
      if (!say(s, "dot")) return;
    }
  }
  void meet_others() {
    std::unique_lock lock{gather_mutex_};
    most_at_once_ = std::max<std::size_t>(most_at_once_, ++at_once_);
    met_.notify_all();
    met_.wait_for(lock, 2s, [&] { return most_at_once_ >= gather_; });
    --at_once_;
  }

  std::map<std::string, std::string> answers_;
  asio::io_context io_;
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<tcp::socket>> sockets_;
  std::vector<std::thread> sessions_;
  std::vector<std::string> mails_, commands_;
  std::mutex gather_mutex_;
  std::condition_variable met_;
  std::size_t at_once_ = 0;
  std::atomic<std::size_t> gather_{0}, most_at_once_{0}, connections_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

mail sample() { return {"buyer@example.com", "Your order", "Thank you.\n.\nBye.", "<k1@coreldove>", "ord_1"}; }

std::unique_ptr<mailer> mailer_for(const std::string& url, smtp::options o = {}) {
  o.url = url;
  if (o.from.empty()) o.from = "Shop <orders@example.com>";
  return smtp::make_mailer(std::move(o));
}

outcome send(mailer& m, const mail& what = sample()) {
  return wait_for<outcome>([&](auto done) { m.send(what, done); });
}

TEST(SmtpMailer, DeliversAMailAsWritten) {
  mail_server server;
  const auto m = mailer_for(server.url());
  const auto got = send(*m);
  EXPECT_EQ(got.kind, operation_outcome::done);
  EXPECT_EQ(got.reference, "<k1@coreldove>");
  ASSERT_EQ(server.mails().size(), 1U);
  const auto text = server.mails().at(0);
  EXPECT_EQ(text.substr(0, 6), "Date: ");
  for (const auto* line :
       {"\r\nFrom: Shop <orders@example.com>\r\n", "\r\nTo: buyer@example.com\r\n", "\r\nSubject: Your order\r\n", "\r\nMessage-ID: <k1@coreldove>\r\n",
        "\r\nX-Order-Id: ord_1\r\n", "\r\nMIME-Version: 1.0\r\n", "\r\nContent-Type: text/plain; charset=utf-8\r\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  EXPECT_NE(text.find("\r\n\r\nThank you.\r\n..\r\nBye.\r\n"), std::string::npos) << "the lone dot is stuffed";
  const auto commands = server.commands();
  EXPECT_NE(std::find(commands.begin(), commands.end(), "MAIL FROM:<orders@example.com>"), commands.end());
  EXPECT_NE(std::find(commands.begin(), commands.end(), "RCPT TO:<buyer@example.com>"), commands.end());
}

TEST(SmtpMailer, ReusesItsConnection) {
  mail_server server;
  const auto m = mailer_for(server.url(), {.connections = 1});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send(*m).kind, operation_outcome::done);
  EXPECT_EQ(server.connections(), 1U);
}

TEST(SmtpMailer, SendsSomeAtOnceAndNoMoreThanTheBound) {
  mail_server server;
  server.gather(3);
  const auto m = mailer_for(server.url(), {.connections = 3});
  std::atomic<int> done{0};
  std::promise<void> all;
  for (int i = 0; i < 12; ++i)
    m->send(sample(), [&](const outcome& o) {
      EXPECT_EQ(o.kind, operation_outcome::done);
      if (++done == 12) all.set_value();
    });
  ASSERT_EQ(all.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(server.most_at_once(), 3U);
  EXPECT_LE(server.connections(), 3U);
}

TEST(SmtpMailer, LogsInWhereItHasCredentials) {
  mail_server server;
  EXPECT_EQ(send(*mailer_for(server.url(), {.user = "u", .password = "p"})).kind, operation_outcome::done);
  const auto commands = server.commands();
  EXPECT_NE(std::find(commands.begin(), commands.end(), "AUTH PLAIN AHUAcA=="), commands.end());  // \0u\0p
}

TEST(SmtpMailer, MapsEveryRefusal) {
  struct row {
    std::string at, reply;
    operation_outcome kind;
    std::string code;
  };
  const std::vector<row> table{
      {"MAIL", "451 4.3.0 later", operation_outcome::not_done, "451"},        {"RCPT", "450 4.2.1 busy", operation_outcome::not_done, "450"},
      {"RCPT", "550 5.1.1 no such user", operation_outcome::declined, "550"}, {"DATA", "554 5.7.1 no", operation_outcome::declined, "554"},
      {"dot", "452 4.3.1 full", operation_outcome::not_done, "452"},          {"dot", "554 5.7.1 spam", operation_outcome::declined, "554"},
      {"greeting", "421 busy", operation_outcome::not_done, "421"},           {"greeting", "554 no service", operation_outcome::declined, "554"},
  };
  for (const auto& r : table) {
    mail_server server{{{r.at, r.reply}}};
    const auto got = send(*mailer_for(server.url()));
    EXPECT_EQ(got.kind, r.kind) << r.at << " " << r.reply;
    EXPECT_EQ(got.code, r.code) << r.at << " " << r.reply;
    EXPECT_EQ(got.message, r.reply);
  }
}

TEST(SmtpMailer, DoesNotBlameAMailForItsOwnCredentials) {
  mail_server server{{{"AUTH", "535 5.7.8 no"}}};
  const auto got = send(*mailer_for(server.url(), {.user = "u", .password = "p"}));
  EXPECT_EQ(got.kind, operation_outcome::not_done);
  mail_server closed{{{"MAIL", "530 5.7.0 log in first"}}};
  EXPECT_EQ(send(*mailer_for(closed.url())).kind, operation_outcome::not_done);
}

TEST(SmtpMailer, KnowsWhetherTheMailMayHaveGoneThrough) {
  EXPECT_EQ(send(*mailer_for(fmt::format("smtp://127.0.0.1:{}", closed_port()))).kind, operation_outcome::not_done);
  for (const auto* at : {"greeting", "MAIL", "RCPT", "DATA"}) {
    mail_server server{{{at, ""}}};
    EXPECT_EQ(send(*mailer_for(server.url())).kind, operation_outcome::not_done) << at;
  }
  mail_server lost{{{"dot", ""}}};
  EXPECT_EQ(send(*mailer_for(lost.url())).kind, operation_outcome::unknown);
  mail_server silent{{{"dot", "hold"}}};
  EXPECT_EQ(send(*mailer_for(silent.url(), {.timeout = 200ms})).kind, operation_outcome::unknown);
  mail_server slow{{{"greeting", "hold"}}};
  EXPECT_EQ(send(*mailer_for(slow.url(), {.timeout = 200ms})).kind, operation_outcome::not_done);
}

TEST(SmtpMailer, SendsAgainAfterTheOtherSideHasClosed) {
  mail_server server{{{"dot", ""}}};
  const auto m = mailer_for(server.url());
  EXPECT_EQ(send(*m).kind, operation_outcome::unknown);
  EXPECT_EQ(send(*m).kind, operation_outcome::unknown);
  EXPECT_EQ(server.mails().size(), 2U);
}

TEST(SmtpMailer, RefusesWhatWouldWriteHeadersOfItsOwn) {
  mail_server server;
  const auto m = mailer_for(server.url());
  const auto code_of = [&](auto change) {
    auto one = sample();
    change(one);
    const auto got = send(*m, one);
    EXPECT_EQ(got.kind, operation_outcome::declined);
    return got.code;
  };
  EXPECT_EQ(code_of([](mail& x) { x.subject = "a\r\nBcc: all@example.com"; }), "line_break_in_header");
  EXPECT_EQ(code_of([](mail& x) { x.to = "a@example.com\nBcc: b@example.com"; }), "line_break_in_header");
  EXPECT_EQ(code_of([](mail& x) { x.order_id = "a\rb"; }), "line_break_in_header");
  EXPECT_EQ(code_of([](mail& x) { x.message_id = std::string{"a\0b", 3}; }), "line_break_in_header");
  EXPECT_EQ(code_of([](mail& x) { x.message_id = ""; }), "bad_header");
  for (const auto* to : {"", "nobody", "@example.com", "a@", "a b@example.com", "<a@example.com>", "a@example.com,b@example.com", "\xc3\xa4@example.com"})
    EXPECT_EQ(code_of([&](mail& x) { x.to = to; }), "bad_address") << to;
  EXPECT_EQ(server.connections(), 0U);
}

TEST(SmtpMailer, RefusesMoreWaitingMailsThanTheBound) {
  mail_server server{{{"greeting", "hold"}}};
  const auto m = mailer_for(server.url(), {.connections = 1, .waiting_max = 1, .timeout = 300ms});
  std::atomic<int> overloaded{0}, others{0};
  for (int i = 0; i < 50; ++i) m->send(sample(), [&](const outcome& o) { ++(o.code == "overloaded" ? overloaded : others); });
  EXPECT_GE(overloaded, 48);
}

TEST(SmtpMailer, FailsWhatIsLeftWhenItEnds) {
  mail_server server{{{"dot", "hold"}}};
  std::vector<outcome> got;
  {
    const auto m = mailer_for(server.url(), {.connections = 1});
    for (int i = 0; i < 3; ++i) m->send(sample(), [&](outcome o) { got.push_back(std::move(o)); });  // by one worker, or after its end
    server.wait_for_mail();
  }
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got.at(0).kind, operation_outcome::unknown);
  EXPECT_EQ(got.at(1).kind, operation_outcome::not_done);
  EXPECT_EQ(got.at(2).code, "stopped");
}

TEST(SmtpMailer, ChecksTheServerWithoutAMail) {
  mail_server server;
  const auto m = mailer_for(server.url(), {.user = "u", .password = "p"});
  EXPECT_EQ(wait_for<outcome>([&](auto done) { m->check(done); }).kind, operation_outcome::done);
  EXPECT_TRUE(server.mails().empty());
  const auto wrong = mailer_for(fmt::format("smtp://127.0.0.1:{}", closed_port()));
  EXPECT_EQ(wait_for<outcome>([&](auto done) { wrong->check(done); }).kind, operation_outcome::not_done);
}

}  // namespace
