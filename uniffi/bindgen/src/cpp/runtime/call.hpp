/// Synchronous calls of Rust's functions.

#pragma once

#include "buffer.hpp"
#include "codec.hpp"
#include "error.hpp"
#include "result.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace uniffi {

/// The error of what declares none.
struct NoError {
  using Value = NoError;
};

/// Throws an error as what it is and, if it has cases, as its case.
template <typename Error>
[[noreturn]] void raise(Error error) {
  if constexpr (requires { error.value(); }) {
    std::visit([&error](const auto &item) { throw Raised<Error, std::decay_t<decltype(item)>>(error, item); }, error.value());
  }
  throw error;
}

/// Throws what the interface does not declare.
[[noreturn]] inline void raise_undeclared(const Library &library, const RustCallStatus &status) {
  if (status.code == code::cancelled) {
    Buffer(library, status.error);
    throw Cancelled();
  }
  if (status.code == code::panicked) {
    const std::string message = String::lift(library, status.error);
    throw InternalError(message.empty() ? "Rust panicked" : message);
  }
  Buffer(library, status.error);
  throw InternalError("the library answered with status " + std::to_string(status.code));
}

/// Throws what a call left in its status.
template <typename Throws>
void check(const Library &library, const RustCallStatus &status) {
  if (status.code == code::succeeded) [[likely]] {
    return;
  }
  if constexpr (!std::is_same_v<Throws, NoError>) {
    if (status.code == code::failed) {
      raise(Throws::lift(library, status.error));
    }
  }
  raise_undeclared(library, status);
}

/// Calls a function with what was lowered for it, and lifts its result.
template <typename Returns, typename Throws, typename Function, typename... Lowered>
typename Returns::Value call(const Library &library, Function *function, Lowered &&...lowered) {
  RustCallStatus status{};
  if constexpr (std::is_void_v<typename Returns::Value>) {
    function(lowered.release()..., &status);
    check<Throws>(library, status);
  } else {
    const auto result = function(lowered.release()..., &status);
    check<Throws>(library, status);
    return Returns::lift(library, result);
  }
}

/// Calls a function, and gives its declared error instead of throwing it.
template <typename Returns, typename Throws, typename Function, typename... Lowered>
Result<typename Returns::Value, typename Throws::Value> try_call(const Library &library, Function *function, Lowered &&...lowered) {
  RustCallStatus status{};
  if constexpr (std::is_void_v<typename Returns::Value>) {
    function(lowered.release()..., &status);
    if (status.code == code::failed) {
      return Failure{Throws::lift(library, status.error)};
    }
    check<NoError>(library, status);
    return std::monostate{};
  } else {
    const auto result = function(lowered.release()..., &status);
    if (status.code == code::failed) {
      return Failure{Throws::lift(library, status.error)};
    }
    check<NoError>(library, status);
    return Returns::lift(library, result);
  }
}

} // namespace uniffi
