/// Errors as values, for code that would rather not catch them.

#pragma once

#include "error.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace commy {

/// A value, or the error that came instead of it.
template <typename T>
using Result = uniffi::Result<T, Error>;

namespace detail {

template <typename T, typename Run>
Result<T> attempted(Run &&run) {
  try {
    if constexpr (std::is_void_v<T>) {
      run();
      return std::monostate{};
    } else {
      return run();
    }
  } catch (const Error &error) {
    return uniffi::Failure<Error>{error};
  }
}

} // namespace detail

/// What a function gives, or the error that it throws.
///
/// ```cpp
/// if (const auto found = commy::attempt([&] { return mesh.discover(); })) { use(*found); }
/// ```
template <typename Run, typename T = std::invoke_result_t<Run>>
Result<T> attempt(Run &&run) {
  return detail::attempted<T>(std::forward<Run>(run));
}

/// The future of a value or an error.
///
/// ```cpp
/// const auto reply = co_await commy::attempt(mesh.call("orders", "create", order));
/// if (!reply && reply.error().status() == commy::Status::unavailable) { retry(); }
/// ```
template <typename T>
Future<Result<T>> attempt(Future<T> future) {
  return std::move(future).transform([](uniffi::Outcome<T> &outcome) { return detail::attempted<T>([&] { return outcome.take(); }); });
}

} // namespace commy
