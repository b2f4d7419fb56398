#include "runtime/app/catalog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/sample_catalog.hpp"

namespace coreldove::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const std::string header = "record,sku,product_id,name,weight_grams,inspect,warehouse,country,state,postal_code,on_hand\n";

TEST(CatalogFile, ReadsCsvWithQuotedValuesAndWindowsLineBreaks) {
  const auto f = read_catalog("\xef\xbb\xbf" + header +
                              "warehouse,,,\"Newark, \"\"East\"\"\",,,US-EAST,US,NJ,07105,\r\n"
                              "product,W-1,prod_1,Widget,450,true,,,,,\r\n"
                              "stock,W-1,,,,,US-EAST,,,,25");
  ASSERT_THAT(f.problems, IsEmpty());
  ASSERT_THAT(f.items.warehouses, SizeIs(1));
  EXPECT_EQ(f.items.warehouses[0].id, "US-EAST");
  EXPECT_EQ(f.items.warehouses[0].name, "Newark, \"East\"");
  EXPECT_EQ(f.items.warehouses[0].postal_code, "07105");
  ASSERT_THAT(f.items.items, SizeIs(1));
  EXPECT_EQ(f.items.items[0].product_id, "prod_1");
  EXPECT_EQ(f.items.items[0].weight_grams, 450);
  EXPECT_TRUE(f.items.items[0].inspect);
  ASSERT_THAT(f.items.levels, SizeIs(1));
  EXPECT_EQ(f.items.levels[0].sku, "W-1");
  EXPECT_EQ(f.items.levels[0].level.on_hand, 25);
  EXPECT_EQ(f.items.levels[0].level.reserved, 0);
}

TEST(CatalogFile, TakesColumnsInAnyOrderAndNoMoreThanAreNeeded) {
  const auto f = read_catalog("on_hand,record,warehouse,sku\n7,stock,W,S\n");
  ASSERT_THAT(f.problems, IsEmpty());
  EXPECT_EQ(f.items.levels.at(0).level.on_hand, 7);
}

TEST(CatalogFile, ReadsNdjsonWithNumbersAndTexts) {
  const auto f = read_catalog(R"({"record":"warehouse","warehouse":"DE","name":"Kassel","country":"DE"}

{"record":"product","sku":"W-1","product_id":"p","name":"Ünïcode","weight_grams":450,"inspect":false}
{"record":"stock","sku":"W-1","warehouse":"DE","on_hand":"12"})");
  ASSERT_THAT(f.problems, IsEmpty());
  EXPECT_EQ(f.items.items.at(0).name, "Ünïcode");
  EXPECT_FALSE(f.items.items.at(0).inspect);
  EXPECT_EQ(f.items.levels.at(0).level.on_hand, 12);
}

TEST(CatalogFile, ReadsTheSampleCatalogue) {
  const auto f = read_catalog(config::sample_catalog());
  ASSERT_THAT(f.problems, IsEmpty());
  EXPECT_THAT(f.items.warehouses, SizeIs(4));
  EXPECT_THAT(f.items.items, SizeIs(24 + 50));
  std::int64_t scarce = 0;
  for (const auto& row : f.items.levels)
    if (row.sku == "SCARCE-100") scarce += row.level.on_hand;
  EXPECT_EQ(scarce, 100);
}

TEST(CatalogFile, NamesEveryMistakeWithLineAndColumn) {
  const auto f = read_catalog(header +
                              "product,,p,Widget,1.5,maybe,,,,,\n"
                              "warehouse,,,Reno,,,US-WEST,usa,,,\n"
                              "stock,W-1,,,,,,,,,-1\n"
                              "stock,W-1,,Name,,,US,,,,1\n"
                              "parcel,W-1,,,,,,,,,\n");
  EXPECT_THAT(f.problems, ElementsAre("line 2, sku: missing", "line 2, weight_grams: \"1.5\" is not a whole number from 0 to 10000000",
                                      "line 2, inspect: \"maybe\" is neither true nor false", "line 3, country: 3 bytes; at most 2 are allowed",
                                      "line 3, country: \"usa\" is not an ISO 3166-1 code of two capitals", "line 4, warehouse: missing",
                                      "line 4, on_hand: \"-1\" is not a whole number from 0 to 1000000000000", "line 5, name: a stock has no such value",
                                      "line 6, record: \"parcel\" is none of warehouse, product, stock"));
}

TEST(CatalogFile, RefusesTheSameThingTwice) {
  const auto f = read_catalog(header + "product,W,p,Widget,1,,,,,,\nproduct,W,p,Widget,1,,,,,,\nstock,W,,,,,A,,,,1\nstock,W,,,,,B,,,,1\nstock,W,,,,,A,,,,2\n");
  EXPECT_THAT(f.problems, ElementsAre("line 3, sku: \"W\" stands in the file twice", "line 6, sku: stock of \"W\" at \"A\" stands in the file twice"));
}

TEST(CatalogFile, RefusesUnknownColumnsAndWrongCounts) {
  EXPECT_THAT(read_catalog("record,sku,colour\nx,y,z\n").problems, ElementsAre(StartsWith("line 1: there is no column \"colour\"; allowed are record, sku")));
  EXPECT_THAT(read_catalog("record,sku\nproduct\n").problems, ElementsAre("line 2: 1 values, but the header has 2 columns"));
  EXPECT_THAT(read_catalog("").problems, ElementsAre("line 1: the header is missing"));
}

TEST(CatalogFile, RefusesCsvThatIsBrokenOrEndsInsideQuotes) {
  EXPECT_THAT(read_catalog("record,sku\nproduct,a\"b\n").problems, ElementsAre(StartsWith("line 2: ")));
  EXPECT_THAT(read_catalog("record,sku\nproduct,\"ab\n").problems, ElementsAre(StartsWith("line 2: ")));
}

TEST(CatalogFile, RefusesBrokenJsonAndValuesOfTheWrongKind) {
  const auto f = read_catalog("{\"record\":\"stock\"\n{\"record\":\"stock\",\"sku\":\"W\",\"warehouse\":\"A\",\"on_hand\":1.5}\n[1]\n{\"colour\":1}\n");
  EXPECT_THAT(f.problems, ElementsAre(StartsWith("line 1: not a JSON object"), "line 2, on_hand: neither a text, a whole number nor true or false",
                                      "line 2, on_hand: \"\" is not a whole number from 0 to 1000000000000", StartsWith("line 3: not a JSON object"),
                                      StartsWith("line 4, colour: there is no such name"), "line 4, record: \"\" is none of warehouse, product, stock"));
}

TEST(CatalogFile, RefusesTextThatIsNotUtf8) { EXPECT_THAT(read_catalog("record,sku\nproduct,\xff\n").problems, ElementsAre("line 2: not UTF-8")); }

TEST(CatalogFile, StopsAfterAHundredMistakes) {
  std::string text = header;
  for (int i = 0; i < 1'000; ++i) text += "x,,,,,,,,,,\n";
  EXPECT_THAT(read_catalog(text).problems, SizeIs(100));
}

}  // namespace
}  // namespace coreldove::app
