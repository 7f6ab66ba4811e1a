/// Futures: what async calls give, what coroutines return, and what blocking callers wait for.

#pragma once

#include "error.hpp"
#include "executor.hpp"

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <variant>

namespace uniffi {

/// What a future came to: nothing yet, a value, or an exception.
template <typename T>
class Outcome {
public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  template <typename... Args>
  void set_value(Args &&...args) { state_.template emplace<1>(std::forward<Args>(args)...); }
  void set_exception(std::exception_ptr exception) noexcept { state_.template emplace<2>(std::move(exception)); }
  bool is_set() const noexcept { return state_.index() != 0; }

  /// The value, or throws the exception.
  T take() {
    if (state_.index() == 2) {
      std::rethrow_exception(std::get<2>(std::move(state_)));
    }
    if constexpr (!std::is_void_v<T>) {
      return std::get<1>(std::move(state_));
    }
  }

private:
  std::variant<std::monostate, Value, std::exception_ptr> state_;
};

/// What is behind a future. Whoever sets the outcome calls `finish` once.
class FutureState : public std::enable_shared_from_this<FutureState> {
public:
  virtual ~FutureState() = default;

  bool is_ready() const {
    const std::lock_guard lock(mutex_);
    return is_ready_;
  }

  /// Blocks until it is ready.
  virtual void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_ready_; });
  }

  template <typename Rep, typename Period>
  bool wait_for(std::chrono::duration<Rep, Period> limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return is_ready_; });
  }

  /// Nobody wants the outcome any more.
  virtual void abandon() noexcept { forget(); }

  /// Names where the work goes on, if this thread does not do it.
  virtual void go_on_at(std::shared_ptr<Executor>) {}

  /// Keeps what to do when it is ready; false if it is ready already.
  bool keep(std::function<void()> next) {
    const std::lock_guard lock(mutex_);
    if (is_ready_) {
      return false;
    }
    next_ = std::move(next);
    return true;
  }

