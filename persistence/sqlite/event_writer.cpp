#include "persistence/sqlite/event_writer.hpp"

namespace coreldove::persistence::sqlite {

event_writer::event_writer(database& db)
    : insert_(db.prepare("INSERT INTO events(position,stream,seq,type,at,by,trace_id,data,hash) VALUES(?,?,?,?,?,?,?,?,?)")),
      last_position_(db.prepare("SELECT max(position) FROM events")),
      head_(db.prepare("SELECT seq,hash FROM events WHERE stream=? ORDER BY seq DESC LIMIT 1")) {
  forget();
}

void event_writer::forget() {
  auto r = last_position_.query();
  position_ = r.next() ? r.count(0) : 0;
}

void event_writer::insert(const hashed_event& e, std::string_view trace_id, const digest& hash) {
  insert_.run(position_ + 1, e.stream, e.seq, e.type, e.at.time_since_epoch().count(), e.by, trace_id, e.data, hash);
  ++position_;
}

void event_writer::write(const append& item, const std::vector<digest>& hashes) {
  for (std::size_t i = 0; i < item.events.size(); ++i) {
    const auto& e = item.events[i];
    insert({item.stream, item.expected_version + i + 1, e.type, item.at, item.by, e.data}, item.trace_id, hashes[i]);
  }
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
  const hashed_event next{stream, version + 1, e.type, at, by, e.data};
  insert(next, {}, chain(before, next));
  return next.seq;
}

}  // namespace coreldove::persistence::sqlite
