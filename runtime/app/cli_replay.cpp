#include <fmt/format.h>

#include "domain/order.hpp"
#include "domain/ulid.hpp"
#include "persistence/codec/event_codec.hpp"
#include "persistence/open_store.hpp"
#include "runtime/app/await.hpp"
#include "runtime/app/cli.hpp"

namespace coreldove::app {
namespace {

// One line for one event: what happened, and where the order stood after it.
void print_step(const domain::history_entry& e, const domain::order& after, bool json) {
  if (!json) {
    fmt::print("{:>4}  {}  {:<22}  {:<24}  {} / {} / {}\n", e.seq, persistence::format_time(e.at), e.type, e.by, to_string(after.status),
               to_string(payment_status_of(after)), to_string(fulfillment_status_of(after)));
    return;
  }
  auto line = persistence::history_document(e);
  line.pop_back();
  fmt::print("{},\"status\":\"{}\",\"payment_status\":\"{}\",\"fulfillment_status\":\"{}\"}}\n", line, to_string(after.status),
             to_string(payment_status_of(after)), to_string(fulfillment_status_of(after)));
}

}  // namespace

int replay(const replay_options& o, const config::settings& s) {
  if (!domain::is_order_id(o.order_id)) {
    fmt::print(stderr, "ORDER_ID: \"{}\" is not allowed; allowed is ord_ and 26 characters\n", o.order_id);
    return bad_usage;
  }
  const auto opened = persistence::open_for_reading(config::database_place(s));
  auto& store = opened->store();
  using history = std::vector<domain::history_entry>;
  const auto stream = await<domain::result<history>>([&](auto done) { store.load(o.order_id, std::move(done)); });
  if (!stream) return fail(stream.error().detail);

  domain::order order;
  for (const auto& entry : *stream) {
    const auto event = persistence::decode(entry.type, entry.data);
    if (!event) return fail(event.error().detail);
    domain::evolve(order, *event, entry.at);
    print_step(entry, order, o.json);
  }
  const auto rebuilt = persistence::order_document(order);
  fmt::print("{}\n", rebuilt);
  const auto stored = await<domain::result<domain::document>>([&](auto done) { store.document(o.order_id, std::move(done)); });
  if (!stored) return fail(stored.error().detail);
  if (stored->json != rebuilt) return fail("the stored order differs from what its events make of it; see coreldove verify");
  return success;
}

}  // namespace coreldove::app
