#include "integrations/sandbox/sandbox.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "integrations/sandbox/control.hpp"
#include "integrations/sandbox/fedex/fedex.hpp"
#include "integrations/sandbox/mail/mail_receiver.hpp"
#include "integrations/sandbox/mail/smtp_server.hpp"
#include "integrations/sandbox/paypal/paypal.hpp"
#include "integrations/sandbox/payu/payu.hpp"
#include "integrations/sandbox/razorpay/razorpay.hpp"
#include "integrations/sandbox/server.hpp"
#include "integrations/sandbox/signing.hpp"
#include "integrations/sandbox/stripe/stripe.hpp"
#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations {

namespace {

constexpr std::size_t epoch_letters = 8;

/// The vendors of this world; they need its epoch, so they are made once the state file has told it.
struct vendors {
  explicit vendors(world::world& w) : stripe(w), paypal(w), razorpay(w), payu(w), fedex(w), mails(w), calls(w, all(), mails) {}
  std::vector<world::vendor*> all() { return {&stripe, &paypal, &razorpay, &payu, &fedex, &mails}; }

  world::stripe stripe;
  world::paypal paypal;
  world::razorpay razorpay;
  world::payu payu;
  world::fedex fedex;
  world::mail_receiver mails;
  world::control calls;
};

}  // namespace

struct sandbox::body {
  explicit body(sandbox_options o) {
    if (o.threads == 0) o.threads = 1;
    io = std::make_unique<boost::asio::io_context>(static_cast<int>(o.threads));
    w.options = std::move(o);
  }

  /// One line of the state file: the first one names the world, each other one belongs to a vendor or is a webhook's.
  void restore(std::string_view line) {
    const auto doc = parser.parse(line.data(), line.size()).value();
    const std::string_view owner = doc["v"].get_string().value();
    if (!parts) {
      if (owner != "world") throw std::runtime_error("it is not a sandbox state file");
      w.epoch = doc["epoch"].get_string().value();
      if (w.epoch.size() != epoch_letters) throw std::runtime_error("the epoch has the wrong length");
      parts = std::make_unique<vendors>(w);
      return;
    }
    const std::string_view vendor = owner == "webhook" ? doc["vendor"].get_string().value() : owner;
    for (world::vendor* v : parts->all()) {
      if (v->name() != vendor) continue;
      if (owner != "webhook") return v->restore(doc);
      w.book.append({doc["at"].get_int64().value(),
                     v->name(),
                     world::operation::webhook,
                     doc["key"].get_string().value(),
                     doc["reference"].get_string().value(),
                     doc["order_id"].get_string().value(),
                     std::nullopt,
                     {}});
      return;
    }
    throw std::runtime_error(fmt::format("there is no vendor '{}'", vendor));
  }

  void open() {
    if (!w.options.state_file.empty()) w.log.open(w.options.state_file, [this](std::string_view line) { restore(line); });
    if (parts) return;
    w.epoch = world::random_word(epoch_letters);
    parts = std::make_unique<vendors>(w);
    if (!w.log.enabled()) return;
    w.log.append(fmt::format(R"({{"v":"world","epoch":"{}"}})", w.epoch));
    w.log.flush();
  }

  std::unique_ptr<boost::asio::io_context> io;
  world::world w;
  simdjson::dom::parser parser;
  std::unique_ptr<vendors> parts;
  std::unique_ptr<world::http_server> http;
  std::unique_ptr<world::smtp_server> smtp;
  std::vector<std::thread> threads;
  std::uint16_t port = 0, smtp_port = 0;
};

sandbox::sandbox(sandbox_options options) : body_(std::make_unique<body>(std::move(options))) {}

sandbox::~sandbox() { stop(); }

void sandbox::start() {
  body& b = *body_;
  const sandbox_options& o = b.w.options;
  b.w.hooks = std::make_unique<world::webhook_sender>(*b.io, b.w.book, b.w.mishaps, b.w.log);
  b.w.hooks->set_base(o.webhook_base);
  b.open();
  b.http = std::make_unique<world::http_server>(*b.io, b.parts->calls, o.host, o.port);
  b.smtp = std::make_unique<world::smtp_server>(*b.io, b.w, b.parts->mails, o.host, o.smtp_port);
  b.port = b.http->port();
  b.smtp_port = b.smtp->port();
  b.w.address = fmt::format("{}:{}", o.host, b.port);
  b.parts->calls.set_addresses({b.w.address, fmt::format("{}:{}", o.host, b.smtp_port)});
  for (unsigned i = 0; i < o.threads; ++i) b.threads.emplace_back([io = b.io.get()] { io->run(); });
}

std::uint16_t sandbox::port() const { return body_->port; }

std::uint16_t sandbox::smtp_port() const { return body_->smtp_port; }

void sandbox::set_webhook_base(std::string base) {
  if (body_->w.hooks)
    body_->w.hooks->set_base(base);
  else
    body_->w.options.webhook_base = std::move(base);
}

void sandbox::stop() {
  body& b = *body_;
  if (b.io) b.io->stop();
  for (auto& t : b.threads) t.join();
  b.threads.clear();
  b.http.reset();
  b.smtp.reset();
  b.w.hooks.reset();
  b.io.reset();  // closes every connection
  b.w.log.flush();
}

}  // namespace coreldove::integrations
