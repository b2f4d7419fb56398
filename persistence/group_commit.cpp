#include "persistence/sqlite/group_commit.hpp"

#include <pthread.h>

#include <utility>

#include "persistence/sqlite/store_file.hpp"

namespace coreldove::persistence::sqlite {
namespace {

/// Larger transactions gain nothing more per append and make everybody wait longer.
constexpr std::size_t jobs_per_commit = 1'000;
constexpr std::size_t bytes_per_commit = 8u << 20;
constexpr auto answers_kept = std::chrono::hours{24 * 7};
constexpr auto retry_after = std::chrono::seconds{1};
constexpr std::int64_t stalled_after_ms = 2'000;

domain::time_point wall_clock() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

std::int64_t steady_ms() { return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

domain::failure unavailable(std::string detail) { return {domain::errc::unavailable, std::move(detail)}; }

database open_checked(const std::filesystem::path& file) {
  check_store(file);
  return open_for_writing(file);
}

std::size_t size_of(const append& item) {
  std::size_t n = item.row.document.size();
  for (const auto& e : item.events) n += e.data.size();
  return n;
}

domain::result<bool> plain(const domain::result<append_outcome>& r) {
  if (!r) return r.error();
  return true;
}

template <class... F>
struct overload : F... {
  using F::operator()...;
};
template <class... F>
overload(F...) -> overload<F...>;

}  // namespace

group_commit::connection::connection(database opened) : db(std::move(opened)), tx(db), page_size_bytes(db.pragma("page_size")) {
  const auto after_commit = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<connection*>(self)->log_pages = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(db.handle(), after_commit, this);
}

group_commit::group_commit(const sqlite_options& options)
    : options_(options), reserve_(options.file), connection_(std::make_unique<connection>(open_checked(options.file))) {
  // A store that opens but cannot be written to is found out now, not with the first order.
  connection_->tx.begin();
  connection_->tx.probe(wall_clock());
  connection_->tx.commit();
  checkpointer_ = std::make_unique<checkpointer>(options_.file);
  thread_ = std::thread([this] { run(); });
}

group_commit::~group_commit() { stop(); }

void group_commit::append(persistence::append item, append_done done) {
  if (!usable()) return done(unavailable("the store cannot be written at the moment"));
  if (queued() >= options_.max_queued) return done(unavailable("too many appends are waiting"));
  job j;
  j.size_bytes = size_of(item);
  append_job what{std::move(item), {}, std::move(done)};
  // A new stream's hashes depend on nothing but itself: computed here, on the caller's thread, they cost the one writer nothing.
  if (what.item.expected_version == 0) what.hashes = chain_events(what.item, digest{});
  j.what = std::move(what);
  appends_queued_.fetch_add(1, std::memory_order_relaxed);
  enqueue(std::move(j));
}

void group_commit::adjust(stock_adjustment item, append_done done) { enqueue({adjust_job{std::move(item), std::move(done)}}); }

void group_commit::import(persistence::catalog items, plain_done done) { enqueue({import_job{std::move(items), std::move(done)}}); }

void group_commit::outbox_done(std::vector<std::string> keys, plain_done done) { enqueue({outbox_job{std::move(keys), std::move(done)}}); }

void group_commit::keep(std::vector<kept_notice> notices, plain_done done) { enqueue({keep_job{std::move(notices), std::move(done)}}); }

void group_commit::set(setting item, append_done done) { enqueue({set_job{std::move(item), std::move(done)}}); }

void group_commit::enqueue(job j) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_) {
      queue_.push_back(std::move(j));
      if (std::exchange(idle_, false)) wake_.notify_one();
      return;
    }
  }
  j.result = unavailable("the store is closed");
  answer({&j, 1});
}

void group_commit::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return;
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  checkpointer_.reset();
  if (connection_) sqlite3_wal_checkpoint_v2(connection_->db.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  connection_.reset();
}

bool group_commit::stalled() const {
  const auto since = busy_since_ms_.load(std::memory_order_relaxed);
  return since != 0 && steady_ms() - since > stalled_after_ms;
}

bool group_commit::wait(std::vector<job>& taken) {
  taken.clear();
  std::unique_lock lock(mutex_);
  idle_ = queue_.empty();
  wake_.wait_for(lock, retry_after, [this] { return stop_ || !queue_.empty(); });
  idle_ = false;
  queue_.swap(taken);
  return !stop_ || !taken.empty();
}

void group_commit::run() {
  pthread_setname_np(pthread_self(), "journal");
  std::vector<job> taken;
  while (wait(taken)) {
    for (std::size_t from = 0; from < taken.size();) {
      std::size_t to = from, bytes = 0;
      while (to < taken.size() && to - from < jobs_per_commit && bytes < bytes_per_commit) bytes += taken[to++].size_bytes;
      process({taken.data() + from, to - from});
      from = to;
    }
    if (!usable())
      recover();
    else if (taken.empty())
      look_after_the_log(true);
  }
}

void group_commit::process(batch b) {
  if (!usable()) {
    for (auto& j : b) j.result = unavailable("the store cannot be written at the moment");
    return answer(b);
  }
  const auto start = std::chrono::steady_clock::now();
  busy_since_ms_ = steady_ms();
  try {
    if (!commit_together(b)) commit_carefully(b);
  } catch (const sqlite_error& e) {
    busy_since_ms_ = 0;
    return fault(b, e);
  }
  busy_since_ms_ = 0;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (options_.observe.commit_seconds) options_.observe.commit_seconds(took.count());
  const auto position = connection_->tx.position();
  answer(b);
  if (options_.on_commit) options_.on_commit(position);
  look_after_the_log(false);
}

group_commit::outcome group_commit::apply(job& j) {
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

void group_commit::commit() {
  if (options_.observe.before_commit) options_.observe.before_commit();
  committing_ = true;
  connection_->tx.commit();
  committing_ = false;
  if (options_.observe.after_commit) options_.observe.after_commit();
}

bool group_commit::commit_together(batch b) {
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

void group_commit::commit_carefully(batch b) {
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

void group_commit::answer(batch b) {
  std::size_t appends = 0;
  for (auto& j : b) {
    std::visit(overload{[&](append_job& x) {
                          ++appends;
                          appends_queued_.fetch_sub(1, std::memory_order_relaxed);
                          x.done(std::move(j.result));
                        },
                        [&](adjust_job& x) { x.done(std::move(j.result)); }, [&](import_job& x) { x.done(plain(j.result)); },
                        [&](outbox_job& x) { x.done(plain(j.result)); }, [&](keep_job& x) { x.done(plain(j.result)); },
                        [&](set_job& x) { x.done(std::move(j.result)); }},
               j.what);
  }
  if (appends > 0 && options_.observe.batch_size) options_.observe.batch_size(appends);
}

}  // namespace coreldove::persistence::sqlite
