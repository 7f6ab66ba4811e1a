/// Futures of Rust's: polled until ready, completed, and freed exactly once.
///
/// A future is never polled on the thread that wakes it, which may hold locks that the poll
/// needs: whoever blocks in `wait` polls, or else a job of the executor.

#pragma once

#include "call.hpp"
#include "future.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace uniffi {

/// The functions that drive the futures of one C type.
template <typename Ffi>
struct FutureFunctions {
  void (*poll)(std::uint64_t, void (*)(std::uint64_t, std::int8_t), std::uint64_t);
  void (*cancel)(std::uint64_t);
  Ffi (*complete)(std::uint64_t, RustCallStatus *);
  void (*free)(std::uint64_t);
};

/// A future of Rust's, whatever its result. Its handle is freed by the destructor, which runs
/// once no poll, no wake and no cancellation can use it any more: each holds a reference.
class Driven : public FutureState {
public:
  using Poll = void (*)(std::uint64_t, void (*)(std::uint64_t, std::int8_t), std::uint64_t);
  using Act = void (*)(std::uint64_t);

  ~Driven() override { free_(handle_); }

  /// Polls for the first time.
  void start(const std::stop_token &stop) {
    if (stop.stop_possible()) {
      on_stop_.emplace(stop, Cancel{std::static_pointer_cast<Driven>(shared_from_this())});
    }
    advance(first_turns);
  }

  void wait() override {
    std::unique_lock lock(mutex_);
    waiting_++;
    while (!is_ready_) {
      if (phase_ == Phase::woken || phase_ == Phase::ready) {
        lock.unlock();
        advance(turns_without_end);
        lock.lock();
      } else {
        changed_.wait(lock);
      }
    }
    waiting_--;
  }

  void go_on_at(std::shared_ptr<Executor> executor) override {
    const std::lock_guard lock(mutex_);
    executor_ = std::move(executor);
  }

  void abandon() noexcept override {
    if (forget()) {
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      is_cancelling_ = true;
    }
    cancel_(handle_);
    const std::lock_guard lock(mutex_);
    is_cancelling_ = false;
    is_abandoned_ = true;
    // A wake that is still on its way needs it.
    if (phase_ != Phase::waits && phase_ != Phase::polled) {
      self_ = nullptr;
    }
  }

protected:
  Driven(Poll poll, Act cancel, Act free, std::uint64_t handle) noexcept : poll_(poll), cancel_(cancel), free_(free), handle_(handle) {}

  /// Takes the result.
  virtual void complete() noexcept = 0;

  std::uint64_t handle() const noexcept { return handle_; }

  /// Before it is freed: whether it ends with nobody having asked for its result.
  bool ends_unasked() noexcept {
    // Waits for a cancellation that runs on another thread.
    on_stop_.reset();
    return phase_ != Phase::done;
  }

private:
  enum class Phase {
    woken,  // somebody should poll
    polled, // somebody polls
    waits,  // Rust will wake it
    ready,  // somebody should complete it
    done,
  };

  struct Cancel {
    std::weak_ptr<Driven> call;
    void operator()() const {
      if (const auto self = call.lock()) {
        self->cancel_(self->handle_);
      }
    }
  };

  // A future that wakes itself again and again must not keep its caller for ever.
  static constexpr int first_turns = 64;
  static constexpr int turns_without_end = -1;

