// docs/lifecycle.md carries the table of moves; this keeps it equal to the code. CORELDOVE_WRITE_PAGES=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "domain/order_state.hpp"

namespace coreldove::domain {
namespace {

constexpr std::string_view begin_mark = "<!-- transitions: made from domain/order_state.hpp -->\n", end_mark = "<!-- end of transitions -->";

std::string table() {
  std::string out = "| from | step | to |\n| --- | --- | --- |\n";
  for (const auto& t : transitions)
    out.append("| `").append(to_string(t.from)).append("` | ").append(to_string(t.step)).append(" | `").append(to_string(t.to)).append("` |\n");
  return out;
}

TEST(LifecyclePage, ShowsTheTransitionsOfTheCode) {
  const std::string path = std::string{CORELDOVE_SOURCE_DIR} + "/docs/lifecycle.md";
  std::ifstream in{path};
  std::string page{std::istreambuf_iterator<char>{in}, {}};
  const auto begin = page.find(begin_mark), end = page.find(end_mark);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const auto from = begin + begin_mark.size();
  if (std::getenv("CORELDOVE_WRITE_PAGES") != nullptr) {
    page.replace(from, end - from, table());
    std::ofstream{path} << page;
    return;
  }
  EXPECT_EQ(page.substr(from, end - from), table());
}

}  // namespace
}  // namespace coreldove::domain
