#include "bench/follow.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>

#include "bench/json_scan.hpp"
#include "bench/plain_client.hpp"
#include "bench/request_writer.hpp"

namespace coreldove::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_between_questions = 200ms;

std::uint64_t count_in_status(plain_client& client, const options& o, std::string_view status) {
  const auto answer = client.ask(plain_get(o, fmt::format("{}/orders?status={}&limit=1", api_prefix, status)));
  const auto total = integer_member(answer.body, "total");
  if (answer.status != 200 || !total) throw std::runtime_error(fmt::format("the list of {} orders was answered with status {}", status, answer.status));
  return *total;
}

status_totals count_all(plain_client& client, const options& o) {
  status_totals out{};
  for (std::size_t i = 0; i < order_statuses.size(); ++i) out[i] = count_in_status(client, o, order_statuses[i]);
  return out;
}

}  // namespace

status_totals count_by_status(const options& o) {
  plain_client client{resolve(o.server)};
  return count_all(client, o);
}

settled wait_until_settled(const options& o, const status_totals& before, std::chrono::nanoseconds bound) {
  plain_client client{resolve(o.server)};
  const auto begun = clock::now();
  settled out;
  for (;;) {
    out.in_time = count_in_status(client, o, order_statuses.front()) <= before.front();
    out.seconds = std::chrono::duration<double>(clock::now() - begun).count();
    if (out.in_time || clock::now() - begun >= bound) break;
    std::this_thread::sleep_for(pause_between_questions);
  }
  const auto after = count_all(client, o);
  for (std::size_t i = 0; i < after.size(); ++i) out.added[i] = after[i] > before[i] ? after[i] - before[i] : 0;
  return out;
}

}  // namespace coreldove::bench
