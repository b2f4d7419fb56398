#include "persistence/sqlite/store_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "persistence/sqlite/schema.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// From statfs(2): NFS, SMB, CIFS, SMB2, AFS.
constexpr std::array<unsigned, 5> network_file_systems{0x6969, 0x517B, 0xFF534D42, 0xFE534D42, 0x5346414F};

/// Above this the check would take longer than a start may; `coreldove verify` is the thorough one.
constexpr std::uintmax_t checked_size_bytes_max = 1u << 30;

std::string why(int error) { return std::generic_category().message(error); }

void refuse_network_file_system(const std::filesystem::path& folder) {
  struct statfs about {};
  if (statfs(folder.c_str(), &about) != 0) throw std::runtime_error(fmt::format("{}: {}", folder.string(), why(errno)));
  for (const auto magic : network_file_systems)
    if (static_cast<unsigned>(about.f_type) == magic)
      throw std::runtime_error(fmt::format("{} is on a network file system, which cannot hold it safely", folder.string()));
}

}  // namespace

store_lock::store_lock(const std::filesystem::path& store) {
  const auto file = store.string() + ".lock";
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) throw std::runtime_error(fmt::format("{} cannot be written: {}", file, why(errno)));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(descriptor_);
    throw std::runtime_error(error == EWOULDBLOCK ? "another process is using it" : fmt::format("{} cannot be locked: {}", file, why(error)));
  }
}

store_lock::~store_lock() { close(descriptor_); }

void check_store(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  refuse_network_file_system(folder);
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  if (none || size == 0 || size > checked_size_bytes_max) return;
  const auto corrupt = [&](std::string_view text) {
    std::string what{text.substr(text.find('\n') == std::string_view::npos ? 0 : text.find('\n') + 1)};  // after "*** in database main ***"
    std::ranges::replace(what, '\n', ' ');
    return std::runtime_error(fmt::format("it is corrupt ({}); restore a backup, or move the file away to start empty", what));
  };
  try {
    database db(file, access::write);
    auto check = db.prepare("PRAGMA quick_check(1)");
    auto r = check.query();
    if (!r.next() || r.text(0) != "ok") throw corrupt(r.text(0));
  } catch (const sqlite_error& e) {
    if ((e.code() & 0xff) == SQLITE_NOTADB || (e.code() & 0xff) == SQLITE_CORRUPT) throw corrupt(e.what());
    throw;
  }
}

database open_for_writing(const std::filesystem::path& file) {
  database db(file, access::write);
  if (sqlite3_db_readonly(db.handle(), "main") != 0) throw std::runtime_error("its file cannot be written");
  // FULL: with NORMAL a power cut takes acknowledged orders with it. The writer checkpoints by itself, away from commits.
  // An order writes some 5 kB in sequence: pages of 8 kB take fewer writes for it than the usual 4 kB, and cost less at random places than 16 kB.
  // secure_delete: Debian's SQLite overwrites what is deleted with zeros, which costs a tenth of the time here and is no way to erase personal data from a log.
  db.execute(
      "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-65536; PRAGMA "
      "secure_delete=OFF; PRAGMA "
      "temp_store=MEMORY;");
  migrate(db);
  return db;
}

database open_for_reading(const std::filesystem::path& file) {
  database db(file, access::read);
  db.execute("PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY; PRAGMA query_only=1;");
  return db;
}

}  // namespace coreldove::persistence::sqlite