  /// Polls until the future waits or is done, or for so many turns; nothing if it is somebody
  /// else's turn. The caller holds a reference.
  void advance(int turns) {
    std::unique_lock lock(mutex_);
    for (; turns != 0; turns--) {
      if (phase_ == Phase::ready) {
        phase_ = Phase::done;
        self_ = nullptr;
        lock.unlock();
        settle();
        return;
      }
      if (phase_ != Phase::woken) {
        return;
      }
      phase_ = Phase::polled;
      self_ = shared_from_this();
      lock.unlock();
      poll_(handle_, &Driven::wake, static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this)));
      lock.lock();
      if (phase_ == Phase::polled) {
        phase_ = Phase::waits;
        return;
      }
      // Woken while it was polled.
      self_ = nullptr;
      if (is_abandoned_ || is_cancelling_) {
        return;
      }
    }
    post(lock);
  }

  /// What Rust calls exactly once a poll, on any thread, also inside of `poll` and `cancel`. It
  /// lets go of no reference, because the future must not be freed here.
  static void wake(std::uint64_t data, std::int8_t state) {
    auto *call = reinterpret_cast<Driven *>(static_cast<std::uintptr_t>(data));
    std::unique_lock lock(call->mutex_);
    const bool is_polled = call->phase_ == Phase::polled;
    call->phase_ = state == 0 ? Phase::ready : Phase::woken;
    // Whoever polls or cancels goes on.
    if (is_polled || call->is_cancelling_) {
      return;
    }
    if (call->waiting_ > 0) {
      call->changed_.notify_all();
    } else {
      call->post(lock);
    }
  }

  /// Goes on, or ends, on the executor: never on this thread, which may be Rust's.
  void post(std::unique_lock<std::mutex> &lock) {
    auto self = std::static_pointer_cast<Driven>(shared_from_this());
    const auto executor = executor_ != nullptr ? executor_ : default_executor();
    lock.unlock();
    executor->post([self = std::move(self)] { self->go_on(); });
  }

  void go_on() {
    {
      const std::lock_guard lock(mutex_);
      if (is_abandoned_) {
        self_ = nullptr;
        return;
      }
    }
    advance(first_turns);
  }

  void settle() {
    on_stop_.reset();
    complete();
    finish();
  }

  const Poll poll_;
  const Act cancel_;
  const Act free_;
  const std::uint64_t handle_;
  Phase phase_ = Phase::woken;
  int waiting_ = 0;
  bool is_cancelling_ = false;
  bool is_abandoned_ = false;
  std::shared_ptr<Executor> executor_;
  // Set while Rust holds a pointer to this.
  std::shared_ptr<FutureState> self_;
  std::optional<std::stop_callback<Cancel>> on_stop_;
};

/// A future of Rust's that gives a `T`.
template <typename T, typename Ffi>
class RustFuture final : public Driven {
public:
  using Lift = T (*)(const Library &, const FutureFunctions<Ffi> &, std::uint64_t);

  RustFuture(const Library &library, const FutureFunctions<Ffi> &functions, std::uint64_t handle, Lift lift) noexcept : Driven(functions.poll, functions.cancel, functions.free, handle), library_(library), functions_(functions), lift_(lift) {}

  // A result that was there when the future was let go of is taken all the same: Rust has given it
  // away already, and would not free it.
  ~RustFuture() override {
    if (ends_unasked()) {
      complete();
    }
  }

  Outcome<T> outcome;

private:
  void complete() noexcept override {
    try {
      if constexpr (std::is_void_v<T>) {
        lift_(library_, functions_, handle());
        outcome.set_value();
      } else {
        outcome.set_value(lift_(library_, functions_, handle()));
      }
    } catch (...) {
      outcome.set_exception(std::current_exception());
    }
  }

  const Library &library_;
  const FutureFunctions<Ffi> &functions_;
  const Lift lift_;
};

template <typename T, typename Ffi>
Future<T> drive(const Library &library, const FutureFunctions<Ffi> &functions, const std::stop_token &stop, std::uint64_t handle, typename RustFuture<T, Ffi>::Lift lift) {
  auto call = std::make_shared<RustFuture<T, Ffi>>(library, functions, handle, lift);
  Future<T> future(call, &call->outcome);
  call->start(stop);
  return future;
}

/// Starts an async function with what was lowered for it. Stopping cancels it.
template <typename Returns, typename Throws, typename Function, typename... Lowered>
Future<typename Returns::Value> start(const Library &library, const FutureFunctions<typename Returns::Ffi> &functions, const std::stop_token &stop, Function *function, Lowered &&...lowered) {
  using T = typename Returns::Value;
  using Ffi = typename Returns::Ffi;
  if (stop.stop_requested()) {
    return failed<T>(std::make_exception_ptr(Cancelled()));
  }
  return drive<T, Ffi>(library, functions, stop, function(lowered.release()...), [](const Library &library, const FutureFunctions<Ffi> &functions, std::uint64_t handle) -> T {
    return call<Returns, Throws>(library, functions.complete, Plain<std::uint64_t>{handle});
  });
}

/// Starts an async function, and gives its declared error instead of throwing it.
template <typename Returns, typename Throws, typename Function, typename... Lowered>
Future<Result<typename Returns::Value, typename Throws::Value>> try_start(const Library &library, const FutureFunctions<typename Returns::Ffi> &functions, const std::stop_token &stop, Function *function, Lowered &&...lowered) {
  using T = Result<typename Returns::Value, typename Throws::Value>;
  using Ffi = typename Returns::Ffi;
  if (stop.stop_requested()) {
    return failed<T>(std::make_exception_ptr(Cancelled()));
  }
  return drive<T, Ffi>(library, functions, stop, function(lowered.release()...), [](const Library &library, const FutureFunctions<Ffi> &functions, std::uint64_t handle) -> T {
    return try_call<Returns, Throws>(library, functions.complete, Plain<std::uint64_t>{handle});
  });
}

} // namespace uniffi
