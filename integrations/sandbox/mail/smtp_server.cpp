#include "integrations/sandbox/mail/smtp_server.hpp"

#include <strings.h>

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>

#include "integrations/sandbox/listener.hpp"
#include "integrations/sandbox/mail/mail_receiver.hpp"

namespace coreldove::integrations::world {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t line_bytes_max = 64 * 1024;
constexpr std::size_t mail_bytes_max = 10 << 20;

bool starts_with_word(std::string_view line, std::string_view word) {
  return line.size() >= word.size() && strncasecmp(line.data(), word.data(), word.size()) == 0;
}

/// The address out of "<a@example.com> SIZE=100"; false where there are no brackets.
bool read_path(std::string_view rest, std::string& address, std::string_view& parameters) {
  const auto open = rest.find('<'), close = rest.find('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
      rest.substr(0, open).find_first_not_of(' ') != std::string_view::npos)
    return false;
  address = rest.substr(open + 1, close - open - 1);
  parameters = rest.substr(close + 1);
  return true;
}

class session : public std::enable_shared_from_this<session> {
public:
  session(tcp::socket s, world& w, mail_receiver& mails) : socket_(std::move(s)), timer_(socket_.get_executor()), world_(w), mails_(mails) {}

  void start() {
    say("220 sandbox ESMTP ready");
    flush();
  }

private:
  enum class expects { command, auth_plain, auth_user, auth_password, data };
  enum class then { read, close, reset, hold, late };

