// coreldove-sim: runs seeds, stops at the first that breaks a promise, and prints the one line that replays it.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/simulation/simulator.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Simulates the order engine with faults, from a seed."};
  coreldove::simulation::run_options options;
  std::uint64_t seeds = 1;
  bool verbose = false;
  app.add_option("--seed", options.seed, "the (first) seed");
  app.add_option("--seeds", seeds, "how many seeds, one after the other");
  app.add_option("--steps", options.steps, "steps of each run");
  app.add_flag("--trace", options.trace, "print every step");
  app.add_flag("--verbose", verbose, "print what every run was made of");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(options.trace ? spdlog::level::info : spdlog::level::off);

  std::size_t orders = 0, effects = 0, crashes = 0, commits = 0;
  const auto first = options.seed;
  for (; options.seed < first + seeds; ++options.seed) {
    const auto r = coreldove::simulation::simulator{options}.run();
    if (verbose)
      fmt::print("seed {}: {} orders, {} effects outside, {} crashes, {} commits, fingerprint {:016x}\n", options.seed, r.orders, r.effects, r.crashes,
                 r.commits, r.fingerprint);
    if (!r.violations.empty()) {
      for (const auto& v : r.violations) fmt::print("{}\n", v);
      fmt::print("FAILED at step {}; replay: coreldove-sim --seed {} --steps {} --trace\n", r.step, options.seed, options.steps);
      return 1;
    }
    orders += r.orders, effects += r.effects, crashes += r.crashes, commits += r.commits;
  }
  fmt::print("{} seeds of {} steps: {} orders, {} effects outside, {} crashes, {} commits; every promise held\n", seeds, options.steps, orders, effects,
             crashes, commits);
  return 0;
}
