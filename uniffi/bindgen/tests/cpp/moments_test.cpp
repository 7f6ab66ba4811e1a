#include "moments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::ThrowsMessage;
using uniffi::Timestamp;

TEST(Moments, TimestampsCrossToTheNanosecondAlsoBefore1970) {
  for (const auto at : {0ns, std::chrono::nanoseconds(1'700'000'000'123'456'789), std::chrono::nanoseconds(-1s), std::chrono::nanoseconds(-2s + 1ns)}) {
    EXPECT_EQ(moments::echo_timestamp(Timestamp(at)), Timestamp(at));
    EXPECT_EQ(moments::nanoseconds(Timestamp(at)), at.count());
  }
  EXPECT_EQ(moments::epoch(), Timestamp(0ns));
  EXPECT_EQ(moments::echo_optional(std::nullopt), std::nullopt);
}

TEST(Moments, TheClocksTimeIsATimestamp) {
  const Timestamp now = std::chrono::system_clock::now();
  EXPECT_EQ(moments::echo_timestamp(now), now);
}

TEST(Moments, WhatUniffiHasNoSignForIsRefused) {
  EXPECT_THAT([] { moments::echo_timestamp(Timestamp(-1ns)); }, ThrowsMessage<std::range_error>("a timestamp cannot lie less than a second before 1970, got -1 ns"));
}

TEST(Moments, DurationsCrossToTheNanosecond) {
  EXPECT_EQ(moments::echo_duration(3s + 1ns), 3s + 1ns);
  EXPECT_THAT([] { moments::echo_duration(-1ns); }, ThrowsMessage<std::range_error>("a duration of -1 ns is negative"));
  const auto appointment = moments::echo_appointment({Timestamp(9s), 1ms});
  EXPECT_EQ(appointment.at, Timestamp(9s));
  EXPECT_EQ(appointment.takes, 1ms);
}

TEST(Moments, WhatDoesNotFitIsAnErrorAndNotAWrongValue) {
  EXPECT_THAT([] { moments::longest(); }, ThrowsMessage<std::range_error>(HasSubstr("18446744073709551615 seconds")));
  EXPECT_EQ(moments::echo_duration(std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max()) - 1s), std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max()) - 1s);
}

TEST(Moments, TheyAreReckonedWithInRust) {
  const Timestamp at(10s);
  const Timestamp later = moments::later(at, 5s + 5ns);
  EXPECT_EQ(later, at + 5s + 5ns);
  EXPECT_EQ(moments::between(at, later), 5s + 5ns);
  EXPECT_THROW(moments::between(later, at), moments::MomentError::Backwards);
}

} // namespace
