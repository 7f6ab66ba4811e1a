/// What a handler knows of its request beside the payload.

#pragma once

#include "options.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

namespace commy {

/// What a handler knows of its request beside the payload. It lives until the handler's future is
/// done, so a coroutine may take it by reference.
struct Context {
  /// The service that was called.
  std::string service;
  /// The method that is asked for.
  std::string method;
  /// The request's headers.
  Headers headers;
  /// What the payload is, as a media type.
  std::string content_type;
  /// The id of the node that calls.
  std::string caller;
  /// Which attempt of the call this is, from 1.
  std::uint32_t attempt = 1;
  /// When the caller stops waiting.
  std::chrono::steady_clock::time_point deadline;
  /// Stops when nobody waits for the answer any more: the caller gave up, or its deadline passed.
  std::stop_token stop;

  /// How long the caller still waits; never less than zero. Calls that a handler makes on the
  /// caller's behalf take at most this.
  milliseconds time_left() const {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    return std::max(left, milliseconds::zero());
  }
};

/// Is ready when the token is stopped, and blocks no thread: what a coroutine that works for a
/// caller awaits to learn that the caller wants no more.
inline Future<void> stopped(std::stop_token stop) {
  const auto promise = std::make_shared<Promise<void>>();
  auto future = promise->future();
  const std::stop_callback on_stop(std::move(stop), [promise] { promise->set_value(); });
  co_await future;
}

} // namespace commy
