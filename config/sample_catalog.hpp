#pragma once
// The sample catalogue (config/sample_catalog.csv), built into the program: 24 products, four warehouses and their stock, and BENCH-0001 to BENCH-0050 with
// more stock than a load test can sell.
#include <string_view>

namespace coreldove::config {

/// CSV, as `coreldove catalog import` takes it.
std::string_view sample_catalog();

}  // namespace coreldove::config
