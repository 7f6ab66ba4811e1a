/// Codecs: how one type crosses the FFI. Each has `Value`, the type of C++; `Ffi`, the type of
/// C; `lower` and `lift` between them, `write` and `read` inside a buffer, and `discard` for what
/// Rust passed and nobody lifted. What `lower` gives owns until it is released.

#pragma once

#include "buffer.hpp"
#include "utf8.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uniffi {

/// What needs no owner.
template <typename T>
struct Plain {
  T value;
  T release() const noexcept { return value; }
};

/// The result of what gives none.
struct Nothing {
  using Value = void;
  using Ffi = void;
};

/// A number, as it is.
template <typename T>
struct Number {
  using Value = T;
  using Ffi = T;
  static Plain<T> lower(const Library &, T value) noexcept { return {value}; }
  static T lift(const Library &, T value) noexcept { return value; }
  static void discard(const Library &, T) noexcept {}
  static void write(Writer &writer, T value) { writer.number(value); }
  static T read(Reader &reader) { return reader.number<T>(); }
};

using UInt8 = Number<std::uint8_t>;
using Int8 = Number<std::int8_t>;
using UInt16 = Number<std::uint16_t>;
using Int16 = Number<std::int16_t>;
using UInt32 = Number<std::uint32_t>;
using Int32 = Number<std::int32_t>;
using UInt64 = Number<std::uint64_t>;
using Int64 = Number<std::int64_t>;
using Float32 = Number<float>;
using Float64 = Number<double>;

/// A boolean crosses as a byte.
struct Boolean {
  using Value = bool;
  using Ffi = std::int8_t;
  static Plain<std::int8_t> lower(const Library &, bool value) noexcept { return {static_cast<std::int8_t>(value)}; }
  static bool lift(const Library &, std::int8_t value) {
    if (value != 0 && value != 1) {
      throw InternalError("the library sent " + std::to_string(value) + " as a boolean");
    }
    return value == 1;
  }
  static void discard(const Library &, std::int8_t) noexcept {}
  static void write(Writer &writer, bool value) { writer.number(static_cast<std::int8_t>(value)); }
  static bool read(Reader &reader) { return lift(reader.library(), reader.number<std::int8_t>()); }
};

/// UTF-8: at the top level without a length.
struct String {
  using Value = std::string;
  using Ffi = RustBuffer;
  static Buffer lower(const Library &library, std::string_view text) {
    checked_utf8(text);
    return copied(library, text.data(), text.size());
  }
  static std::string lift(const Library &library, RustBuffer raw) {
    const Buffer buffer(library, raw);
    return text(buffer.bytes());
  }
  static void discard(const Library &library, RustBuffer raw) noexcept { Buffer(library, raw); }
  static void write(Writer &writer, std::string_view text) {
    checked_utf8(text);
    writer.length(text.size());
    writer.bytes(text.data(), text.size());
  }
  static std::string read(Reader &reader) { return text(reader.bytes(reader.length())); }

private:
  static std::string text(std::span<const std::uint8_t> bytes) { return {reinterpret_cast<const char *>(bytes.data()), bytes.size()}; }
};

/// What crosses inside a buffer, given how `Self` writes and reads it.
template <typename Self, typename T>
struct InBuffer {
  using Value = T;
  using Ffi = RustBuffer;
  static Buffer lower(const Library &library, const T &value) {
    Writer writer(library);
    Self::write(writer, value);
    return writer.finish();
  }
  static T lift(const Library &library, RustBuffer raw) {
    const Buffer buffer(library, raw);
    Reader reader(library, buffer.bytes());
    T value = Self::read(reader);
    reader.finish();
    return value;
  }
  static void discard(const Library &library, RustBuffer raw) noexcept { Buffer(library, raw); }
};

/// Bytes that Rust gets a copy of.
struct Bytes : InBuffer<Bytes, std::vector<std::uint8_t>> {
  static Buffer lower(const Library &library, std::span<const std::uint8_t> bytes) {
    Writer writer(library);
    write(writer, bytes);
    return writer.finish();
  }
  static void write(Writer &writer, std::span<const std::uint8_t> bytes) {
    writer.length(bytes.size());
    writer.bytes(bytes.data(), bytes.size());
  }
  static std::vector<std::uint8_t> read(Reader &reader) {
    const auto bytes = reader.bytes(reader.length());
    return {bytes.begin(), bytes.end()};
  }
};

/// Bytes that Rust reads where they are, while the call runs.
struct BorrowedBytes {
  static Plain<ForeignBytes> lower(const Library &, std::span<const std::uint8_t> bytes) { return {{checked_length(bytes.size()), bytes.data()}}; }
};

} // namespace uniffi
