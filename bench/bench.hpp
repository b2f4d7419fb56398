#pragma once
// `coreldove bench`: the load generator, the read-back of acknowledged orders, and the machine's own limits.
#include <string>
#include <vector>

namespace coreldove::bench {

/// Runs the subcommand; `args` is what follows "bench" on the command line.
/// Returns 0 when all went well, 1 when a threshold was breached, an order is missing or the server could not be reached, 2 for bad arguments.
int main(const std::vector<std::string>& args);

}  // namespace coreldove::bench
