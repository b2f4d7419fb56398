#include "domain/ulid.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

using namespace coreldove::domain;

namespace {

time_point at(std::int64_t ms) { return time_point{duration{ms}}; }

TEST(Ulid, EncodesTimeAndEntropyAsTheSpecificationDoes) {
  EXPECT_EQ(make_ulid(at(0), {}), "00000000000000000000000000");
  EXPECT_EQ(make_ulid(at(1469918176385), {}), "01ARYZ6S410000000000000000");  // the time of the specification's example
  EXPECT_EQ(make_ulid(at(281474976710655), {255, 255, 255, 255, 255, 255, 255, 255, 255, 255}), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  EXPECT_EQ(make_ulid(at(0), {0, 0, 0, 0, 1, 0, 0, 0, 0, 2}), "00000000000000000100000002");
}

TEST(Ulid, OfAnOrderIsToldFromAnythingElse) {
  EXPECT_TRUE(is_order_id("ord_01ARYZ6S410000000000000000"));
  for (auto text : {"", "ord_", "01ARYZ6S410000000000000000", "ord_01ARYZ6S41000000000000000", "ord_01ARYZ6S4100000000000000000",
                    "ord_01aryz6s410000000000000000", "ord_01ARYZ6S41000000000000000U", "ord_01ARYZ6S41000000000000000I", "ord_81ARYZ6S410000000000000000",
                    "ORD_01ARYZ6S410000000000000000", "ord_01ARYZ6S41000000000000000/", "rev_01ARYZ6S410000000000000000"})
    EXPECT_FALSE(is_order_id(text)) << text;
}

entropy some_entropy() {
  entropy random;
  for (auto& byte : random) byte = *rc::gen::arbitrary<std::uint8_t>();
  return random;
}

RC_GTEST_PROP(Ulid, SortsByTime, ()) {
  const auto first = *rc::gen::inRange<std::int64_t>(0, (std::int64_t{1} << 48) - 1);
  const auto second = *rc::gen::inRange<std::int64_t>(first + 1, std::int64_t{1} << 48);
  RC_ASSERT(make_ulid(at(first), some_entropy()) < make_ulid(at(second), some_entropy()));
}

RC_GTEST_PROP(Ulid, MakesOrderIdsThatAreRecognized, ()) {
  RC_ASSERT(is_order_id(make_order_id(at(*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 48)), some_entropy())));
}

RC_GTEST_PROP(Ulid, DiffersWhereTheEntropyDiffers, ()) {
  const auto a = some_entropy(), b = some_entropy();
  RC_ASSERT((a == b) == (make_ulid(at(1), a) == make_ulid(at(1), b)));
}

}  // namespace
