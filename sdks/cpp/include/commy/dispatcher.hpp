/// From the library's threads to handlers and back: one answer for every request.

#pragma once

#include "service.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

namespace commy::detail {

/// Answers the requests of one registration. The library calls it on a thread of its own, which
/// must not wait, and lets go of it when the registration is gone.
class Dispatcher final : public raw::Handler, public std::enable_shared_from_this<Dispatcher> {
public:
  using Find = std::function<Answer(const std::string &)>;

  Dispatcher(Find find, std::shared_ptr<Executor> executor) : find_(std::move(find)), executor_(std::move(executor)) {}

  void start(raw::Invocation invocation, raw::IncomingRequest request) override {
    auto answer = find_(request.method);
    if (!answer) {
      invocation.fail(failure(raw::FailureKind::UnknownMethod, request.service + " has no method \"" + request.method + "\""));
      return;
    }
    const std::uint64_t number = request.invocation_id;
    std::stop_source stop;
    {
      const std::lock_guard lock(mutex_);
      stops_.emplace(number, stop);
    }
    auto incoming = std::make_shared<const Incoming>(lift(std::move(request), stop.get_token()));
    executor_->post([self = shared_from_this(), number, answer = std::move(answer), invocation = std::move(invocation), incoming = std::move(incoming)] {
      // A request that nobody waits for any more is not begun.
      if (incoming->context.stop.stop_requested()) {
        self->forget(number);
        return;
      }
      self->run(number, answer, invocation, incoming);
    });
  }

  void cancel(std::uint64_t number) override {
    std::stop_source stop(std::nostopstate);
    {
      const std::lock_guard lock(mutex_);
      const auto found = stops_.find(number);
      if (found == stops_.end()) {
        return;
      }
      stop = found->second;
    }
    stop.request_stop();
  }

private:
  static Incoming lift(raw::IncomingRequest request, std::stop_token stop) {
    Context context{
        .service = std::move(request.service),
        .method = std::move(request.method),
        .headers = request.message.headers,
        .content_type = request.message.content_type,
        .caller = std::move(request.caller),
        .attempt = request.attempt,
        .deadline = std::chrono::steady_clock::now() + milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(request.time_left_ms, time_left_max_ms))),
        .stop = std::move(stop),
    };
    return {detail::lift(std::move(request.message)), std::move(context)};
  }

  void run(std::uint64_t number, const Answer &answer, const raw::Invocation &invocation, const std::shared_ptr<const Incoming> &incoming) {
    begun(answer, incoming).then([self = shared_from_this(), number, invocation, incoming](uniffi::Outcome<Message> &outcome) {
      self->forget(number);
      try {
        tell(invocation, outcome);
      } catch (const uniffi::InternalError &) {
        // The library broke; the caller is told when it lets go of the invocation.
      }
    });
  }

  /// The handler's future, also if it throws at once.
  static Future<Message> begun(const Answer &answer, const std::shared_ptr<const Incoming> &incoming) {
    try {
      return answer(incoming);
    } catch (...) {
      return uniffi::failed<Message>(std::current_exception());
    }
  }

  static void tell(const raw::Invocation &invocation, uniffi::Outcome<Message> &outcome) {
    Message reply;
    try {
      reply = outcome.take();
    } catch (...) {
      invocation.fail(current_failure());
      return;
    }
    try {
      invocation.complete(lower(std::move(reply)));
    } catch (const Error &error) {
      invocation.fail(failure(raw::FailureKind::Internal, "the reply cannot be sent: " + error.reason()));
    } catch (const std::logic_error &error) {
      invocation.fail(failure(raw::FailureKind::Internal, std::string("the reply cannot be sent: ") + error.what()));
    }
  }

  void forget(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    stops_.erase(number);
  }

  // A day: no clock overflows, and no call waits longer.
  static constexpr std::uint64_t time_left_max_ms = 86'400'000;

  const Find find_;
  const std::shared_ptr<Executor> executor_;
  std::mutex mutex_;
  // Of the requests that are not answered yet, by their numbers.
  std::unordered_map<std::uint64_t, std::stop_source> stops_;
};

} // namespace commy::detail
