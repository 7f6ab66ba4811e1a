/// What a handler throws to tell its caller something, and how any exception is told.

#pragma once

#include "json.hpp"

#if __has_include(<cxxabi.h>)
#include <cxxabi.h>
#endif

#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace commy {

/// Thrown by a handler: its caller gets `HandlerFailed` with the same code, reason and details.
class HandlerError : public std::runtime_error {
public:
  /// `code` is the application's own, such as `OUT_OF_STOCK`, at most 128 bytes; `details` is
  /// any JSON, none if null.
  HandlerError(std::string code, const std::string &reason, const Json &details = nullptr) : std::runtime_error(reason), code_(std::move(code)) {
    if (!details.is_null()) {
      details_json_ = detail::to_text(details);
    }
  }

  const std::string &code() const noexcept { return code_; }
  const std::optional<std::string> &details_json() const noexcept { return details_json_; }

private:
  std::string code_;
  std::optional<std::string> details_json_;
};

/// Thrown by a handler that cannot make sense of its request: `InvalidArgument` to its caller.
class BadRequest : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Thrown by a handler that answers every method, for one that it lacks: `Unimplemented`.
class UnknownMethod : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {

/// The reply of a handler cannot be sent: `Internal` to its caller.
class BadReply : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Text that UTF-8 can carry, whatever an exception holds: telling of a failure must not fail.
inline std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t end = uniffi::utf8_end(text);
    shown += text.substr(0, end);
    text.remove_prefix(end);
    if (!text.empty()) {
      shown += "\xef\xbf\xbd";
      text.remove_prefix(1);
    }
  }
  return shown;
}

/// The name of a class, without what it lies in.
inline std::string class_name(const std::type_info *type) {
  if (type == nullptr) {
    return "unknown";
  }
  std::string name = type->name();
#if __has_include(<cxxabi.h>)
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  if (demangled != nullptr) {
    name = demangled.get();
  }
#endif
  name = name.substr(0, name.find('<'));
  const auto colons = name.rfind("::");
  const auto blank = name.rfind(' ');
  const auto begin = colons != std::string::npos ? colons + 2 : blank != std::string::npos ? blank + 1
                                                                                           : 0;
  return name.substr(begin);
}

inline raw::Failure failure(raw::FailureKind kind, std::string_view reason) { return {.kind = kind, .reason = printable(reason)}; }

/// What a caller is told of the exception that is being handled.
inline raw::Failure current_failure() {
  try {
    throw;
  } catch (const HandlerError &error) {
    return {.code = printable(error.code()), .reason = printable(error.what()), .details_json = error.details_json()};
  } catch (const BadRequest &error) {
    return failure(raw::FailureKind::BadRequest, error.what());
  } catch (const UnknownMethod &error) {
    return failure(raw::FailureKind::UnknownMethod, error.what());
  } catch (const BadReply &error) {
    return failure(raw::FailureKind::Internal, error.what());
  } catch (const Error &error) {
    return {.code = class_name(&typeid(error)), .reason = printable(error.reason())};
  } catch (const std::exception &error) {
    return {.code = class_name(&typeid(error)), .reason = printable(error.what())};
  } catch (...) {
#if __has_include(<cxxabi.h>)
    const std::string name = class_name(abi::__cxa_current_exception_type());
#else
    const std::string name = class_name(nullptr);
#endif
    return {.code = name, .reason = "what the handler threw is no std::exception, but a " + name};
  }
}

} // namespace detail

} // namespace commy
