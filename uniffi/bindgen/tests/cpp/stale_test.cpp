// Bindings that were made from another version of the library.

#include "primitives.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

TEST(Stale, TheyAreRefusedWithTheReason) {
  const auto add = [] { primitives::add(1, 2); };
  EXPECT_THAT(add, testing::ThrowsMessage<uniffi::IncompatibleLibrary>(EXPECTED));
  // And again: what failed is not taken as done.
  EXPECT_THROW(add(), uniffi::IncompatibleLibrary);
}

} // namespace