protected:
  /// Lets go of what was to be done when it is ready; true if it is ready.
  bool forget() noexcept {
    // Destroyed without the lock: it may be all that holds another future.
    std::function<void()> next;
    const std::lock_guard lock(mutex_);
    next.swap(next_);
    return is_ready_;
  }

  void finish() {
    std::function<void()> next;
    {
      const std::lock_guard lock(mutex_);
      is_ready_ = true;
      next.swap(next_);
      changed_.notify_all();
    }
    if (next) {
      next();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> next_;
  bool is_ready_ = false;
};

template <typename T>
class CoroutinePromise;

template <typename T, typename U, typename Change>
class ChangedState;

/// A value that comes later. It is taken once: by `get`, which blocks, by `co_await`, by
/// `then`, or by a `std::future` that it becomes. Dropping a future of Rust's cancels it; a
/// coroutine runs to its end, whoever drops its future.
template <typename T>
class [[nodiscard]] Future {
public:
  using promise_type = CoroutinePromise<T>;

  Future(std::shared_ptr<FutureState> state, Outcome<T> *outcome) noexcept : state_(std::move(state)), outcome_(outcome) {}
  Future(Future &&other) noexcept = default;
  Future &operator=(Future &&other) noexcept {
    if (this != &other) {
      drop();
      state_ = std::move(other.state_);
      outcome_ = other.outcome_;
    }
    return *this;
  }
  ~Future() { drop(); }

  /// Whether there is a value to take, now or later.
  bool valid() const noexcept { return state_ != nullptr; }

  /// Whether `get` would not block.
  bool is_ready() const { return checked().is_ready(); }

  /// Waits at most so long; whether it is ready.
  template <typename Rep, typename Period>
  bool wait_for(std::chrono::duration<Rep, Period> limit) const { return checked().wait_for(limit); }

  /// Blocks until it is ready.
  void wait() const { checked().wait(); }

  /// Blocks until it is ready, and takes the value or throws.
  T get() {
    checked().wait();
    const auto state = std::move(state_);
    return outcome_->take();
  }

  /// Calls this with the outcome, at once or from the thread that has it.
  template <typename Next>
  void then(Next next) && {
    checked();
    auto state = std::move(state_);
    Outcome<T> *outcome = outcome_;
    auto run = [state, outcome, next = std::make_shared<Next>(std::move(next))] { (*next)(*outcome); };
    if (!state->keep(run)) {
      run();
    }
  }

  /// The future of what this gives of the outcome, or throws. Dropping it drops this one.
  template <typename Change, typename U = std::invoke_result_t<Change, Outcome<T> &>>
  Future<U> transform(Change change) && {
    checked();
    auto state = std::make_shared<ChangedState<T, U, Change>>(std::move(state_), outcome_, std::move(change));
    Future<U> future(state, &state->outcome);
    state->start();
    return future;
  }

  /// Names the executor on which the awaiting coroutine goes on, if it has to wait.
  Future via(std::shared_ptr<Executor> executor) && {
    checked().go_on_at(std::move(executor));
    return std::move(*this);
  }

  /// The same as a `std::future`, which cannot cancel.
  std::future<T> to_std() && {
    std::promise<T> promise;
    auto future = promise.get_future();
    std::move(*this).then([promise = std::make_shared<std::promise<T>>(std::move(promise))](Outcome<T> &outcome) {
      try {
        if constexpr (std::is_void_v<T>) {
          outcome.take();
          promise->set_value();
        } else {
          promise->set_value(outcome.take());
        }
      } catch (...) {
        promise->set_exception(std::current_exception());
      }
    });
    return future;
  }
  operator std::future<T>() && { return std::move(*this).to_std(); }

  class Awaiter {
  public:
    explicit Awaiter(Future future) noexcept : future_(std::move(future)) {}
    bool await_ready() const { return future_.is_ready(); }
    bool await_suspend(std::coroutine_handle<> coroutine) { return future_.state_->keep(coroutine); }
    T await_resume() { return future_.get(); }

  private:
    Future future_;
  };

  Awaiter operator co_await() { return Awaiter(std::move(*this)); }

private:
  FutureState &checked() const {
    if (state_ == nullptr) {
      throw std::future_error(std::future_errc::no_state);
    }
    return *state_;
  }

  void drop() noexcept {
    if (state_ != nullptr) {
      state_->abandon();
      state_ = nullptr;
    }
  }

  std::shared_ptr<FutureState> state_;
  Outcome<T> *outcome_;
};

/// What is made of another future's outcome.
template <typename T, typename U, typename Change>
class ChangedState final : public FutureState {
public:
  ChangedState(std::shared_ptr<FutureState> inner, Outcome<T> *given, Change change) : inner_(std::move(inner)), given_(given), change_(std::move(change)) {}

  void start() {
    auto settle = [self = std::static_pointer_cast<ChangedState>(shared_from_this())] { self->settle(); };
    if (!inner_->keep(settle)) {
      settle();
    }
  }

  void wait() override {
    inner_->wait();
    FutureState::wait();
  }

  void abandon() noexcept override {
    if (!forget()) {
      inner_->abandon();
    }
  }

  void go_on_at(std::shared_ptr<Executor> executor) override { inner_->go_on_at(std::move(executor)); }

  Outcome<U> outcome;

private:
  void settle() {
    try {
      if constexpr (std::is_void_v<U>) {
        change_(*given_);
        outcome.set_value();
      } else {
        outcome.set_value(change_(*given_));
      }
    } catch (...) {
      outcome.set_exception(std::current_exception());
    }
    finish();
  }

  const std::shared_ptr<FutureState> inner_;
  Outcome<T> *const given_;
  Change change_;
};

template <typename T>
class PromiseState final : public FutureState {
public:
  using FutureState::finish;
  Outcome<T> outcome;
};

/// The other end of a future. One that is dropped before it has a value breaks its promise.
template <typename T>
class Promise {
public:
  Promise() : state_(std::make_shared<PromiseState<T>>()) {}
  Promise(Promise &&) noexcept = default;
  Promise &operator=(Promise &&) noexcept = default;
  ~Promise() {
    if (state_ != nullptr && !state_->outcome.is_set()) {
      set_exception(std::make_exception_ptr(std::future_error(std::future_errc::broken_promise)));
    }
  }

  /// The future; call it once.
  Future<T> future() { return {state_, &state_->outcome}; }

  // What awaits the future goes on in here, and may destroy this promise.
  template <typename... Args>
  void set_value(Args &&...args) {
    const auto state = state_;
    state->outcome.set_value(std::forward<Args>(args)...);
    state->finish();
  }
  void set_exception(std::exception_ptr exception) {
    const auto state = state_;
    state->outcome.set_exception(std::move(exception));
    state->finish();
  }

private:
  std::shared_ptr<PromiseState<T>> state_;
};

/// A future that has its value.
template <typename T>
Future<std::decay_t<T>> ready(T &&value) {
  Promise<std::decay_t<T>> promise;
  auto future = promise.future();
  promise.set_value(std::forward<T>(value));
  return future;
}

/// A future that failed.
template <typename T>
Future<T> failed(std::exception_ptr exception) {
  Promise<T> promise;
  auto future = promise.future();
  promise.set_exception(std::move(exception));
  return future;
}

/// What all coroutines that return a future share. They begin at once, on the caller's thread.
template <typename T>
class CoroutineBase {
public:
  Future<T> get_return_object() { return {state_, &state_->outcome}; }
  std::suspend_never initial_suspend() noexcept { return {}; }
  // Here, and not where it returns, so that whoever awaits it finds its locals destroyed.
  std::suspend_never final_suspend() noexcept {
    state_->finish();
    return {};
  }
  void unhandled_exception() noexcept { state_->outcome.set_exception(std::current_exception()); }

protected:
  std::shared_ptr<PromiseState<T>> state_ = std::make_shared<PromiseState<T>>();
};

template <typename T>
class CoroutinePromise final : public CoroutineBase<T> {
public:
  template <typename U>
  void return_value(U &&value) { this->state_->outcome.set_value(std::forward<U>(value)); }
};

template <>
class CoroutinePromise<void> final : public CoroutineBase<void> {
public:
  void return_void() { state_->outcome.set_value(); }
};

} // namespace uniffi
