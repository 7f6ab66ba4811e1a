#include "errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using errors::ParseError;
using errors::TransferError;
using testing::ThrowsMessage;

TEST(Errors, AFlatOneHasACaseAndRustsMessage) {
  EXPECT_EQ(errors::parse("42"), 42U);
  EXPECT_THAT([] { errors::parse("x"); }, ThrowsMessage<ParseError>("not a number: x"));
  EXPECT_THROW(errors::parse("x"), ParseError::Unreadable);
  EXPECT_THROW(errors::parse("101"), ParseError::OutOfRange);
  EXPECT_THROW(errors::require(""), uniffi::DeclaredError);
  EXPECT_THROW(errors::require(""), std::runtime_error);
}

TEST(Errors, ARichOneHasItsFields) {
  EXPECT_EQ(errors::transfer(5, 3, false), 2U);
  try {
    errors::transfer(5, 7, false);
    FAIL();
  } catch (const TransferError::Insufficient &error) {
    EXPECT_EQ(error.balance, 5U);
    EXPECT_EQ(error.needed, 7U);
  }
  try {
    errors::transfer(5, 0, false);
    FAIL();
  } catch (const TransferError &error) {
    EXPECT_STREQ(error.what(), "TransferError::Refused");
    ASSERT_TRUE(error.is<TransferError::Refused>());
    EXPECT_EQ(error.get_if<TransferError::Refused>()->detail.column, "amount");
  }
  EXPECT_THROW(errors::transfer(5, 1, true), TransferError::Locked);
}

TEST(Errors, AnObjectCanBeOneAndIsFreedLikeAnyObject) {
  errors::provoke("nothing", 0);
  try {
    errors::provoke("fire", 3);
    FAIL();
  } catch (const errors::Incident &error) {
    EXPECT_EQ(error.what_(), "fire");
    EXPECT_EQ(error.severity(), 3U);
    EXPECT_STREQ(error.what(), "incident of severity 3: fire");
    EXPECT_EQ(errors::live_incidents(), 1U);
  }
  EXPECT_EQ(errors::live_incidents(), 0U);
}

TEST(Errors, APanicIsAnInternalErrorAndTheNextCallWorks) {
  EXPECT_THAT([] { errors::explode("boom"); }, ThrowsMessage<uniffi::InternalError>("boom"));
  EXPECT_THROW(errors::explode(""), uniffi::InternalError);
  EXPECT_EQ(errors::parse("1"), 1U);
}

TEST(Errors, AnErrorIsCopiedWithoutOne) {
  static_assert(std::is_nothrow_copy_constructible_v<TransferError>);
  const TransferError error = TransferError::Refused{"why", {1, "c"}};
  const TransferError copy = error;
  EXPECT_EQ(copy.get_if<TransferError::Refused>()->reason, "why");
}

TEST(Errors, AHundredThousandLeaveNothingBehind) {
  for (int turn = 0; turn < 100'000; turn++) {
    EXPECT_THROW(errors::transfer(1, 2, false), TransferError::Insufficient);
  }
}

} // namespace
