#pragma once
// The order load: which request comes next, and the books about the answers. One `load` per thread over one shared `load_plan`.
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/id_file.hpp"
#include "bench/loop.hpp"
#include "bench/options.hpp"
#include "bench/progress.hpp"
#include "bench/request_writer.hpp"
#include "bench/tally.hpp"

namespace coreldove::bench {

/// What the threads of a run share.
struct load_plan {
  const options& settings;
  std::string tag;  // in front of customers and keys
  std::uint64_t seed = 0;
  std::optional<clock::time_point> ends_at = {};  // answers after this are measured but do not count for the rate
  std::vector<std::string> known_ids = {};
  std::unique_ptr<id_writer> ids = nullptr;  // may be missing
  std::atomic<std::uint64_t> begun{0};       // requests, against settings.requests
  bench::progress progress = {};
};

class load final : public workload {
public:
  load(load_plan& plan, std::uint32_t thread);

  std::optional<ticket> next(std::string& out) override;
  void answered(const ticket& what, int status, std::string_view body, clock::time_point started, clock::time_point now) override;
  void failed(const ticket& what, trouble why) override;
  void not_connected() override { ++tally_.failed_connects; }
  void round(clock::time_point now) override;

  const tally& result() const { return tally_; }

private:
  struct fulfillable {
    std::string id;
    clock::time_point from;  // not before
  };
  operation pick_operation();
  void remember(std::string_view id, std::string_view status);
  std::string_view pick_id();

  load_plan& plan_;
  request_writer writer_;
  tally tally_;
  histogram interval_;
  std::uint64_t interval_errors_ = 0;
  clock::time_point now_{}, next_report_{};
  std::uint32_t shares_ = 0;
  std::vector<std::string> created_;  // the latest, in a ring
  std::size_t created_next_ = 0;
  std::deque<fulfillable> to_fulfill_;
  std::string new_ids_;
};

}  // namespace coreldove::bench
