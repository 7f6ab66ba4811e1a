#include "primitives.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

template <typename T> void echoes(T (*echo)(T)) {
  using Limits = std::numeric_limits<T>;
  for (const T value : {Limits::lowest(), T{0}, Limits::max()}) {
    EXPECT_EQ(echo(value), value);
  }
}

TEST(Primitives, NumbersCrossAtTheirLimits) {
  echoes<std::uint8_t>(primitives::echo_u8);
  echoes<std::int8_t>(primitives::echo_i8);
  echoes<std::uint16_t>(primitives::echo_u16);
  echoes<std::int16_t>(primitives::echo_i16);
  echoes<std::uint32_t>(primitives::echo_u32);
  echoes<std::int32_t>(primitives::echo_i32);
  echoes<std::uint64_t>(primitives::echo_u64);
  echoes<std::int64_t>(primitives::echo_i64);
  echoes<float>(primitives::echo_f32);
  echoes<double>(primitives::echo_f64);
  EXPECT_TRUE(std::isnan(primitives::echo_f64(std::nan(""))));
}

TEST(Primitives, BooleansCross) {
  EXPECT_TRUE(primitives::echo_boolean(true));
  EXPECT_FALSE(primitives::echo_boolean(false));
}

TEST(Primitives, AFunctionWithoutAResultRuns) {
  const auto before = primitives::ticks();
  primitives::tick();
  EXPECT_EQ(primitives::ticks(), before + 1);
}

TEST(Primitives, APanicInRustIsAnExceptionAndTheNextCallWorks) {
  using testing::HasSubstr;
  const auto overflow = [] { primitives::add(std::numeric_limits<std::uint32_t>::max(), 1); };
  EXPECT_THAT(overflow, testing::ThrowsMessage<uniffi::InternalError>(HasSubstr("the sum fits a u32")));
  EXPECT_EQ(primitives::add(2, 3), 5U);
}

TEST(Primitives, AStringCrossesBothWays) {
  EXPECT_EQ(primitives::greet("wörld"), "hello, wörld");
}

} // namespace
