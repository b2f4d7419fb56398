#include "persistence/sqlite/reader.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// Lists are composed of their filters; all combinations that are in use fit.
constexpr std::size_t statements_max = 256;

class found_rows final : public sql::cursor {
public:
  explicit found_rows(statement& s) : rows_(s.started()) {}
  bool next() override { return rows_.next(); }
  bool is_null(int column) const override { return rows_.is_null(column); }
  std::int64_t integer(int column) const override { return rows_.integer(column); }
  std::string_view text(int column) const override { return rows_.text(column); }
  digest hash(int column) const override { return rows_.hash(column); }
  std::vector<digest> hashes(int column) const override { return rows_.hashes(column); }

private:
  rows rows_;
};

void bind(statement& s, int index, const sql::value& v) {
  if (const auto* number = std::get_if<std::int64_t>(&v))
    s.bind(index, *number);
  else if (const auto* text = std::get_if<std::string_view>(&v))
    s.bind(index, *text);
  else if (const auto* hash = std::get_if<const digest*>(&v))
    s.bind(index, **hash);
  else
    s.bind(index, std::nullopt);
}

}  // namespace

statement& reader::bound(const std::string& text, std::span<const sql::value> values) {
  auto it = statements_.find(text);
  if (it == statements_.end()) {
    if (statements_.size() >= statements_max) statements_.clear();
    it = statements_.emplace(text, db_.prepare(text)).first;
  }
  int index = 0;
  for (const auto& v : values) bind(it->second, ++index, v);
  return it->second;
}

std::unique_ptr<sql::cursor> reader::start(const std::string& text, std::span<const sql::value> values) {
  return std::make_unique<found_rows>(bound(text, values));
}

sql::rows reader::query_planned(const std::string& text, std::span<const sql::value> values) { return sql::rows(start(text, values)); }

sql::rows reader::query_many(const std::string& text) { return sql::rows(start(text, {})); }

std::uint64_t reader::change(const std::string& text, std::span<const sql::value> values) {
  bound(text, values).run_started();
  return static_cast<std::uint64_t>(db_.changes());
}

void reader::end_snapshot() noexcept { sqlite3_exec(db_.handle(), "COMMIT", nullptr, nullptr, nullptr); }

const sql::dialect& reader::words() const {
  static constexpr sql::dialect sqlite{true, "{}", "substr(key,1,instr(key,'/')-1)",
                                       "SELECT no||' '||sku FROM order_skus s WHERE NOT EXISTS"
                                       " (SELECT 1 FROM orders o JOIN journal j ON j.stream=o.id AND j.seq=j.n, json_each(j.events,'$[0][1].input.items') i"
                                       " WHERE o.no=s.no AND json_extract(i.value,'$.sku')=s.sku)",
                                       "SELECT tracking_number FROM parcels p WHERE NOT EXISTS"
                                       " (SELECT 1 FROM orders o JOIN documents d ON d.no=o.no, json_each(d.document,'$.shipments') s"
                                       " WHERE o.id=p.order_id AND json_extract(s.value,'$.tracking_number')=p.tracking_number)"};
  return sqlite;
}

}  // namespace coreldove::persistence::sqlite
