/// The runtime of bindings that commy-bindgen generates for C++: how values cross the
/// FFI, and how a library is checked. It knows no interface in particular.

#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

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

/// Rust panicked: a bug in the library, not in its use.
class InternalError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The library on this machine is not the one that the bindings were generated from.
class IncompatibleLibrary : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A crate's own functions for buffers, and what is built on them.
struct Buffers {
  RustBuffer (*from_bytes)(ForeignBytes, RustCallStatus *);
  void (*free)(RustBuffer, RustCallStatus *);

  /// Throws what a call left in its status.
  void check(const RustCallStatus &status) const {
    constexpr std::int8_t panicked = 2;
    if (status.code == 0) {
      return;
    }
    if (status.code == panicked) {
      const std::string message = lift_string(status.error);
      throw InternalError(message.empty() ? "Rust panicked" : message);
    }
    throw InternalError("the library answered with status " + std::to_string(status.code));
  }

  RustBuffer lower(std::string_view text) const {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
      throw std::length_error("a string of " + std::to_string(text.size()) + " bytes is longer than the FFI allows");
    }
    RustCallStatus status{};
    const ForeignBytes bytes{static_cast<std::int32_t>(text.size()), reinterpret_cast<const std::uint8_t *>(text.data())};
    const RustBuffer buffer = from_bytes(bytes, &status);
    check(status);
    return buffer;
  }

  std::string lift_string(RustBuffer buffer) const {
    std::string text(reinterpret_cast<const char *>(buffer.data), buffer.len);
    RustCallStatus status{};
    free(buffer, &status);
    check(status);
    return text;
  }
};

/// Throws unless the library speaks the contract of the bindings.
inline void verify_contract(const char *space, std::uint32_t found, std::uint32_t expected) {
  if (found != expected) {
    throw IncompatibleLibrary("the library of " + std::string(space) + " speaks version " + std::to_string(found) + " of UniFFI's contract, the bindings speak " + std::to_string(expected) + ": build both from the same sources");
  }
}

/// Throws unless an item of the library has the signature that the bindings know.
inline void verify_item(const char *space, const char *item, std::uint16_t found, std::uint16_t expected) {
  if (found != expected) {
    throw IncompatibleLibrary(std::string(item) + " in the library of " + space + " differs from the bindings: build both from the same sources");
  }
}

} // namespace uniffi
