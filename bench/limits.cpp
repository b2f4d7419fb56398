#include "bench/limits.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "bench/histogram.hpp"
#include "bench/http_stub.hpp"
#include "bench/run.hpp"

namespace coreldove::bench {
namespace {

/// A directory that is gone afterwards.
class scratch {
public:
  explicit scratch(const std::string& parent) : path_(parent + "/bench-limits-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), parent);
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

private:
  std::string path_;
};

double seconds_since(clock::time_point t) { return std::chrono::duration<double>(clock::now() - t).count(); }

void echoes(const options& asked, machine_limits& out) {
  // About the size of an order as the API answers it.
  const auto body = fmt::format(R"({{"id":"ord_00000000000000000000000000","status":"confirmed","padding":"{:x<2000}"}})", "");
  const auto answer = stub_answer(202, body);
  http_stub server{[&answer](std::string_view, std::string_view) { return answer; }};
  auto o = *parse_command_line({}).go;
  o.server.port = std::to_string(server.port());
  o.connections = asked.connections;
  o.rate = asked.rate;
  o.duration = asked.each;
  o.quiet = true;
  const auto found = run_load(o);
  out.echo_per_second = rate_of(found, operation::create);
  out.echo_connections = asked.connections;
  const auto answered = out.echo_per_second * found.seconds;
  out.echo_cpu_us = answered > 0 ? server.cpu_seconds() / answered * 1e6 : 0;
}

void flushes(const std::string& path, std::chrono::nanoseconds each, machine_limits& out) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), path);
  std::array<char, 4096> block{};
  histogram latency;
  const auto begun = clock::now();
  for (auto now = begun; now - begun < each;) {
    if (::write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size()) || ::fdatasync(fd) != 0) {
      const int error = errno;
      ::close(fd);
      throw std::system_error(error, std::generic_category(), path);
    }
    const auto done = clock::now();
    latency.record(static_cast<std::uint64_t>((done - now).count()));
    now = done;
  }
  out.flushes_per_second = static_cast<double>(latency.count()) / seconds_since(begun);
  out.flush_p50_ms = static_cast<double>(latency.percentile(50)) / 1e6;
  out.flush_p99_ms = static_cast<double>(latency.percentile(99)) / 1e6;
  ::close(fd);
}

class row_writer {
public:
  explicit row_writer(const std::string& path) {
    sqlite3* db = nullptr;
    const int code = ::sqlite3_open(path.c_str(), &db);
    db_.reset(db);
    check(code);
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE events(stream TEXT NOT NULL, seq INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY(stream, seq)) WITHOUT ROWID");
    sqlite3_stmt* insert = nullptr;
    check(::sqlite3_prepare_v2(db, "INSERT INTO events VALUES(?1, ?2, ?3)", -1, &insert, nullptr));
    insert_.reset(insert);
  }

  /// Rows a second in transactions of `batch` rows.
  double rate(std::chrono::nanoseconds each, int batch) {
    std::int64_t rows = 0;
    const auto begun = clock::now();
    while (clock::now() - begun < each) {
      run("BEGIN");
      for (int i = 0; i < batch; ++i) insert();
      run("COMMIT");
      rows += batch;
    }
    return static_cast<double>(rows) / seconds_since(begun);
  }

private:
  void insert() {
    // Streams as orders have them: the keys ascend with time, a few events each.
    const auto stream = fmt::format("ord_{:026}", ++written_ / 6);
    check(::sqlite3_bind_text(insert_.get(), 1, stream.data(), static_cast<int>(stream.size()), SQLITE_STATIC));
    check(::sqlite3_bind_int64(insert_.get(), 2, static_cast<std::int64_t>(written_ % 6)));
    check(::sqlite3_bind_text(insert_.get(), 3, data_.data(), static_cast<int>(data_.size()), SQLITE_STATIC));
    if (::sqlite3_step(insert_.get()) != SQLITE_DONE) throw std::runtime_error(::sqlite3_errmsg(db_.get()));
    check(::sqlite3_reset(insert_.get()));
  }
  void run(const char* sql) { check(::sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr)); }
  void check(int code) {
    if (code != SQLITE_OK) throw std::runtime_error(fmt::format("SQLite: {}", ::sqlite3_errmsg(db_.get())));
  }

  struct closer {
    void operator()(sqlite3* db) const { ::sqlite3_close(db); }
    void operator()(sqlite3_stmt* s) const { ::sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3, closer> db_;
  std::unique_ptr<sqlite3_stmt, closer> insert_;
  std::string data_ = std::string(600, 'x');
  std::uint64_t written_ = 0;
};

}  // namespace

machine_limits measure(const options& asked) {
  machine_limits out;
  const scratch place{asked.directory};
  echoes(asked, out);
  flushes(place.file("flushed"), asked.each, out);
  row_writer rows{place.file("rows.db")};
  out.rows_per_second = rows.rate(asked.each, 256);
  out.transactions_per_second = rows.rate(asked.each, 1);
  return out;
}

std::string table_of(const machine_limits& m) {
  return fmt::format(
      "HTTP echo, {:<5} connections   {:>10.0f} /s   {:.1f} us of CPU each\n"
      "4 KiB and fdatasync            {:>10.0f} /s   p50 {:.3f} ms  p99 {:.3f} ms\n"
      "SQLite rows, 256 a transaction {:>10.0f} /s\n"
      "SQLite transactions of one row {:>10.0f} /s\n",
      m.echo_connections, m.echo_per_second, m.echo_cpu_us, m.flushes_per_second, m.flush_p50_ms, m.flush_p99_ms, m.rows_per_second, m.transactions_per_second);
}

std::string json_of(const machine_limits& m) {
  return fmt::format(
      R"({{"echo_per_second":{:.1f},"echo_cpu_us":{:.2f},"fdatasync_per_second":{:.1f},"fdatasync_p50_ms":{:.4f},"fdatasync_p99_ms":{:.4f},"sqlite_rows_per_second":{:.1f},"sqlite_transactions_per_second":{:.1f}}})"
      "\n",
      m.echo_per_second, m.echo_cpu_us, m.flushes_per_second, m.flush_p50_ms, m.flush_p99_ms, m.rows_per_second, m.transactions_per_second);
}

}  // namespace coreldove::bench
