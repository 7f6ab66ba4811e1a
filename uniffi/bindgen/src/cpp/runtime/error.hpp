/// What bindings throw.

#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace uniffi {

/// Rust panicked, or broke its contract: a bug in the library, not in its use.
class InternalError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The library on this machine is not the one that the bindings were generated from.
class IncompatibleLibrary : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The call was cancelled before there was a result.
class Cancelled : public std::runtime_error {
public:
  Cancelled() : std::runtime_error("the call was cancelled") {}
};

/// The base of all errors that an interface declares.
class DeclaredError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What is thrown for one case of an error: it can be caught as the error and as the case.
template <typename Error, typename Case>
struct Raised final : Error, Case {
  Raised(Error error, Case what) : Error(std::move(error)), Case(std::move(what)) {}
};

} // namespace uniffi
