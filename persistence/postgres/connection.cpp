#include "persistence/postgres/connection.hpp"

#include <fmt/format.h>

#include <charconv>
#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/nontransaction>

#include "persistence/postgres/address.hpp"

namespace coreldove::persistence::postgres {
namespace {

constexpr const char* lost_text = "the connection to the database is lost";
constexpr std::size_t rows_per_fetch = 1'000;

sql::error::cause cause_of(std::string_view sqlstate) {
  using cause = sql::error::cause;
  if (sqlstate.starts_with("23")) return cause::constraint;
  if (sqlstate.starts_with("22") || sqlstate == "54000") return cause::value;
  // The server says goodbye: it shuts down, has crashed, or has ended this session.
  if (sqlstate.starts_with("08") || sqlstate.starts_with("57P") || sqlstate == "25P03") return cause::lost;
  return cause::store;
}

/// One line, without what the library adds for programmers.
std::string first_line(std::string_view text) {
  while (text.starts_with("ERROR:") || text.starts_with("FATAL:") || text.starts_with(' ')) text.remove_prefix(text.starts_with(' ') ? 1 : 6);
  return std::string{text.substr(0, text.find('\n'))};
}

std::int64_t number(const pqxx::field& f) {
  std::int64_t v = 0;
  if (!f.is_null()) std::from_chars(f.c_str(), f.c_str() + f.size(), v);
  return v;
}

class found_rows : public sql::cursor {
public:
  explicit found_rows(pqxx::result r) : result_(std::move(r)) {}
  bool next() override {
    if (++at_ >= result_.size()) return false;
    row_ = result_[at_];
    return true;
  }
  bool is_null(int column) const override { return row_[column].is_null(); }
  std::int64_t integer(int column) const override { return number(row_[column]); }
  std::string_view text(int column) const override {
    const auto f = row_[column];
    return {f.c_str(), f.size()};
  }
  digest hash(int column) const override {
    const auto hex = text(column);
    return digest_from_hex(hex.starts_with("\\x") ? hex.substr(2) : hex).value_or(digest{});
  }

