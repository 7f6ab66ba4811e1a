/// Why an operation failed: one class a status, with what is known of it.

#pragma once

#include "executor.hpp"
#include "generated/commy_ffi.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace commy {

/// What kind of error it is, by the numbers and names that every language shares.
enum class Status : int {
  cancelled = 1,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
  handler_failed = 100,
};

/// The name of a status, such as `NOT_FOUND`.
constexpr std::string_view name(Status status) noexcept {
  switch (status) {
  case Status::cancelled:
    return "CANCELLED";
  case Status::invalid_argument:
    return "INVALID_ARGUMENT";
  case Status::deadline_exceeded:
    return "DEADLINE_EXCEEDED";
  case Status::not_found:
    return "NOT_FOUND";
  case Status::already_exists:
    return "ALREADY_EXISTS";
  case Status::permission_denied:
    return "PERMISSION_DENIED";
  case Status::resource_exhausted:
    return "RESOURCE_EXHAUSTED";
  case Status::failed_precondition:
    return "FAILED_PRECONDITION";
  case Status::unimplemented:
    return "UNIMPLEMENTED";
  case Status::internal:
    return "INTERNAL";
  case Status::unavailable:
    return "UNAVAILABLE";
  case Status::unauthenticated:
    return "UNAUTHENTICATED";
  case Status::handler_failed:
    return "HANDLER_FAILED";
  }
  return "UNKNOWN";
}

/// Everything that is known about an error.
using ErrorInfo = raw::ErrorInfo;

/// Why an operation failed. What is thrown is one of the classes below; this one has all that
/// they have, so that it can be kept by value.
class Error : public std::runtime_error {
public:
  Error(Status status, ErrorInfo info) : std::runtime_error(std::string(name(status)) + ": " + info.reason), status_(status), info_(std::make_shared<const ErrorInfo>(std::move(info))) {}

  /// What kind of error it is; its number is the code that every language shares.
  Status status() const noexcept { return status_; }
  /// What went wrong: the value and the rule that it broke.
  const std::string &reason() const noexcept { return info_->reason; }
  /// The service concerned, if one is.
  const std::optional<std::string> &service() const noexcept { return info_->service; }
  /// The method concerned, if one is.
  const std::optional<std::string> &method() const noexcept { return info_->method; }
  /// The id of the instance that failed, if one was chosen.
  const std::optional<std::string> &instance_id() const noexcept { return info_->instance_id; }
  /// How many instances were tried.
  std::uint32_t attempts() const noexcept { return info_->attempts; }
  /// The handler's own code, for `HandlerFailed`; for an exception that it did not catch, the
  /// name of its class.
  std::string code() const { return info_->code.value_or(""); }
  /// The handler's own details as JSON text, for `HandlerFailed`; see `details()` of `json.hpp`.
  const std::optional<std::string> &details_json() const noexcept { return info_->details_json; }

private:
  Status status_;
  // Shared, because an exception must be copied without one.
  std::shared_ptr<const ErrorInfo> info_;
};

/// An error of one status.
template <Status Kind>
class ErrorOf : public Error {
public:
  explicit ErrorOf(ErrorInfo info) : Error(Kind, std::move(info)) {}
  explicit ErrorOf(std::string reason) : Error(Kind, {.reason = std::move(reason)}) {}
};

/// The operation was cancelled by its caller.
class Cancelled final : public ErrorOf<Status::cancelled> {
  using ErrorOf::ErrorOf;
};

/// A value breaks a rule; the same request cannot succeed.
class InvalidArgument final : public ErrorOf<Status::invalid_argument> {
  using ErrorOf::ErrorOf;
};

/// The deadline passed before there was an answer.
class DeadlineExceeded final : public ErrorOf<Status::deadline_exceeded> {
  using ErrorOf::ErrorOf;
};

/// There is no such service, or no instance of it that the call may use.
class NotFound final : public ErrorOf<Status::not_found> {
  using ErrorOf::ErrorOf;
};

/// What was to be made exists.
class AlreadyExists final : public ErrorOf<Status::already_exists> {
  using ErrorOf::ErrorOf;
};

/// The caller may not do this.
class PermissionDenied final : public ErrorOf<Status::permission_denied> {
  using ErrorOf::ErrorOf;
};

