/// A library's own functions for buffers, and the checks when it is first used.

#pragma once

#include "abi.hpp"
#include "error.hpp"

#include <cstdint>
#include <string>

namespace uniffi {

/// A crate's own functions for buffers.
struct Library {
  RustBuffer (*from_bytes)(ForeignBytes, RustCallStatus *);
  RustBuffer (*alloc)(std::uint64_t, RustCallStatus *);
  RustBuffer (*reserve)(RustBuffer, std::uint64_t, RustCallStatus *);
  void (*free)(RustBuffer, RustCallStatus *);
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
