#include "bench/check_ids.hpp"

#include <algorithm>
#include <utility>

#include "bench/json_scan.hpp"
#include "bench/loop.hpp"
#include "bench/request_writer.hpp"

namespace coreldove::bench {
namespace {

constexpr int tries = 5;

class reading final : public workload {
public:
  reading(const options& o, const std::vector<std::string>& ids, read_back& result) : writer_(o, "", 0, 0), ids_(ids), result_(result) {}

  std::optional<ticket> next(std::string& out) override {
    if (next_ == ids_.size()) return std::nullopt;
    writer_.get(ids_[next_], out);
    return ticket{operation::get, next_++};
  }

  void answered(const ticket& what, int status, std::string_view body, clock::time_point, clock::time_point) override {
    const auto& id = ids_[what.n];
    if (status == 404)
      result_.missing.push_back(id);
    else if (status == 200 && member(body, "id") == id)
      ++result_.statuses[std::string{member(body, "status")}];
    else
      again_.push_back(id);
  }

  void failed(const ticket& what, trouble) override { again_.push_back(ids_[what.n]); }
  void not_connected() override {}
  void round(clock::time_point) override {}

  /// What has to be asked for once more: what went wrong, and what was never asked because no connection could be made.
  std::vector<std::string> again() && {
    again_.insert(again_.end(), ids_.begin() + static_cast<std::ptrdiff_t>(next_), ids_.end());
    return std::move(again_);
  }

private:
  request_writer writer_;
  const std::vector<std::string>& ids_;
  read_back& result_;
  std::size_t next_ = 0;
  std::vector<std::string> again_;
};

}  // namespace

read_back read_orders_back(const options& o, std::vector<std::string> ids) {
  read_back out;
  loop_settings settings;
  settings.server = resolve(o.server);
  settings.timeout = o.timeout;
  settings.patience = o.patience;
  for (int i = 0; i < tries && !ids.empty(); ++i) {
    settings.connections = static_cast<std::uint32_t>(std::min<std::size_t>(o.connections, ids.size()));
    reading work{o, ids, out};
    const bool reached = loop{settings, work}.run();
    ids = std::move(work).again();
    if (!reached) break;
  }
  out.unread = std::move(ids);
  return out;
}

}  // namespace coreldove::bench
