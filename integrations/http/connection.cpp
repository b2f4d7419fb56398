#include "integrations/http/connection.hpp"

#include <netinet/tcp.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <string>
#include <utility>

namespace coreldove::integrations::http {

namespace asio = boost::asio;

connection::connection(connection_owner& owner, asio::io_context& io, asio::ssl::context& tls, std::size_t body_bytes_max)
    : owner_{owner},
      tls_context_{tls},
      socket_{io.get_executor()},
      resolver_{io.get_executor()},
      in_(response_reader::header_bytes_max + 1024),
      reader_{body_bytes_max} {}

void connection::open(std::unique_ptr<exchange> x) {
  carried_ = std::move(x);
  carried_->on = this;
  error_code ec;
  const auto address = asio::ip::make_address(carried_->to.host, ec);
  if (!ec) return connect(std::array{asio::ip::tcp::endpoint{address, carried_->to.port}});
  resolver_.async_resolve(carried_->to.host, std::to_string(carried_->to.port), [self = shared_from_this()](error_code failed, const auto& found) {
    if (self->closed_) return;
    if (failed) return self->close("dns");
    self->connect(found);
  });
}

template <class Endpoints>
void connection::connect(const Endpoints& endpoints) {
  asio::async_connect(socket_, endpoints, [self = shared_from_this()](error_code ec, const auto&) { self->connected(ec); });
}

void connection::connected(error_code ec) {
  if (closed_) return;
  if (ec) return close(ec == asio::error::connection_refused ? "refused" : "connect");
  socket_.set_option(asio::ip::tcp::no_delay{true}, ec);  // slower without, not wrong
  if (carried_->to.tls) return shake_hands();
  ready();
}

void connection::shake_hands() {
  tls_.emplace(std::move(socket_), tls_context_);
  const auto& host = carried_->to.host;
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  error_code ec;
  tls_->set_verify_mode(asio::ssl::verify_peer, ec);
  if (!ec) tls_->set_verify_callback(asio::ssl::host_name_verification{host}, ec);
  // RFC 6066: no addresses in the server name.
  if (ec || (not_an_address && SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str()) != 1)) return close("tls");
  tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](error_code failed) {
    if (self->closed_) return;
    if (failed) return self->close("tls");
    self->ready();
  });
}

void connection::ready() {
  read();
  write();
}

void connection::carry(std::unique_ptr<exchange> x) {
  carried_ = std::move(x);
  carried_->on = this;
  used_before_ = true;
  write();
}

bool connection::may_write() {
  if (!carried_->time_left && !bounded_) return true;
  const auto left = carried_->time_left ? carried_->time_left() : std::chrono::milliseconds{0};
  if (carried_->time_left && left.count() <= 0) return false;
  bounded_ = left.count() > 0;
  // The kernel's, so that it holds while this process is stopped: it resends nothing after that, and ends the connection. Zero is the usual bound again.
  error_code ec;
  raw().set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>{static_cast<int>(left.count())}, ec);
  return !ec;
}

void connection::write() {
  if (!may_write()) return close("withdrawn");
  reader_.start(carried_->to_head);
  got_bytes_ = false;
  writing_ = true;
  carried_->maybe_sent = true;
  out_ = std::move(carried_->wire);
  auto ended = [self = shared_from_this()](error_code ec, std::size_t) {
    self->writing_ = false;
    if (ec && !self->closed_) self->lost("lost");
  };
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(out_), std::move(ended));
  } else {
    asio::async_write(socket_, asio::buffer(out_), std::move(ended));
  }
}

// A read is always under way, also while idle: that is how a connection that the other side closes leaves the pool before anybody uses it.
void connection::read() {
  auto into = asio::buffer(in_.data() + in_bytes_, in_.size() - in_bytes_);
  auto received = [self = shared_from_this()](error_code ec, std::size_t n) { self->received(ec, n); };
  if (tls_) {
    tls_->async_read_some(into, std::move(received));
  } else {
    socket_.async_read_some(into, std::move(received));
  }
}

void connection::received(error_code ec, std::size_t n) {
  if (closed_) return;
  if (!carried_) return close("lost");         // idle: closed by the other side, or it speaks unasked
  if (ec == asio::error::eof) return ended();  // TLS cut off without a farewell is not this: the answer may be, too
  if (ec) return lost("lost");
  got_bytes_ = true;
  in_bytes_ += n;
  const auto [used, now] = reader_.feed({in_.data(), in_bytes_});
  in_bytes_ -= used;
  if (in_bytes_ > 0 && used > 0) std::memmove(in_.data(), in_.data() + used, in_bytes_);
  switch (now) {
    case response_reader::state::complete:
      return answered();
    case response_reader::state::malformed:
      return close("malformed");
    case response_reader::state::too_large:
      return close("too_large");
    case response_reader::state::more:
      break;
  }
  if (in_bytes_ == in_.size()) return close("malformed");
  read();
}

void connection::ended() {
  if (got_bytes_ && reader_.end_of_stream() == response_reader::state::complete) return answered();
  lost("lost");
}

void connection::answered() {
  auto x = std::move(carried_);
  x->on = nullptr;
  auto r = reader_.take();
  // Bytes behind the answer, or an answer before the question was out: nothing that follows could be trusted to belong to the next exchange.
  if (reader_.keep_alive() && in_bytes_ == 0 && !writing_) {
    read();
    owner_.became_idle(*this);
  } else {
    close("lost");
  }
  exchange::complete(std::move(x), std::move(r));
}

void connection::lost(std::string_view error) {
  if (!used_before_ || got_bytes_ || !carried_ || !carried_->retry_on_stale) return close(error);
  auto x = std::move(carried_);
  x->on = nullptr;
  x->wire = out_;  // a copy: a write that has not ended yet still reads from the original
  auto& owner = owner_;
  close(error);
  owner.resend(std::move(x));
}

void connection::close(std::string_view error) {
  if (closed_) return;
  closed_ = true;
  const auto self = shared_from_this();  // the owner lets go of us below
  resolver_.cancel();
  error_code ignored;
  raw().close(ignored);
  auto x = std::move(carried_);
  owner_.closed(*this);
  if (x) {
    x->on = nullptr;
    exchange::fail(std::move(x), error);
  }
}

}  // namespace coreldove::integrations::http
