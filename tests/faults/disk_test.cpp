// A disk that is full, fails or may not be written, a store that is spoiled or locked: nothing is acknowledged that is not safe, what is stored can be read,
// the node says that it is not ready, and goes on by itself once the disk does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "tests/faults/books.hpp"
#include "tests/faults/buyers.hpp"
#include "tests/faults/interposed.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::faults_test {
namespace {

using namespace program_test;
using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;

/// A small file system in memory; for root alone, and not in every container.
class small_disk {
public:
  small_disk(std::filesystem::path at, const std::string& size) : at_(std::move(at)) {
    std::filesystem::create_directories(at_);
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    if (!mounted_) why_not_ = std::string{"a file system cannot be mounted here: "} + std::strerror(errno);
  }
  ~small_disk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  /// Empty where it is there.
  const std::string& why_not() const { return why_not_; }
  void fill() const {
    std::ofstream file{at_ / "filler", std::ios::binary};
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void clear() const { std::filesystem::remove(at_ / "filler"); }
  bool make_read_only() const { return ::mount(nullptr, at_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

private:
  std::filesystem::path at_;
  bool mounted_ = false;
  std::string why_not_;
};

/// Waits until GET /health/ready says so; false after twenty seconds.
bool becomes(const shop& at, int readiness) {
  for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(20ms))
    if (at.readiness() == readiness) return true;
  return false;
}

class Disk : public testing::Test {
protected:
  void start(const environment& more = {}) {
    shop_.start_world();
    shop_.start(more);
    before_ = on_hand(shop_);
    told_.emplace(shop_, 4, 1);
  }

  /// Under load the fault comes and goes; nothing else may.
  template <class Begin, class End>
  void survive(Begin begin, End end) {
    auto& told = *told_;
    while (told.placed() < 20) std::this_thread::sleep_for(5ms);
    begin();
    ASSERT_TRUE(becomes(shop_, 503)) << "the node says it is ready although it cannot write";
    const auto stored = json::parse(shop_.call("GET", "/orders?limit=1").body).at("items").at(0).at("id").get<std::string>();
    const auto refused = shop_.call("POST", "/orders", an_order());
    EXPECT_EQ(refused.status, 503) << refused.body;
    EXPECT_TRUE(refused.fields.contains("retry-after"));
    EXPECT_EQ(shop_.call("GET", "/orders/" + stored).status, 200);
    EXPECT_EQ(shop_.call("GET", "/inventory/WIDGET-001").status, 200);
    EXPECT_EQ(ask(shop_.port(), "GET", "/health/live").status, 200);
    end();
    ASSERT_TRUE(becomes(shop_, 200)) << "the node does not recover by itself";
    const auto so_far = told.placed();
    for (int i = 0; i < 1'000 && told.placed() < so_far + 20; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_GE(told.placed(), so_far + 20) << "no orders are taken after the fault";
  }

  void close_the_books() {
    told_->stop();
    const auto found = settled_books(shop_, *told_, before_, 60s);
    EXPECT_THAT(found.violations(), testing::IsEmpty());
    EXPECT_EQ(shop_.stop(SIGTERM).status, 0);
    const auto verified = run(shop_.folder(), {"verify"});
    EXPECT_EQ(verified.status, 0) << verified.out;
  }

  std::filesystem::path store() const { return shop_.folder() / "var/coreldove.db"; }

  shop shop_;
  stock_levels before_;
  std::optional<buyers> told_;
};

TEST_F(Disk, ThatIsFullOrFailsOrTakesNoMoreStopsWritesAndNothingElse) {
  const interposed between{shop_.folder()};
  start(between.variables());
  {
    SCOPED_TRACE("no space");
    survive([&] { between->write_error = ENOSPC; }, [&] { between->write_error = 0; });
  }
  {
    SCOPED_TRACE("syncs fail, and whether what they were for is on disk is not known");
    survive([&] { between->sync_error = EIO; }, [&] { between->sync_error = 0; });
  }
  {
    SCOPED_TRACE("files may not grow");
    const auto limit = [&](rlim_t bytes) {
      const rlimit to{bytes, RLIM_INFINITY};
      EXPECT_EQ(::prlimit(shop_.server().pid(), RLIMIT_FSIZE, &to, nullptr), 0) << std::strerror(errno);
    };
    survive([&] { limit(64 * 1024); }, [&] { limit(RLIM_INFINITY); });
  }
  close_the_books();
}

TEST_F(Disk, OfAFewMegabytesIsFilledAndClearedAgain) {
  const small_disk disk{shop_.folder() / "var", "8m"};
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  start();
  survive([&] { disk.fill(); }, [&] { disk.clear(); });
  close_the_books();
}

TEST_F(Disk, LockedByAnotherProcessMakesTheNodeNotReady) {
  start();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(store().c_str(), &db), SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> owner{db, sqlite3_close};
  sqlite3_busy_timeout(db, 5'000);
  survive([&] { ASSERT_EQ(sqlite3_exec(db, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db); },
          [&] { ASSERT_EQ(sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK); });
  close_the_books();
}

TEST_F(Disk, ThatMayOnlyBeReadIsRefusedAtTheStartInOneLine) {
  const small_disk disk{shop_.folder() / "var", "8m"};
  if (!disk.why_not().empty() && ::geteuid() == 0) GTEST_SKIP() << disk.why_not() << "; and root may write everywhere else";
  shop_.start_world();
  shop_.start();
  ASSERT_EQ(shop_.stop(SIGTERM).status, 0);
  if (disk.why_not().empty())
    ASSERT_TRUE(disk.make_read_only()) << std::strerror(errno);
  else
    ASSERT_EQ(::chmod((shop_.folder() / "var").c_str(), 0500), 0);
  shop_.launch({{"LOG_LEVEL", "error"}});
  const auto refused = shop_.server().wait();
  ::chmod((shop_.folder() / "var").c_str(), 0700);
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(lines_of(refused.err), testing::ElementsAre(testing::AllOf(HasSubstr("coreldove.db"), HasSubstr("cannot be")))) << refused.err;
}

/// Overwrites bytes of the file from `at` on.
void spoil(const std::filesystem::path& file, std::streamoff at, std::size_t bytes) {
  std::fstream f{file, std::ios::in | std::ios::out | std::ios::binary};
  f.seekp(at);
  f << std::string(bytes, '\xA5');
  ASSERT_TRUE(f.good());
}

TEST_F(Disk, ThatSpoiledTheStoreIsFoundOutAtTheStart) {
  shop_.start();
  {
    buyers told{shop_, 4, 1};
    while (told.placed() < 50) std::this_thread::sleep_for(5ms);
  }
  ASSERT_EQ(shop_.stop(SIGTERM).status, 0);
  const auto good = shop_.folder() / "good.db";
  std::filesystem::copy_file(store(), good);
  constexpr std::streamoff page = 8192;
  const auto pages = static_cast<std::streamoff>(std::filesystem::file_size(good)) / page;
  ASSERT_GT(pages, 20);
  for (const auto at : {std::streamoff{0}, 2 * page, pages / 2 * page, (pages - 3) * page}) {
    std::filesystem::copy_file(good, store(), std::filesystem::copy_options::overwrite_existing);
    spoil(store(), at, 512);
    const auto refused = run(shop_.folder(), {"serve"}, {{"PORT", "0"}, {"LOG_LEVEL", "error"}});
    EXPECT_EQ(refused.status, 1) << "page " << at / page;
    EXPECT_THAT(lines_of(refused.err), testing::ElementsAre(testing::AllOf(HasSubstr("coreldove.db"), HasSubstr("corrupt"), HasSubstr("restore a backup"))))
        << "page " << at / page << " of " << pages << ": " << refused.err;
  }
  std::filesystem::copy_file(good, store(), std::filesystem::copy_options::overwrite_existing);
  EXPECT_NO_THROW(shop_.start());
}

}  // namespace
}  // namespace coreldove::faults_test
