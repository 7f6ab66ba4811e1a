#include "records.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Records, Cross) {
  const records::Point point{.x = 1.5, .y = -2};
  EXPECT_EQ(records::echo_point(point), point);
  const records::Line line{.from = {0, 0}, .to = {3, 4}};
  EXPECT_EQ(records::echo_line(line), line);
  EXPECT_EQ(records::length(line), 5);
  EXPECT_EQ(records::echo_nothing({}), records::Nothing{});
}

TEST(Records, FieldsHaveTheirDefaults) {
  const auto settings = records::echo_settings({.name = "x"});
  EXPECT_EQ(settings.name, "x");
  EXPECT_TRUE(settings.enabled);
  EXPECT_EQ(settings.offset, -7);
  EXPECT_EQ(settings.limit, 255U);
  EXPECT_EQ(settings.ratio, 0.5);
  EXPECT_EQ(settings.label, "plain");
  EXPECT_EQ(settings.note, std::nullopt);
  EXPECT_EQ(settings.title, "untitled");
  EXPECT_TRUE(settings.tags.empty());
  EXPECT_TRUE(settings.weights.empty());
  EXPECT_EQ(settings.mode, records::Mode::Fast);
}

TEST(Records, EveryFieldCanBeGiven) {
  const records::Settings settings{
      .name = "y",
      .enabled = false,
      .offset = 1,
      .limit = 2,
      .ratio = 3,
      .label = "l",
      .note = "n",
      .title = std::nullopt,
      .tags = {"a", "b"},
      .weights = {{"k", 1}},
      .mode = records::Mode::Slow,
  };
  EXPECT_EQ(records::echo_settings(settings), settings);
}

TEST(Records, OneFieldOfEachKindCrosses) {
  const records::Everything value{255, -128, 65535, -32768, 4294967295U, -2147483647 - 1, ~std::uint64_t{0}, std::numeric_limits<std::int64_t>::min(), 0.5F, 0.25, true, "zwölf"};
  EXPECT_EQ(records::echo_everything(value), value);
  EXPECT_EQ(records::Everything{}.u8_value, 0);
}

TEST(Records, OneMayContainItself) {
  const records::Tree tree{"root", {{"left", {}}, {"right", {{"leaf", {}}}}}};
  EXPECT_EQ(records::echo_tree(tree), tree);
}

TEST(Records, ArgumentsHaveTheirDefaults) {
  EXPECT_EQ(records::describe("a"), "a x3 []");
  EXPECT_EQ(records::describe("a", 1, true, "!", {"t", "u"}), "A x1! [t,u]");
}

} // namespace
