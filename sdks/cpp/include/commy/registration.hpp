/// What is registered or advertised here.

#pragma once

#include "options.hpp"

#include <memory>
#include <stop_token>
#include <utility>

namespace commy {

/// An instance that a mesh registered or advertised. It lasts until it is deregistered or its
/// mesh is stopped, whether or not this object is kept. Copies are of the same instance.
class Registration {
public:
  /// The instance as it is now, or as it last was.
  ServiceInstance instance() const {
    return detail::lifting([&] { return inner_.instance(); });
  }

  /// Reports the health of a hosted instance, or of an advertised one that has no check:
  /// `Healthy` or `Unhealthy`.
  Future<void> set_health(Health health) const {
    return at(detail::lifted(detail::lifting([&] { return inner_.set_health(health); })));
  }

  /// Takes no new calls and waits until those in flight are finished, at most so long. Gives
  /// whether all were; the instance stays registered as `Draining`.
  Future<bool> drain(milliseconds timeout, const std::stop_token &stop = {}) const {
    return at(detail::lifted(detail::lifting([&] { return inner_.drain(detail::counted("the timeout", timeout), stop); }), [](bool done) { return done; }));
  }

  /// Drains for at most the mesh's `drain_timeout`, then withdraws the instance. Doing it twice
  /// does nothing.
  Future<void> deregister() const {
    return at(detail::lifted(detail::lifting([&] { return inner_.deregister(); })));
  }

private:
  friend class Mesh;

  Registration(raw::Registration inner, std::shared_ptr<Executor> executor) : inner_(std::move(inner)), executor_(std::move(executor)) {}

  template <typename T>
  Future<T> at(Future<T> future) const { return executor_ == nullptr ? std::move(future) : std::move(future).via(executor_); }

  raw::Registration inner_;
  std::shared_ptr<Executor> executor_;
};

} // namespace commy
