#pragma once
// An ordinary draft, and an ordinary checked input, for tests to vary.
#include "domain/order_input.hpp"

namespace coreldove::domain::samples {

inline address springfield() { return {"A. Buyer", "1 Main St", "", "Springfield", "IL", "62701", "US", "+12175550100"}; }

/// Two widgets for 29.99 and shipping for 5.00, in USD.
inline order_draft draft() {
  order_draft d;
  d.customer_id = "cust_123";
  d.customer_email = "a@example.com";
  d.currency = "USD";
  d.items.push_back({"prod_456", "WIDGET-001", "Premium Widget", "29.99", "59.98", 2});
  d.billing = d.shipping = springfield();
  d.payment_method = "credit_card";
  d.payment_token = "tok_visa";
  d.payment_gateway = "stripe";
  d.shipping_method = "standard";
  d.shipping_cost = "5.00";
  d.tax = "0.00";
  d.discount = "0.00";
  return d;
}

inline order_input input() {
  order_input in;
  in.customer_id = "cust_123";
  in.customer_email = "a@example.com";
  in.currency = *currency::find("USD");
  in.items.push_back({"prod_456", "WIDGET-001", "Premium Widget", 2, 2999, 5998});
  in.billing = in.shipping = springfield();
  in.payment_method = "credit_card";
  in.payment_token = "tok_visa";
  in.payment_gateway = "stripe";
  in.shipping_method = "standard";
  in.shipping_cost = 500;
  return in;
}

}  // namespace coreldove::domain::samples
