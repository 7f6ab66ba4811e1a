/// Async methods that C++ implements for Rust: their outcome is told exactly once, and they
/// learn by a stop token when Rust waits no more.

#pragma once

#include "foreign.hpp"
#include "future.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace uniffi {

/// A call that Rust awaits. `Answer` is the C struct of its result.
template <typename Answer>
class ForeignCall {
public:
  using Complete = void (*)(std::uint64_t, Answer);

  ForeignCall(Complete complete, std::uint64_t data) noexcept : complete_(complete), data_(data) {}

  std::stop_token token() const noexcept { return stop_.get_token(); }

  /// Whether Rust is to be told; true once.
  bool claim() noexcept { return !is_told_.exchange(true); }

  void tell(Answer answer) const { complete_(data_, answer); }

  /// Called by Rust, exactly once, when it drops its future.
  static void dropped(std::uint64_t data) {
    const std::unique_ptr<std::shared_ptr<ForeignCall>> held(reinterpret_cast<std::shared_ptr<ForeignCall> *>(static_cast<std::uintptr_t>(data)));
    ForeignCall &call = **held;
    if (call.claim()) {
      // Nobody listens, but the channel is freed by telling.
      Answer answer{};
      answer.call_status.code = code::cancelled;
      call.tell(answer);
      call.stop_.request_stop();
    }
  }

private:
  const Complete complete_;
  const std::uint64_t data_;
  std::atomic<bool> is_told_ = false;
  std::stop_source stop_;
};

/// Lowers an outcome, and tells Rust.
template <typename Returns, typename Throws, typename Answer, typename T>
void tell(const Library &library, ForeignCall<Answer> &call, Outcome<T> &outcome) noexcept {
  Answer answer{};
  guarded<Throws>(library, answer.call_status, [&] {
    if constexpr (std::is_void_v<T>) {
      outcome.take();
      if (call.claim()) {
        call.tell(answer);
      }
    } else if constexpr (std::is_void_v<typename Returns::Value>) {
      unwrapped(outcome.take());
      if (call.claim()) {
        call.tell(answer);
      }
    } else {
      auto lowered = Returns::lower(library, unwrapped(outcome.take()));
      if (call.claim()) {
        answer.return_value = lowered.release();
        call.tell(answer);
      }
    }
  });
  if (answer.call_status.code == code::succeeded) {
    return;
  }
  if (call.claim()) {
    call.tell(answer);
  } else {
    Buffer(library, answer.call_status.error);
  }
}

/// The function by which Rust calls an async method of C++'s.
template <const Library &(*Open)(), auto Method, typename Returns, typename Throws, typename Answer, typename Dropped, typename... Args>
struct AsyncSlot;

template <const Library &(*Open)(), typename T, typename Given, typename... Params, Future<Given> (T::*Method)(Params...), typename Returns, typename Throws, typename Answer, typename Dropped, typename... Args>
struct AsyncSlot<Open, Method, Returns, Throws, Answer, Dropped, Args...> {
  static void call(std::uint64_t handle, typename Args::Ffi... args, void (*complete)(std::uint64_t, Answer), std::uint64_t data, Dropped *dropped) {
    const Library &library = Open();
    auto call = std::make_shared<ForeignCall<Answer>>(complete, data);
    auto *held = new std::shared_ptr<ForeignCall<Answer>>(call);
    dropped->handle = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(held));
    dropped->free = &ForeignCall<Answer>::dropped;
    std::tuple<Incoming<Args>...> incoming(Incoming<Args>(library, args)...);
    // Kept until the outcome is told, because a coroutine goes on with a bare `this`.
    std::shared_ptr<T> object;
    invoke(object, handle, call->token(), incoming).then([&library, call, object](Outcome<Given> &outcome) { tell<Returns, Throws>(library, *call, outcome); });
  }

private:
  /// Calls the method; what it throws at once is the outcome too.
  static Future<Given> invoke(std::shared_ptr<T> &object, std::uint64_t handle, std::stop_token stop, std::tuple<Incoming<Args>...> &incoming) {
    try {
      object = handles<T>().get(handle);
      return std::apply([&](auto &...item) { return (object.get()->*Method)(item.lift()..., std::move(stop)); }, incoming);
    } catch (...) {
      return failed<Given>(std::current_exception());
    }
  }
};

} // namespace uniffi
