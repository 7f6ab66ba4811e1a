/// Traits and callback interfaces that C++ implements: the handles by which Rust holds its
/// objects, and the functions by which Rust calls them, from any thread.

#pragma once

#include "call.hpp"
#include "codec.hpp"
#include "object.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace uniffi {

/// Objects of C++'s, by the handles under which Rust holds them.
template <typename T>
class Handles {
public:
  std::uint64_t insert(std::shared_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t handle = next_;
    next_ += 2;
    objects_.emplace(handle, std::move(object));
    return handle;
  }

  std::shared_ptr<T> get(std::uint64_t handle) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    if (found == objects_.end()) {
      throw InternalError("Rust used handle " + std::to_string(handle) + " after it freed it");
    }
    return found->second;
  }

  std::shared_ptr<T> take(std::uint64_t handle) {
    auto object = get(handle);
    remove(handle);
    return object;
  }

  void remove(std::uint64_t handle) noexcept {
    std::shared_ptr<T> object;
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    if (found != objects_.end()) {
      // Destroyed after the lock is released, because its destructor may do anything.
      object = std::move(found->second);
      objects_.erase(found);
    }
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return objects_.size();
  }

private:
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::shared_ptr<T>> objects_;
  // Odd, so that Rust can tell them from its own.
  std::uint64_t next_ = 1;
};

/// The objects of one type. Never destroyed: Rust's threads may outlive `main`.
template <typename T>
Handles<T> &handles() {
  static auto &all = *new Handles<T>();
  return all;
}

/// A handle that is freed unless it is released.
class ForeignHandle {
public:
  using Free = void (*)(std::uint64_t) noexcept;

  ForeignHandle(std::uint64_t raw, Free free) noexcept : raw_(raw), free_(free) {}
  ForeignHandle(ForeignHandle &&other) noexcept : raw_(other.release()), free_(other.free_) {}
  ForeignHandle &operator=(ForeignHandle &&) = delete;
  ~ForeignHandle() {
    if (raw_ != 0) {
      free_(raw_);
    }
  }

  std::uint64_t raw() const noexcept { return raw_; }
  std::uint64_t release() noexcept { return std::exchange(raw_, 0); }
  Free freeing() const noexcept { return free_; }

private:
  std::uint64_t raw_;
  Free free_;
};

template <typename T>
void free_foreign(std::uint64_t handle) noexcept { handles<T>().remove(handle); }

/// Aborts if there is no memory, since Rust takes no error here.
template <typename T>
std::uint64_t clone_foreign(std::uint64_t handle) noexcept { return handles<T>().insert(handles<T>().get(handle)); }

/// A callback interface: only C++ implements it.
template <typename T>
struct Callback {
  using Value = std::shared_ptr<T>;
  using Ffi = std::uint64_t;
  static ForeignHandle lower(const Library &, const Value &object) {
    if (object == nullptr) {
      throw std::invalid_argument("an object expected, got a null pointer");
    }
    return {handles<T>().insert(object), free_foreign<T>};
  }
  static Value lift(const Library &, std::uint64_t handle) { return handles<T>().take(handle); }
  static void discard(const Library &, std::uint64_t handle) noexcept { free_foreign<T>(handle); }
  static void write(Writer &writer, const Value &object) { writer.handle(lower(writer.library(), object)); }
  static Value read(Reader &reader) { return lift(reader.library(), reader.number<std::uint64_t>()); }
};

