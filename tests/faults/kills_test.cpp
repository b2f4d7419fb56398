// kill -9, again and again, under load: at random, while starting, at named points of the program, in the middle of a write to disk and before one is safe.
// Then the books are read. KILLS=200 makes a campaign of it, SEED another one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "tests/faults/books.hpp"
#include "tests/faults/buyers.hpp"
#include "tests/faults/interposed.hpp"
#include "tests/program/shop.hpp"

namespace coreldove::faults_test {
namespace {

using namespace program_test;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point then) { return std::chrono::duration<double>(clock::now() - then).count(); }

unsigned number_from(const char* variable, unsigned usual) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? usual : static_cast<unsigned>(std::stoul(text));
}

/// The ways to die, in the order in which a campaign goes through them, over and over.
constexpr std::array ways{"at random",  "before_commit", "at random", "after_commit",  "while starting", "before_call",
                          "torn write", "after_call",    "at random", "before_answer", "before a sync",  "at random"};

class campaign {
public:
  explicit campaign(unsigned seed) : dice_(seed) {
    shop_.start_world();
    shop_.start();
    stock_before_ = on_hand(shop_);
    shop_.stop(SIGTERM);
  }

  void run(unsigned kills) {
    const auto begun = clock::now();
    const auto ids = (shop_.folder() / "ids").string();
    std::filesystem::create_directories(shop_.folder() / "load");
    program load{shop_.folder() / "load",
                 {"bench", "--url", shop_.address(), "--connections", "16", "--rate", "150", "--duration", "5h", "--idempotency-keys", "--email", "--ids", ids,
                  "--patience", "5m", "--quiet"}};
    stock_watch watch{shop_};
    buyers told{shop_, 6, from_to(1, 1'000'000)};
    for (unsigned n = 0; n < kills; ++n) kill(ways.at(n % ways.size()), told);
    seconds_ = seconds_since(begun);
    shop_.start();
    EXPECT_TRUE(load.running()) << "the load ended before the kills: " << load.wait(0s).err;
    load.signal(SIGKILL);
    load.wait();
    told.stop();
    watch.stop();
    read_books(told, lines_of(file_text(ids)));
    EXPECT_GT(watch.looks(), 0);
    EXPECT_THAT(watch.oversold(), testing::IsEmpty());
  }

  std::string line(unsigned seed) const {
    std::string deaths;
    for (const auto& [way, times] : deaths_) deaths += fmt::format("{}{} {}", deaths.empty() ? "" : ", ", times, way);
    return fmt::format("{:.0f} s; {}; {} of them cut off requests; {} orders acknowledged, {} stored; back after {:.2f} s at most; {} violations; seed {}",
                       seconds_, deaths, kills_with_work_, acknowledged_, stored_, slowest_, violations_, seed);
  }
  unsigned kills_with_work() const { return kills_with_work_; }

private:
  unsigned from_to(unsigned least, unsigned most) { return std::uniform_int_distribution{least, most}(dice_); }

  /// Starts anew, with what the next death needs; it may come before the server listens.
  void revive(const environment& with) {
    const auto begun = clock::now();
    shop_.launch(with);
    if (!shop_.listens()) return;
    slowest_ = std::max(slowest_, seconds_since(begun));
  }

  void kill(const std::string& way, const buyers& told) {
    const auto cut_before = told.cut();
    const interposed between{shop_.folder()};
    if (way == "at random" || way == "while starting") {
      if (way == "at random") {
        revive({});
        wait_for_orders(told);
      } else {
        shop_.launch();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{way == "at random" ? from_to(0, 700) : from_to(0, 250)});
      shop_.server().signal(SIGKILL);
    } else if (way == "torn write" || way == "before a sync") {
      revive(between.variables());
      (way == "torn write" ? between->kill_at_write : between->kill_at_sync) = from_to(1, 200);
    } else {
      revive({{"CORELDOVE_TEST_STOP_AT", fmt::format("{}:{}", way, from_to(1, 150))}});
    }
    EXPECT_EQ(shop_.server().wait(60s).status, 128 + SIGKILL) << way << ": " << shop_.server().wait(0s).err;
    ++deaths_[way];
    std::this_thread::sleep_for(20ms);  // for the buyers to notice
    if (told.cut() > cut_before) ++kills_with_work_;
  }

  static void wait_for_orders(const buyers& told) {
    const auto before = told.placed();
    for (const auto until = clock::now() + 10s; told.placed() == before && clock::now() < until;) std::this_thread::sleep_for(5ms);
    EXPECT_GT(told.placed(), before) << "no order is taken ten seconds after a restart";
  }

  void read_books(const buyers& told, const std::vector<std::string>& known) {
    const auto found = settled_books(shop_, told, stock_before_, 180s, known);
    acknowledged_ = known.size() + told.acknowledged().size();
    stored_ = found.orders();
    EXPECT_EQ(shop_.stop(SIGTERM).status, 0);
    const auto verified = run_program({"verify"});
    EXPECT_EQ(verified.status, 0) << verified.out;
    violations_ = found.violations().size() + (verified.status == 0 ? 0 : 1);
    EXPECT_THAT(found.violations(), testing::IsEmpty());
  }

  ended run_program(const arguments& args) const { return program{shop_.folder(), args}.wait(600s); }

  shop shop_;
  std::mt19937 dice_;
  stock_levels stock_before_;
  std::map<std::string, unsigned> deaths_;
  unsigned kills_with_work_ = 0;
  double slowest_ = 0, seconds_ = 0;
  std::size_t acknowledged_ = 0, stored_ = 0, violations_ = 0;
};

TEST(Kills, LoseNothingDoubleNothingAndLeaveNothingStuck) {
  const auto kills = number_from("KILLS", static_cast<unsigned>(ways.size())), seed = number_from("SEED", std::random_device{}());
  campaign c{seed};
  c.run(kills);
  fmt::print("{} kills in {}\n", kills, c.line(seed));
  EXPECT_GE(c.kills_with_work() * 2, kills) << "most kills should come while somebody waits for an answer";
}

}  // namespace
}  // namespace coreldove::faults_test
