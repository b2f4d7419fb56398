#pragma once
// The port to anything that moves parcels. Same promises as payment_gateway.hpp.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/address.hpp"
#include "domain/result.hpp"
#include "domain/stock.hpp"
#include "integrations/payment_gateway.hpp"

namespace coreldove::integrations {

struct parcel {
  domain::warehouse_info from;
  domain::address to;
  std::int64_t weight_grams = 0;
  std::string service;     // the order's shipping_method: standard, express, …
  std::int64_t value = 0;  // declared, minor units
  domain::currency currency;
  std::string reference;  // shipment id
};

struct rate {
  std::string service;
  domain::minor_units amount = 0;
  domain::currency currency;
  int days = 0;
};

struct tracking_event {
  std::string tracking_number, source_id, description, location;
  domain::tracking_state state{};
  domain::time_point occurred_at{};
};

class carrier {
public:
  virtual ~carrier() = default;
  virtual std::string_view name() const = 0;
  virtual void rates(const parcel& p, const call_context& ctx, std::function<void(domain::result<std::vector<rate>>)> done) = 0;
  /// outcome.reference: the vendor's shipment id; outcome.tracking_number: the parcel's.
  virtual void buy_label(const parcel& p, const call_context& ctx, on_outcome done) = 0;
  virtual void void_label(const std::string& tracking_number, const call_context& ctx, on_outcome done) = 0;
  virtual void track(const std::string& tracking_number, const call_context& ctx, std::function<void(domain::result<std::vector<tracking_event>>)> done) = 0;
  virtual void check(on_outcome done) = 0;
};

/// Checks and reads a carrier's webhook: any number of tracking events. Errors: forbidden, malformed.
class carrier_webhook {
public:
  virtual ~carrier_webhook() = default;
  virtual domain::result<std::vector<tracking_event>> read(std::string_view signature_header, std::string_view raw_body, domain::time_point now) const = 0;
};

}  // namespace coreldove::integrations