/// A trait: Rust implements it, as `Rust`, or C++ does.
template <typename T, typename Rust, const HandleFunctions &Functions>
struct Trait {
  using Value = std::shared_ptr<T>;
  using Ffi = std::uint64_t;
  static ForeignHandle lower(const Library &library, const Value &object) {
    if (const auto *rust = dynamic_cast<const Rust *>(object.get())) {
      return {Access::handle(*rust).lowered().release(), Handle<Functions>::freeing()};
    }
    return Callback<T>::lower(library, object);
  }
  static Value lift(const Library &library, std::uint64_t handle) {
    if (handle % 2 == 1) {
      return Callback<T>::lift(library, handle);
    }
    if (handle == 0) {
      throw InternalError("the library sent no " + std::string(Functions.name));
    }
    return std::make_shared<Rust>(Handle<Functions>(handle));
  }
  static void discard(const Library &, std::uint64_t handle) noexcept { handle % 2 == 1 ? free_foreign<T>(handle) : Handle<Functions>::freeing()(handle); }
  static void write(Writer &writer, const Value &object) { writer.handle(lower(writer.library(), object)); }
  static Value read(Reader &reader) { return lift(reader.library(), reader.number<std::uint64_t>()); }
};

/// An argument that Rust passed, discarded unless it is lifted.
template <typename C>
class Incoming {
public:
  Incoming(const Library &library, typename C::Ffi raw) noexcept : library_(library), raw_(raw) {}
  Incoming(Incoming &&other) noexcept : library_(other.library_), raw_(other.raw_), is_lifted_(std::exchange(other.is_lifted_, true)) {}
  Incoming &operator=(Incoming &&) = delete;
  ~Incoming() {
    if (!is_lifted_) {
      C::discard(library_, raw_);
    }
  }

  typename C::Value lift() {
    is_lifted_ = true;
    return C::lift(library_, raw_);
  }

private:
  const Library &library_;
  const typename C::Ffi raw_;
  bool is_lifted_ = false;
};

/// Tells Rust that a method broke its contract, and why.
inline void set_panicked(const Library &library, RustCallStatus &status, const char *reason) noexcept {
  status.code = code::panicked;
  try {
    status.error = String::lower(library, std::string_view(reason).substr(0, utf8_end(reason))).release();
  } catch (...) {
    status.error = RustBuffer{};
  }
}

/// Runs, and turns what is thrown into a status.
template <typename Throws, typename Run>
void guarded(const Library &library, RustCallStatus &status, Run &&run) noexcept {
  try {
    if constexpr (std::is_same_v<Throws, NoError>) {
      run();
    } else {
      try {
        run();
      } catch (const typename Throws::Value &error) {
        status.error = Throws::lower(library, error).release();
        status.code = code::failed;
      }
    }
  } catch (const std::exception &error) {
    set_panicked(library, status, error.what());
  } catch (...) {
    set_panicked(library, status, "what was thrown is no std::exception");
  }
}

template <typename T>
struct IsResult : std::false_type {};
template <typename T, typename E>
struct IsResult<Result<T, E>> : std::true_type {};

/// What a method gave, with its error thrown if it gave one.
template <typename T>
decltype(auto) unwrapped(T &&given) {
  if constexpr (IsResult<std::decay_t<T>>::value) {
    return std::forward<T>(given).value();
  } else {
    return std::forward<T>(given);
  }
}

/// The function by which Rust calls a method of C++'s.
template <const Library &(*Open)(), auto Method, typename Returns, typename Throws, typename... Args>
struct Slot;

template <const Library &(*Open)(), typename T, typename Given, typename... Params, Given (T::*Method)(Params...), typename Returns, typename Throws, typename... Args>
struct Slot<Open, Method, Returns, Throws, Args...> {
  static void call(std::uint64_t handle, typename Args::Ffi... args, [[maybe_unused]] typename Returns::Ffi *out, RustCallStatus *status) {
    const Library &library = Open();
    std::tuple<Incoming<Args>...> incoming(Incoming<Args>(library, args)...);
    guarded<Throws>(library, *status, [&] {
      const auto object = handles<T>().get(handle);
      std::apply(
          [&](auto &...item) {
            if constexpr (std::is_void_v<Given>) {
              (object.get()->*Method)(item.lift()...);
            } else if constexpr (std::is_void_v<typename Returns::Value>) {
              unwrapped((object.get()->*Method)(item.lift()...));
            } else {
              *out = Returns::lower(library, unwrapped((object.get()->*Method)(item.lift()...))).release();
            }
          },
          incoming);
    });
  }
};

} // namespace uniffi
