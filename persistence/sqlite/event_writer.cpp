#include "persistence/sqlite/event_writer.hpp"

#include "persistence/journal_row.hpp"

namespace coreldove::persistence::sqlite {

event_writer::event_writer(database& db)
    : insert_(db.prepare("INSERT INTO journal(position,stream,seq,n,at,by,trace_id,events,hashes) VALUES(?,?,?,?,?,?,?,?,?)")),
      last_position_(db.prepare("SELECT max(position) FROM journal")),
      head_(db.prepare("SELECT seq,substr(hashes,-32) FROM journal WHERE stream=? ORDER BY seq DESC LIMIT 1")) {
  forget();
}

void event_writer::forget() {
  auto r = last_position_.query();
  position_ = r.next() ? r.count(0) : 0;
}

void event_writer::write(const append& item, const std::vector<digest>& hashes) {
  const auto n = item.events.size();
  insert_.run(position_ + n, item.stream, item.expected_version + n, n, item.at.time_since_epoch().count(), item.by, item.trace_id, events_text(item.events),
              std::span<const digest>(hashes));
  position_ += n;
}

std::uint64_t event_writer::version_of(std::string_view stream) {
  auto r = head_.query(stream);
  return r.next() ? r.count(0) : 0;
}

std::uint64_t event_writer::write_next(std::string_view stream, const event_record& e, domain::time_point at, std::string_view by) {
  std::uint64_t version = 0;
  digest before{};
  {
    auto r = head_.query(stream);
    if (r.next()) version = r.count(0), before = r.hash(1);
  }
  ++version;
  const auto hash = chain(before, {stream, version, e.type, at, by, e.data});
  insert_.run(position_ + 1, stream, version, 1, at.time_since_epoch().count(), by, std::string_view(), events_text({&e, 1}), hash);
  ++position_;
  return version;
}

}  // namespace coreldove::persistence::sqlite
