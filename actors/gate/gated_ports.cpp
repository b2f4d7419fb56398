#include "actors/gate/gated_ports.hpp"

#include <utility>

namespace coreldove::actors {
namespace {

using integrations::call_context;
using integrations::on_outcome;

class gated_payments final : public integrations::payment_gateway {
public:
  gated_payments(std::shared_ptr<payment_gateway> port, std::shared_ptr<call_gate> gate) : port_(std::move(port)), gate_(std::move(gate)) {}
  std::string_view name() const override { return port_->name(); }
  integrations::capabilities can() const override { return port_->can(); }
  void authorize(const integrations::charge& c, const call_context& ctx, on_outcome done) override {
    gate_->pass(
        ctx.idempotency_key, [port = port_, c, ctx](const on_outcome& back) { port->authorize(c, ctx, back); }, std::move(done));
  }
  void capture(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, bool last, const call_context& ctx,
               on_outcome done) override {
    gate_->pass(
        ctx.idempotency_key,
        [port = port_, authorization, amount, currency, last, ctx](const on_outcome& back) { port->capture(authorization, amount, currency, last, ctx, back); },
        std::move(done));
  }
  void void_authorization(const std::string& authorization, const call_context& ctx, on_outcome done) override {
    gate_->pass(
        ctx.idempotency_key, [port = port_, authorization, ctx](const on_outcome& back) { port->void_authorization(authorization, ctx, back); },
        std::move(done));
  }
  void refund(const std::string& authorization, domain::minor_units amount, const domain::currency& currency, const std::string& reason,
              const call_context& ctx, on_outcome done) override {
    gate_->pass(
        ctx.idempotency_key,
        [port = port_, authorization, amount, currency, reason, ctx](const on_outcome& back) {
          port->refund(authorization, amount, currency, reason, ctx, back);
        },
        std::move(done));
  }
  void owner(const std::string& payment, const call_context& ctx, on_outcome done) override { port_->owner(payment, ctx, std::move(done)); }
  void check(on_outcome done) override { port_->check(std::move(done)); }

private:
  std::shared_ptr<payment_gateway> port_;
  std::shared_ptr<call_gate> gate_;
};

class gated_parcels final : public integrations::carrier {
public:
  gated_parcels(std::shared_ptr<carrier> port, std::shared_ptr<call_gate> gate) : port_(std::move(port)), gate_(std::move(gate)) {}
  std::string_view name() const override { return port_->name(); }
  void rates(const integrations::parcel& p, const call_context& ctx, std::function<void(domain::result<std::vector<integrations::rate>>)> done) override {
    port_->rates(p, ctx, std::move(done));
  }
  void buy_label(const integrations::parcel& p, const call_context& ctx, on_outcome done) override {
    gate_->pass(
        ctx.idempotency_key, [port = port_, p, ctx](const on_outcome& back) { port->buy_label(p, ctx, back); }, std::move(done));
  }
  void void_label(const std::string& tracking_number, const call_context& ctx, on_outcome done) override {
    gate_->pass(
        ctx.idempotency_key, [port = port_, tracking_number, ctx](const on_outcome& back) { port->void_label(tracking_number, ctx, back); }, std::move(done));
  }
  void track(const std::string& tracking_number, const call_context& ctx,
             std::function<void(domain::result<std::vector<integrations::tracking_event>>)> done) override {
    port_->track(tracking_number, ctx, std::move(done));
  }
  void check(on_outcome done) override { port_->check(std::move(done)); }

private:
  std::shared_ptr<carrier> port_;
  std::shared_ptr<call_gate> gate_;
};

}  // namespace

std::shared_ptr<integrations::payment_gateway> gated(std::shared_ptr<integrations::payment_gateway> port, std::shared_ptr<call_gate> gate) {
  return std::make_shared<gated_payments>(std::move(port), std::move(gate));
}

std::shared_ptr<integrations::carrier> gated(std::shared_ptr<integrations::carrier> port, std::shared_ptr<call_gate> gate) {
  return std::make_shared<gated_parcels>(std::move(port), std::move(gate));
}

}  // namespace coreldove::actors
