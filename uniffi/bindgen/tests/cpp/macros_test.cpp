#include "macros.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Macros, SetsCross) {
  const std::unordered_set<std::string> set{"a", "b"};
  EXPECT_EQ(macros::echo_set(set), set);
}

TEST(Macros, AnEnumWithDiscriminantsHasTheirNumbers) {
  static_assert(std::is_same_v<std::underlying_type_t<macros::Port>, std::uint8_t>);
  EXPECT_EQ(static_cast<int>(macros::Port::Http), 80);
  EXPECT_EQ(static_cast<int>(macros::Port::Next), 81);
  for (const auto port : {macros::Port::Http, macros::Port::Next, macros::Port::Last}) {
    EXPECT_EQ(macros::echo_port(port), port);
  }
}

TEST(Macros, NamelessFieldsAreNumbered) {
  const macros::Measure between = macros::Measure::Between{.v1 = 1, .v2 = 2};
  EXPECT_EQ(macros::echo_measure(between), between);
  EXPECT_EQ(macros::echo_measure(macros::Measure::Metres{3}).get_if<macros::Measure::Metres>()->v1, 3);
}

TEST(Macros, ARecordThatBoxesItselfCrosses) {
  const macros::Link first{1, macros::Link{2, std::nullopt}};
  EXPECT_EQ(macros::links(first), 2U);
  const macros::Link copy = first;
  EXPECT_EQ(copy, first);
  EXPECT_EQ((*copy.next)->value, 2U);
}

TEST(Macros, ARecordHasMethods) {
  EXPECT_EQ(macros::Celsius{100}.fahrenheit(), 212);
  EXPECT_EQ(macros::Celsius{}.fahrenheit(), 68);
}

} // namespace
