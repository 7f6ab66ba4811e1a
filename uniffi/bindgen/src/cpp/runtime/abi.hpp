/// The C structs that every UniFFI library shares.

#pragma once

#include <cstdint>

namespace uniffi {

/// What Rust allocated; it must be freed by Rust, exactly once.
struct RustBuffer {
  std::uint64_t capacity;
  std::uint64_t len;
  std::uint8_t *data;
};

/// What Rust may read while the call runs.
struct ForeignBytes {
  std::int32_t len;
  const std::uint8_t *data;
};

/// The out-parameter of every call.
struct RustCallStatus {
  std::int8_t code;
  RustBuffer error;
};

/// What a status says.
namespace code {
inline constexpr std::int8_t succeeded = 0;
inline constexpr std::int8_t failed = 1;
inline constexpr std::int8_t panicked = 2;
inline constexpr std::int8_t cancelled = 3;
} // namespace code

} // namespace uniffi
