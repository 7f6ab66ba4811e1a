/// Buffers of Rust's: who owns them, and how values are written into and read from them.
/// Numbers are big-endian.

#pragma once

#include "abi.hpp"
#include "error.hpp"
#include "library.hpp"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace uniffi {

/// A handle inside of a buffer that Rust has not taken yet, and what frees it.
struct Held {
  std::uint64_t handle;
  void (*free)(std::uint64_t) noexcept;
};

/// A buffer of Rust's that is freed, with the handles in it, unless it is released.
class Buffer {
public:
  Buffer(const Library &library, RustBuffer raw, std::vector<Held> held = {}) noexcept : library_(&library), raw_(raw), held_(std::move(held)) {}
  Buffer(Buffer &&other) noexcept : library_(other.library_), raw_(std::exchange(other.raw_, RustBuffer{})), held_(std::exchange(other.held_, {})) {}
  Buffer &operator=(Buffer &&) = delete;

  ~Buffer() {
    for (const auto &[handle, free] : held_) {
      free(handle);
    }
    if (raw_.data != nullptr) {
      RustCallStatus status{};
      library_->free(raw_, &status);
    }
  }

  RustBuffer release() noexcept {
    held_.clear();
    return std::exchange(raw_, RustBuffer{});
  }

  std::span<const std::uint8_t> bytes() const noexcept { return {raw_.data, static_cast<std::size_t>(raw_.len)}; }

private:
  const Library *library_;
  RustBuffer raw_;
  std::vector<Held> held_;
};

/// What a buffer function left in its status.
inline void check_buffer(const RustCallStatus &status) {
  if (status.code != code::succeeded) {
    throw InternalError("the library cannot allocate a buffer");
  }
}

/// The length as the FFI writes it.
inline std::int32_t checked_length(std::size_t length) {
  if (length > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw std::length_error("a length of " + std::to_string(length) + " is more than the FFI allows");
  }
  return static_cast<std::int32_t>(length);
}

/// A buffer with these contents.
inline Buffer copied(const Library &library, const void *data, std::size_t size) {
  RustCallStatus status{};
  const ForeignBytes bytes{checked_length(size), static_cast<const std::uint8_t *>(data)};
  Buffer buffer(library, library.from_bytes(bytes, &status));
  check_buffer(status);
  return buffer;
}

template <std::size_t Size>
using Bits = std::conditional_t<Size == 1, std::uint8_t, std::conditional_t<Size == 2, std::uint16_t, std::conditional_t<Size == 4, std::uint32_t, std::uint64_t>>>;

template <typename T>
concept Arithmetic = std::integral<T> || std::floating_point<T>;

/// Writes values into a buffer that grows.
class Writer {
public:
  explicit Writer(const Library &library) : library_(&library), raw_{} {
    RustCallStatus status{};
    raw_ = library.alloc(initial_size, &status);
    check_buffer(status);
    raw_.len = 0;
  }
  Writer(const Writer &) = delete;
  Writer &operator=(const Writer &) = delete;
  ~Writer() { Buffer(*library_, raw_, std::move(held_)); }

  template <Arithmetic T>
  void number(T value) {
    auto bits = std::bit_cast<Bits<sizeof(T)>>(value);
    std::uint8_t *place = room(sizeof(T));
    for (std::size_t index = sizeof(T); index-- > 0;) {
      place[index] = static_cast<std::uint8_t>(bits & 0xff);
      if constexpr (sizeof(T) > 1) {
        bits = static_cast<decltype(bits)>(bits >> 8);
      }
    }
  }

  void length(std::size_t length) { number(checked_length(length)); }

  void bytes(const void *data, std::size_t size) {
    if (size > 0) {
      std::memcpy(room(size), data, size);
    }
  }

  /// A handle that belongs to the buffer from now on.
  template <typename H>
  void handle(H owner) {
    number(owner.raw());
    held_.push_back({owner.raw(), owner.freeing()});
    owner.release();
  }

  const Library &library() const noexcept { return *library_; }

  Buffer finish() noexcept { return {*library_, std::exchange(raw_, RustBuffer{}), std::exchange(held_, {})}; }

private:
  static constexpr std::uint64_t initial_size = 128;

  std::uint8_t *room(std::size_t size) {
    if (raw_.capacity - raw_.len < size) {
      RustCallStatus status{};
      const RustBuffer full = std::exchange(raw_, RustBuffer{});
      // Twice as much each time, so that many small values are cheap.
      raw_ = library_->reserve(full, std::max<std::uint64_t>(size, full.len), &status);
      check_buffer(status);
    }
    std::uint8_t *place = raw_.data + raw_.len;
    raw_.len += size;
    return place;
  }

  const Library *library_;
  RustBuffer raw_;
  std::vector<Held> held_;
};

/// Reads values, and believes no length before it is checked.
class Reader {
public:
  Reader(const Library &library, std::span<const std::uint8_t> bytes) noexcept : library_(&library), rest_(bytes) {}

  template <Arithmetic T>
  T number() {
    Bits<sizeof(T)> bits = 0;
    for (const std::uint8_t byte : bytes(sizeof(T))) {
      if constexpr (sizeof(T) > 1) {
        bits = static_cast<decltype(bits)>(bits << 8);
      }
      bits = static_cast<decltype(bits)>(bits | byte);
    }
    return std::bit_cast<T>(bits);
  }

  std::size_t length() {
    const auto length = number<std::int32_t>();
    if (length < 0) {
      throw InternalError("the library sent a negative length");
    }
    return static_cast<std::size_t>(length);
  }

  std::span<const std::uint8_t> bytes(std::size_t size) {
    if (size > rest_.size()) {
      throw InternalError("the library sent a value that ends too early");
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  /// How many values there can be at most, for a collection to reserve.
  std::size_t left() const noexcept { return rest_.size(); }

  const Library &library() const noexcept { return *library_; }

  void finish() const {
    if (!rest_.empty()) {
      throw InternalError("the library sent " + std::to_string(rest_.size()) + " bytes too many");
    }
  }

private:
  const Library *library_;
  std::span<const std::uint8_t> rest_;
};

} // namespace uniffi
