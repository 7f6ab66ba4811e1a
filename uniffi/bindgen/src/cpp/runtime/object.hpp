/// Objects of Rust's: a handle is a reference, cloned by copying and freed by its destructor.

#pragma once

#include "codec.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace uniffi {

/// What clones and frees the handles of one type.
struct HandleFunctions {
  const char *name;
  std::uint64_t (*clone)(std::uint64_t, RustCallStatus *);
  void (*free)(std::uint64_t, RustCallStatus *);
};

/// A reference to an object of Rust's; none after it was moved from.
template <const HandleFunctions &Functions>
class Handle {
public:
  explicit Handle(std::uint64_t raw) noexcept : raw_(raw) {}
  Handle(const Handle &other) noexcept : raw_(other.cloned()) {}
  Handle(Handle &&other) noexcept : raw_(other.release()) {}
  Handle &operator=(Handle other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Handle() {
    if (raw_ != 0) {
      RustCallStatus status{};
      Functions.free(raw_, &status);
    }
  }

  std::uint64_t raw() const noexcept { return raw_; }
  std::uint64_t release() noexcept { return std::exchange(raw_, 0); }

  /// What frees one that was released.
  static auto freeing() noexcept {
    return +[](std::uint64_t raw) noexcept { Handle{raw}; };
  }

  /// A reference of Rust's own.
  Handle lowered() const {
    if (raw_ == 0) {
      throw std::logic_error("this " + std::string(Functions.name) + " was moved from");
    }
    return *this;
  }

private:
  std::uint64_t cloned() const noexcept {
    if (raw_ == 0) {
      return 0;
    }
    RustCallStatus status{};
    return Functions.clone(raw_, &status);
  }

  std::uint64_t raw_;
};

/// Reaches what is private in generated classes.
struct Access {
  template <typename T>
  static const auto &handle(const T &object) noexcept { return object.handle_; }
  template <typename T, typename H>
  static T make(H handle) { return T(std::move(handle)); }
};

/// What a constructor gets: the bare handle.
template <const HandleFunctions &Functions>
struct Constructed {
  using Value = Handle<Functions>;
  using Ffi = std::uint64_t;
  static Value lift(const Library &, std::uint64_t raw) { return Value(raw); }
};

/// An object of Rust's.
template <typename T, const HandleFunctions &Functions>
struct Object {
  using Value = T;
  using Ffi = std::uint64_t;
  static Handle<Functions> lower(const Library &, const T &object) { return Access::handle(object).lowered(); }
  static T lift(const Library &, std::uint64_t raw) {
    if (raw == 0) {
      throw InternalError("the library sent no " + std::string(Functions.name));
    }
    return Access::make<T>(Handle<Functions>(raw));
  }
  static void discard(const Library &, std::uint64_t raw) noexcept { Handle<Functions>{raw}; }
  static void write(Writer &writer, const T &object) { writer.handle(lower(writer.library(), object)); }
  static T read(Reader &reader) { return lift(reader.library(), reader.number<std::uint64_t>()); }
};

/// An object that is thrown: it crosses inside a buffer.
template <typename C>
struct ObjectError : InBuffer<ObjectError<C>, typename C::Value> {
  static void write(Writer &writer, const typename C::Value &error) { C::write(writer, error); }
  static typename C::Value read(Reader &reader) {
    auto error = C::read(reader);
    if constexpr (requires { error.to_string(); }) {
      static_cast<std::runtime_error &>(error) = std::runtime_error(error.to_string());
    }
    return error;
  }
};

} // namespace uniffi
