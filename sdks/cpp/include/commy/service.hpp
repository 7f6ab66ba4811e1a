/// The methods of a service: callables that answer requests.

#pragma once

#include "context.hpp"
#include "failure.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace commy {

namespace detail {

/// A request as a handler is given it; it lives until the handler's future is done.
struct Incoming {
  Message message;
  Context context;
};

/// Answers one request.
using Answer = std::function<Future<Message>(const std::shared_ptr<const Incoming> &)>;

template <typename T>
struct IsFuture : std::false_type {};
template <typename T>
struct IsFuture<Future<T>> : std::true_type {
  using Value = T;
};

/// The parameters of a callable that is not a template.
template <typename F>
struct Parameters;
template <typename R, typename... Args>
struct Parameters<R (*)(Args...)> {
  static constexpr std::size_t count = sizeof...(Args);
  using Types = std::tuple<Args...>;
};
template <typename R, typename T, typename... Args>
struct Parameters<R (T::*)(Args...)> {
  static constexpr std::size_t count = sizeof...(Args);
  using Types = std::tuple<Args...>;
};
template <typename R, typename T, typename... Args>
struct Parameters<R (T::*)(Args...) const> {
  static constexpr std::size_t count = sizeof...(Args);
  using Types = std::tuple<Args...>;
};

/// A callable object that is not a template.
template <typename F>
concept PlainObject = requires { &F::operator(); };

template <PlainObject F>
struct Parameters<F> : Parameters<decltype(&F::operator())> {};

/// A callable whose first parameter is known.
template <typename F>
concept Typed = Parameters<F>::count != 0;

/// What a handler's payload is read as: what its parameter says, `Json` for a template.
template <typename F>
struct Payload {
  using Type = Json;
};
template <Typed F>
struct Payload<F> {
  using Type = std::decay_t<std::tuple_element_t<0, typename Parameters<F>::Types>>;
};

template <typename T>
Message reply_of(const T &value) {
  if constexpr (std::same_as<T, Message>) {
    return value;
  } else {
    try {
      return Message::of(value);
    } catch (const Error &error) {
      throw BadReply("the reply cannot be sent: " + error.reason());
    } catch (const Json::exception &error) {
      throw BadReply(std::string("the reply cannot be sent: ") + error.what());
    }
  }
}

/// The payload as what the handler takes.
template <typename T>
T read(const Message &message) {
  try {
    if constexpr (std::same_as<T, Json>) {
      // A handler of any value: what is not JSON would be bytes, and has a type of its own.
      return message.as<Json>();
    } else {
      return message.as<T>();
    }
  } catch (const Error &error) {
    throw BadRequest(error.reason());
  }
}

/// Calls a handler with what it takes: nothing, the payload, or the payload and the context.
template <typename F, typename T>
decltype(auto) invoke(F &handler, const T &payload, const Context &context) {
  if constexpr (std::is_invocable_v<F &, const T &, const Context &>) {
    return handler(payload, context);
  } else if constexpr (std::is_invocable_v<F &, const T &>) {
    return handler(payload);
  } else {
    static_assert(std::is_invocable_v<F &>, "a handler takes nothing, the payload, or the payload and a commy::Context");
    return handler();
  }
}

template <typename F>
Answer answer(F handler) {
  using T = typename Payload<F>::Type;
  // Shared, because a coroutine goes on with a pointer to what it was called on.
  return [handler = std::make_shared<F>(std::move(handler))](const std::shared_ptr<const Incoming> &request) -> Future<Message> {
    const auto payload = [&] {
      if constexpr (std::is_invocable_v<F &>) {
        return std::make_shared<const std::nullptr_t>();
      } else {
        return std::make_shared<const T>(read<T>(request->message));
      }
    }();
    using Given = decltype(invoke(*handler, *payload, request->context));
    if constexpr (IsFuture<Given>::value) {
      using Value = typename IsFuture<Given>::Value;
      return invoke(*handler, *payload, request->context).transform([handler, payload, request](uniffi::Outcome<Value> &outcome) {
        if constexpr (std::is_void_v<Value>) {
          outcome.take();
          return reply_of(Json());
        } else {
          return reply_of(outcome.take());
        }
      });
    } else if constexpr (std::is_void_v<Given>) {
      invoke(*handler, *payload, request->context);
      return uniffi::ready(reply_of(Json()));
    } else {
      return uniffi::ready(reply_of(invoke(*handler, *payload, request->context)));
    }
  };
}

} // namespace detail

/// The methods of a service.
///
/// A method is a callable that takes nothing, the payload, or the payload and its `Context`, and
/// returns the reply, or a `Future` of it: a coroutine. The type of its parameter says how the
/// payload is read: `Bytes` travel untouched, a `Message` is all of it, any other type converts
/// from `Json`. What it returns travels likewise; one that returns nothing answers JSON's null.
///
/// ```cpp
/// commy::Service orders;
/// orders.method("create", [&](const Order &order, const commy::Context &context) -> commy::Future<Receipt> {
///   co_await mesh.call("inventory", "reserve", order.item, commy::within(context.time_left()));
///   co_return Receipt{order.id};
/// });
/// orders.method("count", [&] { return count.load(); });
/// ```
///
/// A callable is called from several threads at once, and one that is a lambda outlives the
/// coroutine that it began.
class Service {
public:
  Service() = default;

  /// A service that answers every method by one callable.
  template <typename F>
  requires(!std::same_as<std::decay_t<F>, Service>)
      Service(F handler) { otherwise(std::move(handler)); }

  /// Answers a method. Throws `InvalidArgument` if it is answered already.
  template <typename F>
  Service &method(const std::string &name, F handler) {
    if (!methods_.try_emplace(name, detail::answer(std::move(handler))).second) {
      throw InvalidArgument("the method \"" + name + "\" is defined twice");
    }
    return *this;
  }

  /// Answers every method that is not named, which `Context::method` tells.
  template <typename F>
  Service &otherwise(F handler) {
    if (otherwise_) {
      throw InvalidArgument("what answers every other method is defined twice");
    }
    otherwise_ = detail::answer(std::move(handler));
    return *this;
  }

private:
  friend class Mesh;

  /// What answers a method; empty if nothing does.
  detail::Answer find(const std::string &name) const {
    const auto found = methods_.find(name);
    return found != methods_.end() ? found->second : otherwise_;
  }

  std::unordered_map<std::string, detail::Answer> methods_;
  detail::Answer otherwise_;
};

} // namespace commy
