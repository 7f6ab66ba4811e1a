/// Payloads: bytes travel untouched, every other value as JSON.

#pragma once

#include "json.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace commy {

/// Bytes that are owned.
using Bytes = std::vector<std::uint8_t>;

/// Headers: at most 64, keys of 1 to 64 bytes of ASCII letters, digits, `_`, `-`, `.`, `:`, `=`
/// and `/`, values of at most 4,096 bytes.
using Headers = std::unordered_map<std::string, std::string>;

/// What `Bytes` travel as.
inline constexpr std::string_view bytes_type = "application/octet-stream";
/// What every other value travels as.
inline constexpr std::string_view json_type = "application/json";

namespace detail {

/// The most that any mesh can be set up to carry.
inline constexpr std::size_t payload_bytes_max = std::size_t{1} << 30;

template <typename T>
concept ByteValue = std::same_as<T, std::uint8_t> || std::same_as<T, std::byte>;

/// What holds bytes one after the other: a vector, an array or a span of them.
template <typename T>
concept BytesLike = std::ranges::contiguous_range<T> && ByteValue<std::ranges::range_value_t<T>>;

/// Whether a media type is JSON's, whatever its parameters and case.
inline bool is_json_type(std::string_view type) noexcept {
  type = type.substr(0, type.find(';'));
  const auto is_blank = [](char letter) { return letter == ' ' || letter == '\t'; };
  while (!type.empty() && is_blank(type.front())) {
    type.remove_prefix(1);
  }
  while (!type.empty() && is_blank(type.back())) {
    type.remove_suffix(1);
  }
  const auto lower = [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; };
  return std::ranges::equal(type, json_type, [&](char left, char right) { return lower(left) == right; });
}

} // namespace detail

/// What a request, a reply or an event carries: bytes, what they are, and headers.
struct Message {
  /// The payload, carried untouched.
  Bytes payload;
  /// What the payload is, as a media type; at most 256 bytes.
  std::string content_type{bytes_type};
  /// The headers.
  Headers headers;

  /// The message that carries a value: bytes as they are, any other value that converts to
  /// `Json` as UTF-8 text. Throws `InvalidArgument` for one that JSON cannot express, such as NaN.
  template <typename T>
  static Message of(const T &value, Headers headers = {}) {
    if constexpr (detail::BytesLike<T>) {
      const auto *first = reinterpret_cast<const std::uint8_t *>(std::ranges::data(value));
      return {Bytes(first, first + std::ranges::size(value)), std::string(bytes_type), std::move(headers)};
    } else {
      const std::string text = detail::to_text(Json(value));
      return {Bytes(text.begin(), text.end()), std::string(json_type), std::move(headers)};
    }
  }

  /// Whether the payload says that it is JSON.
  bool is_json() const noexcept { return detail::is_json_type(content_type); }

  /// The payload as text, whatever it is.
  std::string_view text() const noexcept { return {reinterpret_cast<const char *>(payload.data()), payload.size()}; }

  /// The value that it carries: `Bytes` as they are, any other that converts from `Json`.
  /// Throws `InvalidArgument` for a payload that is something else.
  template <typename T>
  T as() const {
    if constexpr (std::same_as<T, Message>) {
      return *this;
    } else if constexpr (std::same_as<T, Bytes>) {
      return payload;
    } else if constexpr (!std::is_void_v<T>) {
      if (!is_json()) {
        throw InvalidArgument("the payload is " + content_type + ", and this is read from " + std::string(json_type));
      }
      const Json value = detail::from_text(text());
      try {
        return value.get<T>();
      } catch (const Json::exception &error) {
        throw InvalidArgument(std::string("the payload is JSON, but not what is read: ") + error.what());
      }
    }
  }

  bool operator==(const Message &) const = default;
};

namespace detail {

/// A value as a message, with what the options say of it.
template <typename T>
Message encoded(const T &value, const Headers &headers, const std::string &content_type) {
  Message message = [&] {
    if constexpr (std::same_as<T, Message>) {
      return value;
    } else {
      return Message::of(value);
    }
  }();
  for (const auto &[key, text] : headers) {
    message.headers.insert_or_assign(key, text);
  }
  if (!content_type.empty()) {
    message.content_type = content_type;
  }
  return message;
}

inline raw::Message lower(Message message) {
  if (message.payload.size() > payload_bytes_max) {
    throw ResourceExhausted("a payload of " + std::to_string(message.payload.size()) + " bytes is over the limit of " + std::to_string(payload_bytes_max));
  }
  return {std::move(message.payload), std::move(message.content_type), std::move(message.headers)};
}

inline Message lift(raw::Message message) { return {std::move(message.payload), std::move(message.content_type), std::move(message.headers)}; }

} // namespace detail

} // namespace commy