/// A bound was reached: a queue, a payload size, calls in flight.
class ResourceExhausted final : public ErrorOf<Status::resource_exhausted> {
  using ErrorOf::ErrorOf;
};

/// The state does not allow it: a mesh that is not running, a call to an advertised service.
class FailedPrecondition final : public ErrorOf<Status::failed_precondition> {
  using ErrorOf::ErrorOf;
};

/// The service has no such method.
class Unimplemented final : public ErrorOf<Status::unimplemented> {
  using ErrorOf::ErrorOf;
};

/// A handler broke its contract, or commy has a defect.
class Internal final : public ErrorOf<Status::internal> {
  using ErrorOf::ErrorOf;
};

/// No instance can answer now; another try may succeed.
class Unavailable final : public ErrorOf<Status::unavailable> {
  using ErrorOf::ErrorOf;
};

/// The caller's identity is not known.
class Unauthenticated final : public ErrorOf<Status::unauthenticated> {
  using ErrorOf::ErrorOf;
};

/// The handler itself reported a failure, or threw an exception that it did not catch.
class HandlerFailed final : public ErrorOf<Status::handler_failed> {
  using ErrorOf::ErrorOf;
};

namespace detail {

/// The class of a case of the raw error.
template <typename Case>
struct Class;
template <>
struct Class<raw::CommyError::Cancelled> : std::type_identity<Cancelled> {};
template <>
struct Class<raw::CommyError::InvalidArgument> : std::type_identity<InvalidArgument> {};
template <>
struct Class<raw::CommyError::DeadlineExceeded> : std::type_identity<DeadlineExceeded> {};
template <>
struct Class<raw::CommyError::NotFound> : std::type_identity<NotFound> {};
template <>
struct Class<raw::CommyError::AlreadyExists> : std::type_identity<AlreadyExists> {};
template <>
struct Class<raw::CommyError::PermissionDenied> : std::type_identity<PermissionDenied> {};
template <>
struct Class<raw::CommyError::ResourceExhausted> : std::type_identity<ResourceExhausted> {};
template <>
struct Class<raw::CommyError::FailedPrecondition> : std::type_identity<FailedPrecondition> {};
template <>
struct Class<raw::CommyError::Unimplemented> : std::type_identity<Unimplemented> {};
template <>
struct Class<raw::CommyError::Internal> : std::type_identity<Internal> {};
template <>
struct Class<raw::CommyError::Unavailable> : std::type_identity<Unavailable> {};
template <>
struct Class<raw::CommyError::Unauthenticated> : std::type_identity<Unauthenticated> {};
template <>
struct Class<raw::CommyError::HandlerFailed> : std::type_identity<HandlerFailed> {};

[[noreturn]] inline void raise(const raw::CommyError &error) {
  std::visit([](const auto &item) { throw typename Class<std::decay_t<decltype(item)>>::type(item.info); }, error.value());
  throw Internal("commy failed with an error that this version does not know");
}

/// Runs, with what the raw bindings throw as this module's errors.
template <typename Run>
decltype(auto) lifting(Run &&run) {
  try {
    return run();
  } catch (const raw::CommyError &error) {
    raise(error);
  } catch (const uniffi::Cancelled &) {
    throw Cancelled("the operation was cancelled by its caller");
  } catch (const uniffi::InternalError &error) {
    throw Internal(std::string("commy failed: ") + error.what());
  } catch (const std::invalid_argument &error) {
    // Text that is no UTF-8, or a value of an enum that is none.
    throw InvalidArgument(error.what());
  } catch (const std::length_error &error) {
    throw ResourceExhausted(error.what());
  }
}

/// The future of what `change` makes of a raw one's value, with this module's errors.
template <typename T, typename Change>
auto lifted(Future<T> future, Change change) {
  return std::move(future).transform([change = std::move(change)](uniffi::Outcome<T> &outcome) {
    return lifting([&] {
      if constexpr (std::is_void_v<T>) {
        outcome.take();
        return change();
      } else {
        return change(outcome.take());
      }
    });
  });
}

inline Future<void> lifted(Future<void> future) {
  return lifted(std::move(future), [] {});
}

} // namespace detail

} // namespace commy
