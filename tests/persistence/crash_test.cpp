// kill -9 while orders are being committed: what was acknowledged is there afterwards, and everything adds up.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "persistence/sqlite/sqlite.hpp"
#include "persistence/sqlite/tools.hpp"
#include "persistence/verify.hpp"
#include "tests/persistence/fixture.hpp"
#include "tests/persistence/life.hpp"

namespace coreldove::persistence::testing {
namespace {

/// What the child tells of one durable append.
struct acknowledged {
  int order;
  std::uint64_t version;
};

/// In the child: many orders at once, each appending as soon as its last append is durable. Never returns.
[[noreturn]] void append_until_killed(const std::filesystem::path& file, int first, int pipe) {
  sqlite::sqlite_store s({file, 1, 1'000, {}, {}});
  constexpr int orders = 40;
  std::vector<living_order> lives;
  for (int i = 0; i < orders; ++i) lives.emplace_back(first + i, at(noon + (first + i) * 1'000));
  std::function<void(int, append)> go_on = [&](int i, append item) {
    s.journal().append(std::move(item), [&, i](domain::result<append_outcome> r) {
      if (!r) _exit(3);
      const acknowledged a{first + i, r->version};
      if (write(pipe, &a, sizeof a) != sizeof a) _exit(4);
      auto& life = lives[static_cast<std::size_t>(i)];
      if (life.waits_for_an_answer())
        go_on(i, life.answered());
      else if (life.state().status == domain::order_status::confirmed)
        go_on(i, life.next(domain::fulfill_order{{}, "", "", "op"}));
    });
  };
  for (int i = 0; i < orders; ++i) go_on(i, lives[static_cast<std::size_t>(i)].placed());
  for (;;) pause();
}

TEST(Crash, WhatWasAcknowledgedBeforeAKillIsThereAfterwards) {
  temporary_folder folder;
  const auto file = folder.path() / "store.db";
  {
    sqlite::sqlite_store s({file, 1, 1'000, {}, {}});
    auto c = shelf("SKU-1", "berlin", 100'000);
    c.levels.push_back({"SKU-2", "berlin", {100'000, 0}});
    ASSERT_TRUE(import(s.journal(), c));
  }
  std::map<int, std::uint64_t> promised;
  for (int round = 0; round < 6; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const auto child = fork();
    if (child == 0) append_until_killed(file, round * 1'000, ends[1]);
    close(ends[1]);
    acknowledged a{};
    for (int acks = 0; acks < 25 + round * 17 && read(ends[0], &a, sizeof a) == sizeof a; ++acks) promised[a.order] = a.version;
    kill(child, SIGKILL);
    while (read(ends[0], &a, sizeof a) == sizeof a) promised[a.order] = a.version;  // written before the kill
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);

    sqlite::sqlite_store s({file, 1, 1'000, {}, {}});
    for (const auto& [n, version] : promised) {
      const auto d = document(s.store(), order_id(n));
      ASSERT_TRUE(d) << order_id(n);
      EXPECT_GE(d->version, version);
    }
  }
  const auto source = sqlite::open_audit(file);
  const auto v = verify(*source, {});
  for (const auto& f : v.findings) ADD_FAILURE() << f.check << ' ' << f.subject << ": " << f.detail;
  EXPECT_GE(v.orders, promised.size());
  EXPECT_GE(promised.size(), 60u);
}

}  // namespace
}  // namespace coreldove::persistence::testing
