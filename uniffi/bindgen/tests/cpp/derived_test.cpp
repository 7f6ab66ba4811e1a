#include "derived.hpp"

#include <unordered_set>

#include <gtest/gtest.h>

namespace {

using derived::Level;
using derived::Version;

TEST(Derived, ObjectsAreComparedHashedAndShownByRust) {
  const Version one(1, 0);
  EXPECT_EQ(one, Version(1, 0));
  EXPECT_NE(one, Version(1, 1));
  EXPECT_LT(one, Version(1, 1));
  EXPECT_GE(Version(2, 0), one);
  EXPECT_EQ(one.to_string(), "v1.0");
  EXPECT_EQ(one.to_debug_string(), "Version { major: 1, minor: 0 }");
  const std::unordered_set<Version> set{one, Version(1, 0), Version(2, 0)};
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(derived::sorted({Version(2, 0), one}).front(), one);
  EXPECT_EQ(derived::Token("a"), derived::Token("a"));
  EXPECT_NE(derived::Token("a"), derived::Token("b"));
}

TEST(Derived, RecordsAreToo) {
  const derived::Span span{1, 2};
  EXPECT_EQ(derived::echo_span(span), span);
  EXPECT_LT(span, (derived::Span{1, 3}));
  EXPECT_EQ(span.to_string(), "1..2");
  EXPECT_EQ(span.to_debug_string(), "Span { from: 1, to: 2 }");
  EXPECT_EQ(std::hash<derived::Span>()(span), std::hash<derived::Span>()({1, 2}));
}

TEST(Derived, RichEnumsAreToo) {
  const Level high = Level::High{3};
  EXPECT_EQ(derived::echo_level(high), high);
  EXPECT_LT(Level(Level::Low{}), high);
  EXPECT_EQ(high.to_string(), "high by 3");
  EXPECT_EQ(high.to_debug_string(), "High { by: 3 }");
  EXPECT_EQ(std::hash<Level>()(high), std::hash<Level>()(Level::High{3}));
}

} // namespace
