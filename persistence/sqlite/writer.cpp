#include "persistence/sqlite/writer.hpp"

#include <utility>

#include "persistence/overload.hpp"
#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {
namespace {

constexpr auto answers_kept = std::chrono::hours{24 * 7};

domain::time_point wall_clock() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

database open_checked(const std::filesystem::path& file) {
  check_store(file);
  return open_for_writing(file);
}

}  // namespace

writer::connection::connection(database opened) : db(std::move(opened)), tx(db), page_size_bytes(db.pragma("page_size")) {
  const auto after_commit = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<connection*>(self)->log_pages = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(db.handle(), after_commit, this);
}

writer::writer(const std::filesystem::path& file, const commit_observers& observe, listing lists)
    : file_(file), observe_(observe), lists_(lists), reserve_(file), connection_(std::make_unique<connection>(open_checked(file))) {
  probe();  // a store that opens but cannot be written to is found out now, not with the first order
  checkpointer_ = std::make_unique<checkpointer>(file_);
}

void writer::probe() {
  connection_->tx.begin();
  connection_->tx.probe(wall_clock());
  connection_->tx.commit();
}

void writer::close() {
  checkpointer_.reset();
  if (connection_) sqlite3_wal_checkpoint_v2(connection_->db.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  connection_.reset();
}

void writer::write(batch b) {
  try {
    if (!commit_together(b)) commit_carefully(b);
  } catch (const sqlite_error& e) {
    throw fault(e);
  }
}

writer::outcome writer::apply(job& j) {
  auto& tx = connection_->tx;
  return std::visit(overload{[&](append_job& x) { return tx.apply(x.item, x.hashes); }, [&](adjust_job& x) { return tx.apply(x.item); },
                             [&](set_job& x) { return tx.apply(x.item); },
                             [&](import_job& x) -> outcome {
                               tx.apply(x.items, wall_clock());
                               return append_outcome{0, tx.position()};
                             },
                             [&](outbox_job& x) -> outcome {
                               tx.remove_outbox(x.keys);
                               return append_outcome{};
                             },
                             [&](keep_job& x) -> outcome {
                               tx.keep(x.notices);
                               return append_outcome{};
                             }},
                    j.what);
}

void writer::commit() {
  if (observe_.before_commit) observe_.before_commit();
  committing_ = true;
  connection_->tx.commit();
  committing_ = false;
  lists_.index.put(connection_->tx.take_listed());  // before anybody is answered: who is told of an order finds it in the list
  if (observe_.after_commit) observe_.after_commit();
}

bool writer::commit_together(batch b) {
  auto& tx = connection_->tx;
  tx.begin();
  try {
    for (auto& j : b) j.result = apply(j);
    tx.purge_answers(wall_clock() - answers_kept, 2 * b.size());
    if (tx.flush()) {
      commit();
      return true;
    }
  } catch (const sqlite_error& e) {
    if (!e.is_constraint()) throw;
  }
  tx.roll_back();
  return false;
}

void writer::commit_carefully(batch b) {
  auto& tx = connection_->tx;
  tx.begin();
  for (auto& j : b) {
    tx.set_savepoint();
    try {
      j.result = apply(j);
      if (tx.flush()) {
        tx.release_savepoint();
        continue;
      }
      j.result = domain::failure{domain::errc::conflict, "the stock does not allow it"};
    } catch (const sqlite_error& e) {
      if (!e.is_constraint()) throw;
      j.result = domain::failure{domain::errc::conflict, e.what()};
    }
    tx.roll_back_to_savepoint();
  }
  commit();
}

}  // namespace coreldove::persistence::sqlite
