#include "persistence/journal_row.hpp"

#include <gtest/gtest.h>

namespace coreldove::persistence {
namespace {

TEST(JournalRow, GivesBackWhatItHolds) {
  const std::vector<event_record> events{
      {"order_received", R"({"note": "[\"},]" , "n":1.50,"é":"\u00e9"})"}, {"order_confirmed", "{}"}, {"x", R"({"a":{"b":[]}})"}};
  const auto text = events_text(events);
  EXPECT_EQ(text, R"([["order_received",{"note": "[\"},]" , "n":1.50,"é":"\u00e9"}],["order_confirmed",{}],["x",{"a":{"b":[]}}]])");
  const auto again = events_in(text);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ((*again)[i].type, events[i].type);
    EXPECT_EQ((*again)[i].data, events[i].data) << "byte by byte: hashes cover it";
  }
}

TEST(JournalRow, RefusesWhatIsNoArrayOfTypesAndObjects) {
  for (const auto* text : {"", "{}", "[1]", R"([["a"]])", R"([["a",1]])", R"([["a",{},3]])", R"([[1,{}]])", R"([["a",{}])", R"([["a",{"b":]])", "no JSON"})
    EXPECT_FALSE(events_in(text)) << text;
}

}  // namespace
}  // namespace coreldove::persistence
