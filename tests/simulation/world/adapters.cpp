// The outside world behind the engine's own ports.
#include "tests/simulation/world/outside_world.hpp"

namespace coreldove::simulation {
namespace {

using domain::operation_kind;
using integrations::call_context;
using integrations::on_outcome;

const integrations::outcome fine{domain::operation_outcome::done, {}, {}, {}, {}};

call call_of(operation_kind kind, const std::string& party, const call_context& ctx) {
  call c;
  c.kind = kind;
  c.party = party;
  c.key = ctx.idempotency_key;
  c.order_id = ctx.order_id;
  c.repeat = ctx.repeat;
  c.timeout = ctx.timeout;
  return c;
}

class gateway final : public integrations::payment_gateway {
public:
  gateway(outside_world& world, std::string name) : world_(world), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  void authorize(const integrations::charge& what, const call_context& ctx, on_outcome done) override {
    auto c = call_of(operation_kind::authorize, name_, ctx);
    c.amount = what.amount;
    world_.ask(c, std::move(done));
  }
  void capture(const std::string& authorization, domain::minor_units amount, const domain::currency&, bool, const call_context& ctx, on_outcome done) override {
    money(operation_kind::capture, authorization, amount, ctx, std::move(done));
  }
  void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) override {
    money(operation_kind::void_authorization, authorization, 0, ctx, std::move(done));
  }
  void refund(const std::string& authorization, domain::minor_units amount, const domain::currency&, const std::string&, const call_context& ctx,
              on_outcome done) override {
    money(operation_kind::refund, authorization, amount, ctx, std::move(done));
  }
  void check(on_outcome done) override { done(fine); }

private:
  void money(operation_kind kind, const std::string& authorization, domain::minor_units amount, const call_context& ctx, on_outcome done) {
    auto c = call_of(kind, name_, ctx);
    c.target = authorization;
    c.amount = amount;
    world_.ask(c, std::move(done));
  }

  outside_world& world_;
  std::string name_;
};

class parcels final : public integrations::carrier {
public:
  parcels(outside_world& world, std::string name) : world_(world), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  void rates(const integrations::parcel& p, const call_context&, std::function<void(domain::result<std::vector<integrations::rate>>)> done) override {
    done(std::vector<integrations::rate>{{p.service, 500, p.currency, 3}});
  }
  void buy_label(const integrations::parcel& p, const call_context& ctx, on_outcome done) override {
    auto c = call_of(operation_kind::label, name_, ctx);
    c.place = p.reference;
    world_.ask(c, std::move(done));
  }
  void void_label(const std::string& tracking_number, const call_context& ctx, on_outcome done) override {
    auto c = call_of(operation_kind::void_label, name_, ctx);
    c.target = tracking_number;
    world_.ask(c, std::move(done));
  }
  void track(const std::string&, const call_context&, std::function<void(domain::result<std::vector<integrations::tracking_event>>)> done) override {
    done(std::vector<integrations::tracking_event>{});
  }
  void check(on_outcome done) override { done(fine); }

private:
  outside_world& world_;
  std::string name_;
};

class post final : public integrations::mailer {
public:
  explicit post(outside_world& world) : world_(world) {}
  void send(const integrations::mail& m, on_outcome done) override { world_.send(m, std::move(done)); }
  void check(on_outcome done) override { done(fine); }

private:
  outside_world& world_;
};

}  // namespace

std::shared_ptr<integrations::payment_gateway> gateway_of(outside_world& world, std::string name) { return std::make_shared<gateway>(world, std::move(name)); }
std::shared_ptr<integrations::carrier> carrier_of(outside_world& world, std::string name) { return std::make_shared<parcels>(world, std::move(name)); }
std::shared_ptr<integrations::mailer> mailer_of(outside_world& world) { return std::make_shared<post>(world); }

}  // namespace coreldove::simulation
