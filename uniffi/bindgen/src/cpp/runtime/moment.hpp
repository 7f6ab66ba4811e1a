/// Timestamps and durations, in nanoseconds. UniFFI's can be longer than C++'s: what does not
/// fit is an error, never a wrong value.

#pragma once

#include "codec.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace uniffi {

/// A point in time, between the years 1677 and 2262.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// A length of time of at most 292 years.
using Duration = std::chrono::nanoseconds;

inline constexpr std::int64_t nanoseconds_a_second = 1'000'000'000;

/// The nanoseconds of so many seconds and a part of one, `sign` being 1 or -1.
inline std::chrono::nanoseconds checked_nanoseconds(std::uint64_t seconds, std::uint32_t part, std::int64_t sign) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / nanoseconds_a_second);
  if (part >= nanoseconds_a_second) {
    throw InternalError("the library sent " + std::to_string(part) + " nanoseconds as a part of a second");
  }
  // The last second does not fit as a whole.
  if (seconds >= most) {
    throw std::range_error("the library sent " + std::to_string(seconds) + " seconds, which std::chrono::nanoseconds cannot hold");
  }
  return std::chrono::nanoseconds(sign * (static_cast<std::int64_t>(seconds) * nanoseconds_a_second + part));
}

/// Seconds, and nanoseconds that point away from 1970: without a sign for less than a second.
struct Moment : InBuffer<Moment, Timestamp> {
  static void write(Writer &writer, const Timestamp &value) {
    const std::int64_t count = value.time_since_epoch().count();
    const std::int64_t part = count % nanoseconds_a_second;
    if (count < 0 && count > -nanoseconds_a_second) {
      throw std::range_error("a timestamp cannot lie less than a second before 1970, got " + std::to_string(count) + " ns");
    }
    writer.number(count / nanoseconds_a_second);
    writer.number(static_cast<std::uint32_t>(part < 0 ? -part : part));
  }
  static Timestamp read(Reader &reader) {
    const auto seconds = reader.number<std::int64_t>();
    const auto part = reader.number<std::uint32_t>();
    const auto distance = seconds < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(seconds) : static_cast<std::uint64_t>(seconds);
    return Timestamp(checked_nanoseconds(distance, part, seconds < 0 ? -1 : 1));
  }
};

/// Seconds and nanoseconds, never negative.
struct Span : InBuffer<Span, Duration> {
  static void write(Writer &writer, const Duration &value) {
    if (value.count() < 0) {
      throw std::range_error("a duration of " + std::to_string(value.count()) + " ns is negative");
    }
    writer.number(static_cast<std::uint64_t>(value.count() / nanoseconds_a_second));
    writer.number(static_cast<std::uint32_t>(value.count() % nanoseconds_a_second));
  }
  static Duration read(Reader &reader) {
    const auto seconds = reader.number<std::uint64_t>();
    return checked_nanoseconds(seconds, reader.number<std::uint32_t>(), 1);
  }
};

} // namespace uniffi
