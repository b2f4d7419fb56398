#include "domain/order_input.hpp"

namespace coreldove::domain {

minor_units order_input::subtotal() const {
  minor_units sum = 0;
  for (const auto& line : items) sum += line.total_price;
  return sum;
}

minor_units order_input::total() const { return subtotal() - discount + tax + shipping_cost; }

const std::shared_ptr<const order_input>& shared_input::nothing() {
  static const auto none = std::make_shared<const order_input>();
  return none;
}

}  // namespace coreldove::domain