  std::vector<digest> hashes(int column) const override {
    constexpr auto hex_digits = 2 * sizeof(digest);
    auto hex = text(column);
    std::vector<digest> out;
    for (hex = hex.starts_with("\\x") ? hex.substr(2) : hex; !hex.empty(); hex.remove_prefix(hex_digits)) {
      const auto one = digest_from_hex(hex.substr(0, hex_digits));
      if (!one) return {};
      out.push_back(*one);
    }
    return out;
  }

protected:
  void set(pqxx::result r) {
    result_ = std::move(r);
    at_ = -1;
  }

private:
  pqxx::result result_;
  pqxx::row row_;
  pqxx::result::size_type at_ = -1;
};

/// Fetches some rows at a time.
class fetched_rows final : public found_rows {
public:
  fetched_rows(connection& of, std::string name) : found_rows({}), of_(of), name_(std::move(name)) {}
  ~fetched_rows() override {
    try {
      of_.run("CLOSE " + name_);
    } catch (const sql::error&) {
      // It goes with its transaction.
    }
  }
  bool next() override {
    if (found_rows::next()) return true;
    set(of_.rows_of(fmt::format("FETCH {} FROM {}", rows_per_fetch, name_)));
    return found_rows::next();
  }

private:
  connection& of_;
  const std::string name_;
};

/// Parameters as libpq takes them: texts, and null pointers for NULL.
class text_parameters {
public:
  explicit text_parameters(std::span<const sql::value> values) {
    texts_.reserve(values.size());
    for (const auto& v : values) texts_.push_back(text_of(v));
    for (std::size_t i = 0; i < values.size(); ++i) pointers_.push_back(std::holds_alternative<std::monostate>(values[i]) ? nullptr : texts_[i].c_str());
  }
  const std::vector<const char*>& pointers() const { return pointers_; }

private:
  static std::string text_of(const sql::value& v) {
    if (const auto* n = std::get_if<std::int64_t>(&v)) return std::to_string(*n);
    if (const auto* t = std::get_if<std::string_view>(&v)) return std::string{*t};
    if (const auto* d = std::get_if<const digest*>(&v)) return "\\x" + to_hex(**d);
    return {};
  }
  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

std::string session_text(const session& s) {
  return fmt::format(
      "SET client_encoding='UTF8'; SET client_min_messages=error; SET bytea_output=hex; SET jit=off; SET lock_timeout=5000;"
      "SET idle_in_transaction_session_timeout={}; SET statement_timeout={}{}",
      s.idle_in_transaction.count(), s.statement_timeout.count(),
      s.by_index ? "; SET enable_seqscan=off; SET enable_hashjoin=off; SET enable_mergejoin=off" : "");
}

}  // namespace

struct connection::link {
  explicit link(const std::string& address) : to(address), statements(to) {}
  pqxx::connection to;
  pqxx::nontransaction statements;
};

template <class F>
auto connection::guarded(F&& f) {
  using cause = sql::error::cause;
  const auto gone = [this] { return !link_ || !link_->to.is_open(); };
  const auto text = [&](const std::exception& e) {
    if (link_ && gone()) return std::string{lost_text};  // the library complains of what it cannot do without one
    return without_password(first_line(e.what()), address_);
  };
  try {
    return f();
  } catch (const sql::error&) {
    throw;
  } catch (const pqxx::broken_connection& e) {
    throw sql::error(text(e), cause::lost);
  } catch (const pqxx::sql_error& e) {
    throw sql::error(text(e), gone() ? cause::lost : cause_of(e.sqlstate()));
  } catch (const std::exception& e) {
    throw sql::error(text(e), gone() ? cause::lost : cause::store);
  }
}

connection::connection(std::string address, session how) : address_(std::move(address)), session_(how) { open(); }

connection::~connection() = default;

void connection::open() {
  names_.clear();
  link_.reset();
  guarded([this] {
    link_ = std::make_unique<link>(with_limits(address_));
    link_->statements.exec(session_text(session_));
  });
}

bool connection::reconnect() {
  const auto moment = std::chrono::steady_clock::now();
  if (moment < retry_at_) return false;
  try {
    open();
    backoff_.reset();
    return true;
  } catch (const sql::error&) {
    link_.reset();
    retry_at_ = moment + backoff_.next();
    return false;
  }
}

/// libpqxx would connect anew at the next statement, silently outside of the transaction that was under way.
connection::link& connection::linked() {
  if (!link_ || !link_->to.is_open()) throw sql::error(lost_text, sql::error::cause::lost);
  return *link_;
}

const std::string& connection::name_of(const std::string& text, bool translate) {
  const auto it = names_.find(text);
  if (it != names_.end()) return it->second;
  auto name = fmt::format("s{}", names_.size() + 1);
  linked().to.prepare(name, translate ? to_postgres(text) : text);
  return names_.emplace(text, std::move(name)).first->second;
}

pqxx::result connection::prepared(const std::string& text, std::span<const sql::value> values) {
  return guarded([&] {
    auto& l = linked();
    const text_parameters parameters(values);
    return l.statements.exec_prepared(name_of(text, true), pqxx::prepare::make_dynamic_params(parameters.pointers()));
  });
}

std::unique_ptr<sql::cursor> connection::start(const std::string& text, std::span<const sql::value> values) {
  return std::make_unique<found_rows>(prepared(text, values));
}

std::uint64_t connection::change(const std::string& text, std::span<const sql::value> values) { return prepared(text, values).affected_rows(); }

sql::rows connection::query_planned(const std::string& text, std::span<const sql::value> values) {
  return guarded([&] {
    auto& l = linked();
    const text_parameters parameters(values);
    return sql::rows(std::make_unique<found_rows>(l.statements.exec_params(to_postgres(text), pqxx::prepare::make_dynamic_params(parameters.pointers()))));
  });
}

sql::rows connection::query_many(const std::string& text) {
  auto name = fmt::format("many{}", ++cursors_);
  run(fmt::format("DECLARE {} NO SCROLL CURSOR FOR {}", name, to_postgres(text)));
  return sql::rows(std::make_unique<fetched_rows>(*this, std::move(name)));
}

void connection::run(const std::string& text) { rows_of(text); }

pqxx::result connection::rows_of(const std::string& text) {
  return guarded([&] { return linked().statements.exec(text); });
}

pqxx::result connection::over(const std::string& text, const std::vector<pqxx::binarystring>& columns) {
  return guarded([&] {
    auto& l = linked();
    return l.statements.exec_prepared(name_of(text, false), pqxx::prepare::make_dynamic_params(columns));
  });
}

void connection::begin_snapshot() { run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }

void connection::end_snapshot() noexcept {
  try {
    run("COMMIT");
  } catch (const sql::error&) {
    link_.reset();  // whatever state it is in, nobody shall go on in it
  }
}

const sql::dialect& connection::words() const {
  static constexpr sql::dialect postgres{
      false, "lower({})", "split_part(key,'/',1)",
      "SELECT no||' '||sku FROM order_skus s WHERE NOT EXISTS"
      " (SELECT 1 FROM orders o JOIN journal j ON j.stream=o.id AND j.seq=j.n, json_array_elements(j.events::json->0->1->'input'->'items') i"
      " WHERE o.no=s.no AND i->>'sku'=s.sku)",
      "SELECT tracking_number FROM parcels p WHERE NOT EXISTS"
      " (SELECT 1 FROM orders o JOIN documents d ON d.no=o.no, jsonb_array_elements(d.document::jsonb->'shipments') s"
      " WHERE o.id=p.order_id AND s->>'tracking_number'=p.tracking_number)"};
  return postgres;
}

std::string to_postgres(std::string_view text) {
  std::string out;
  unsigned count = 0;
  while (!text.empty()) {
    constexpr std::string_view by = " INDEXED BY ", not_indexed = " NOT INDEXED", cross = "CROSS JOIN";
    if (text.starts_with(by)) {
      text.remove_prefix(by.size());
      text.remove_prefix(std::min(text.size(), text.find_first_of(" )")));
    } else if (text.starts_with(not_indexed)) {
      text.remove_prefix(not_indexed.size());
    } else if (text.starts_with(cross)) {
      text.remove_prefix(6);
    } else if (text.front() == '?') {
      text.remove_prefix(1);
      const auto digits = std::min(text.size(), text.find_first_not_of("0123456789"));
      out += '$';
      out += digits == 0 ? std::to_string(++count) : std::string{text.substr(0, digits)};
      text.remove_prefix(digits);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace coreldove::persistence::postgres
