/// A value or an error, for code that does not want exceptions to say what may fail.

#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace uniffi {

/// An error on its way into a `Result`.
template <typename E>
struct Failure {
  E error;
};

template <typename E>
Failure(E) -> Failure<E>;

/// A value, or the error that came instead of it. For a `T` that is `void`, the value is a
/// `std::monostate`.
template <typename T, typename E>
class [[nodiscard]] Result {
public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
  using Error = E;

  Result(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure<E> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; throws the error if there is none.
  const Value &value() const & {
    check();
    return std::get<0>(state_);
  }
  Value &value() & {
    check();
    return std::get<0>(state_);
  }
  Value value() && {
    check();
    return std::get<0>(std::move(state_));
  }

  /// The value, or this one.
  template <typename U>
  Value value_or(U &&other) && {
    return has_value() ? std::get<0>(std::move(state_)) : static_cast<Value>(std::forward<U>(other));
  }

  /// The error; throws `std::bad_variant_access` if there is none.
  const E &error() const { return std::get<1>(state_); }

  const Value &operator*() const & { return value(); }
  Value &operator*() & { return value(); }
  const Value *operator->() const { return &value(); }
  Value *operator->() { return &value(); }

private:
  void check() const {
    if (!has_value()) {
      throw std::get<1>(state_);
    }
  }

  std::variant<Value, E> state_;
};

} // namespace uniffi
