#include "externals.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Externals, TypesOfAnotherCrateAreThatCratesOwn) {
  const records::Point point{1, -2};
  EXPECT_EQ(externals::mirrored(point), (records::Point{-1, 2}));
  EXPECT_EQ(externals::corners({{0, 0}, {1, 2}}).at(1), (records::Point{1, 0}));
  EXPECT_EQ(externals::favourite(true), enums::Colour::Green);
  EXPECT_EQ(externals::favourite(false), std::nullopt);
}

TEST(Externals, ObjectsOfAnotherCrateCross) {
  const objects::Counter counter;
  EXPECT_EQ(externals::bump(counter), 1U);
  EXPECT_EQ(counter.value(), 1U);
  EXPECT_EQ(externals::fresh().increment(), 1U);
}

TEST(Externals, ARecordMayContainThem) {
  const externals::Drawing drawing{{{{0, 0}, {1, 1}}}, enums::Colour::Red};
  const auto echoed = externals::echo_drawing(drawing);
  EXPECT_EQ(echoed.lines, drawing.lines);
  EXPECT_EQ(echoed.colour, enums::Colour::Red);
}

TEST(Externals, ErrorsOfAnotherCrateAreThrown) {
  externals::spend(2, 1);
  EXPECT_THROW(externals::spend(1, 2), errors::TransferError::Insufficient);
}

} // namespace