  void read() {
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code ec, std::size_t n) {
      if (ec) return;
      self->input_.append(self->chunk_.data(), n);
      self->work();
    });
  }

  /// Takes every whole line, as far as nothing makes it wait.
  void work() {
    std::size_t used = 0;
    next_ = then::read;
    while (next_ == then::read) {
      const auto end = input_.find('\n', used);
      if (end == std::string::npos) break;
      std::string_view line(input_.data() + used, end - used);
      if (line.ends_with('\r')) line.remove_suffix(1);
      used = end + 1;
      take(line);
    }
    input_.erase(0, used);
    if (input_.size() > line_bytes_max) {
      say("500 5.5.2 Line too long");
      next_ = then::close;
    }
    flush();
  }

  void take(std::string_view line) {
    switch (expects_) {
      case expects::command:
        return command(line);
      case expects::data:
        return data(line);
      case expects::auth_user:
        expects_ = expects::auth_password;
        return say("334 UGFzc3dvcmQ6");
      case expects::auth_plain:
      case expects::auth_password:
        expects_ = expects::command;
        return say(line == "*" ? "501 5.7.0 Authentication cancelled" : "235 2.7.0 Authentication succeeded");
    }
  }

  void command(std::string_view line) {
    if (starts_with_word(line, "EHLO"))
      return greeted_ = true,
             say("250-sandbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE 10485760\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES");
    if (starts_with_word(line, "HELO")) return greeted_ = true, say("250 sandbox");
    if (starts_with_word(line, "AUTH")) return auth(line.substr(4));
    if (starts_with_word(line, "MAIL FROM:")) return mail(line.substr(10));
    if (starts_with_word(line, "RCPT TO:")) return recipient(line.substr(8));
    if (starts_with_word(line, "DATA")) return begin_data();
    if (starts_with_word(line, "RSET")) return forget(), say("250 2.0.0 Ok");
    if (starts_with_word(line, "NOOP")) return say("250 2.0.0 Ok");
    if (starts_with_word(line, "VRFY")) return say("252 2.5.0 Cannot tell, will try");
    if (starts_with_word(line, "QUIT")) {
      say("221 2.0.0 Bye");
      next_ = then::close;
      return;
    }
    if (starts_with_word(line, "MAIL") || starts_with_word(line, "RCPT")) return say("501 5.5.4 Syntax: MAIL FROM:<address>, RCPT TO:<address>");
    say("500 5.5.1 Unknown command");
  }

  void auth(std::string_view rest) {
    if (!greeted_) return say("503 5.5.1 EHLO first");
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    const bool with_answer = rest.find(' ') != std::string_view::npos;
    if (starts_with_word(rest, "PLAIN")) {
      if (with_answer) return say("235 2.7.0 Authentication succeeded");
      expects_ = expects::auth_plain;
      return say("334 ");
    }
    if (starts_with_word(rest, "LOGIN")) {
      expects_ = with_answer ? expects::auth_password : expects::auth_user;
      return say(with_answer ? "334 UGFzc3dvcmQ6" : "334 VXNlcm5hbWU6");
    }
    say("504 5.5.4 Only PLAIN and LOGIN");
  }

  void mail(std::string_view rest) {
    if (!greeted_) return say("503 5.5.1 EHLO first");
    if (begun_) return say("503 5.5.1 One mail at a time");
    std::string_view parameters;
    if (!read_path(rest, mail_.from, parameters)) return say("501 5.5.4 Syntax: MAIL FROM:<address>");
    if (const auto size = parameters.find("SIZE="); size != std::string_view::npos) {
      std::uint64_t announced = 0;
      const auto text = parameters.substr(size + 5);
      std::from_chars(text.data(), text.data() + text.size(), announced);
      if (announced > mail_bytes_max) return say("552 5.3.4 Message too big");
    }
    fault_ = world_.mishaps.take(mails_.name(), operation::email);
    if (is(fault_, fault_kind::refuse)) {
      next_ = then::reset;
      return;
    }
    if (is(fault_, fault_kind::rate_limit_429)) return forget(), say("451 4.7.1 Too many messages, slow down");
    begun_ = true;
    say("250 2.1.0 Ok");
  }

  void recipient(std::string_view rest) {
    if (!begun_) return say("503 5.5.1 MAIL first");
    std::string address;
    std::string_view parameters;
    if (!read_path(rest, address, parameters) || address.empty()) return say("501 5.5.4 Syntax: RCPT TO:<address>");
    if (is(fault_, fault_kind::decline)) return say("550 5.1.1 No such mailbox");
    mail_.to.push_back(std::move(address));
    say("250 2.1.5 Ok");
  }

  void begin_data() {
    if (!begun_) return say("503 5.5.1 MAIL first");
    if (mail_.to.empty()) return say("554 5.5.1 No valid recipients");
    expects_ = expects::data;
    say("354 End data with <CR><LF>.<CR><LF>");
  }

  void data(std::string_view line) {
    if (line == ".") return end_of_data();
    if (line.starts_with('.')) line.remove_prefix(1);
    if (mail_.raw.size() <= mail_bytes_max) mail_.raw.append(line).append("\r\n");
  }

  void end_of_data() {
    expects_ = expects::command;
    const auto f = fault_;
    if (is(f, fault_kind::no_answer)) {
      next_ = then::hold;
      return;
    }
    if (is(f, fault_kind::error_500)) return forget(), say("451 4.3.0 Trouble here, try again later");
    if (mail_.raw.size() > mail_bytes_max) return forget(), say("552 5.3.4 Message too big");
    mails_.take(std::move(mail_));
    if (world_.log.enabled()) world_.log.flush();
    forget();
    if (is(f, fault_kind::lost_answer)) {
      next_ = then::close;
    } else if (is(f, fault_kind::slow)) {
      late_by_ = f->delay;
      next_ = then::late;
    } else {
      say("250 2.0.0 Ok, queued");
    }
  }

  void forget() {
    mail_ = {};
    fault_.reset();
    begun_ = false;
  }

  void say(std::string_view line) { output_.append(line).append("\r\n"); }

  void flush() {
    if (output_.empty()) return go_on();
    asio::async_write(socket_, asio::buffer(output_), [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return;
      self->output_.clear();
      self->go_on();
    });
  }

  void go_on() {
    error_code ignored;
    switch (next_) {
      case then::read:
        return input_.find('\n') != std::string::npos ? work() : read();
      case then::reset:
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
        [[fallthrough]];
      case then::close:
        socket_.close(ignored);
        return;
      case then::hold:
        return hold();
      case then::late:
        timer_.expires_after(late_by_);
        timer_.async_wait([self = shared_from_this()](error_code ec) {
          if (ec) return;
          self->next_ = then::read;
          self->say("250 2.0.0 Ok, queued");
          self->flush();
        });
    }
  }

  /// Swallows whatever comes until the other side has had enough.
  void hold() {
    socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](error_code ec, std::size_t) {
      if (!ec) self->hold();
    });
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  world& world_;
  mail_receiver& mails_;
  std::array<char, 8192> chunk_;
  std::string input_, output_;
  received_mail mail_;
  std::optional<fault> fault_;
  std::chrono::milliseconds late_by_{0};
  expects expects_ = expects::command;
  then next_ = then::read;
  bool greeted_ = false, begun_ = false;
};

}  // namespace

struct smtp_server::listener : tcp_listener {
  using tcp_listener::tcp_listener;
};

smtp_server::smtp_server(asio::io_context& io, world& w, mail_receiver& mails, const std::string& host, std::uint16_t port)
    : listener_(std::make_shared<listener>(io, host, port, [&w, &mails](tcp::socket s) {
        error_code ignored;
        s.set_option(tcp::no_delay(true), ignored);
        std::make_shared<session>(std::move(s), w, mails)->start();
      })) {
  listener_->start();
}

smtp_server::~smtp_server() = default;

std::uint16_t smtp_server::port() const { return listener_->port(); }

}  // namespace coreldove::integrations::world
