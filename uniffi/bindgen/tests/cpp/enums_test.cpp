#include "enums.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using enums::Colour;
using enums::Expression;
using enums::Shape;

TEST(Enums, FlatOnesAreEnumClasses) {
  for (const auto colour : {Colour::Red, Colour::Green, Colour::DarkBlue}) {
    EXPECT_EQ(enums::echo_colour(colour), colour);
  }
  EXPECT_EQ(enums::next(Colour::Green), Colour::DarkBlue);
  EXPECT_EQ(enums::echo_signal(enums::Signal::Go), enums::Signal::Go);
}

TEST(Enums, AValueThatIsNoneIsRefused) {
  const auto echo = [] { enums::echo_colour(static_cast<Colour>(9)); };
  EXPECT_THAT(echo, testing::ThrowsMessage<std::invalid_argument>("Colour has no value 9"));
}

TEST(Enums, RichOnesHaveCases) {
  const Shape circle = enums::echo_shape(Shape::Circle{2});
  ASSERT_TRUE(circle.is<Shape::Circle>());
  EXPECT_EQ(circle.get_if<Shape::Circle>()->radius, 2);
  EXPECT_EQ(circle.get_if<Shape::Empty>(), nullptr);
  EXPECT_EQ(enums::echo_shape(Shape::Empty{}), Shape(Shape::Empty{}));
  EXPECT_EQ(enums::area(Shape::Rectangle{.width = 2, .height = 3}), 6);
  const Shape labelled = Shape::Labelled{"l", Colour::DarkBlue};
  EXPECT_EQ(enums::echo_shape(labelled), labelled);
}

TEST(Enums, CasesAreVisited) {
  struct Name {
    std::string operator()(const Shape::Empty &) const { return "empty"; }
    std::string operator()(const Shape::Circle &) const { return "circle"; }
    std::string operator()(const Shape::Rectangle &) const { return "rectangle"; }
    std::string operator()(const Shape::Labelled &labelled) const { return labelled.label; }
  };
  EXPECT_EQ(std::visit(Name{}, enums::echo_shape(Shape::Labelled{"me", Colour::Red}).value()), "me");
}

TEST(Enums, OneMayContainItself) {
  const Expression sum = Expression::Sum{{Expression::Number{1}, Expression::Sum{{Expression::Number{2}, Expression::Number{3}}}}};
  EXPECT_EQ(enums::echo_expression(sum), sum);
  EXPECT_EQ(enums::evaluate(sum), 6);
}

} // namespace
