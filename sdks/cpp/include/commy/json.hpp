/// JSON as every language of commy writes it: compact UTF-8, without what JSON cannot express.

#pragma once

#include "error.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace commy {

/// A JSON value.
using Json = nlohmann::json;

namespace detail {

/// How deep JSON may nest: whatever reads or writes deeper values needs a deeper stack.
inline constexpr std::size_t depth_max = 512;

/// Throws for what JSON has no text for.
inline void require_expressible(const Json &value) {
  std::vector<std::pair<const Json *, std::size_t>> left{{&value, 1}};
  while (!left.empty()) {
    const auto [item, depth] = left.back();
    left.pop_back();
    if (depth > depth_max) {
      throw InvalidArgument("a payload must be bytes or a value that JSON can express: it nests deeper than " + std::to_string(depth_max) + " levels");
    }
    if (item->is_number_float() && !std::isfinite(item->get<double>())) {
      throw InvalidArgument("a payload must be bytes or a value that JSON can express: " + std::to_string(item->get<double>()) + " is no JSON number");
    }
    if (item->is_binary() || item->is_discarded()) {
      throw InvalidArgument("a payload must be bytes or a value that JSON can express: bytes inside of a value are not");
    }
    if (item->is_structured()) {
      for (const Json &inner : *item) {
        left.emplace_back(&inner, depth + 1);
      }
    }
  }
}

/// Compact text.
inline std::string to_text(const Json &value) {
  require_expressible(value);
  try {
    return value.dump();
  } catch (const Json::exception &error) {
    throw InvalidArgument(std::string("a payload must be bytes or a value that JSON can express: ") + error.what());
  }
}

/// Whether brackets nest deeper than is allowed: the text may be another's, and hostile.
inline bool is_too_deep(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool is_string = false;
  for (std::size_t place = 0; place < text.size(); place++) {
    const char letter = text[place];
    if (is_string) {
      place += letter == '\\' ? 1 : 0;
      is_string = letter != '"';
    } else if (letter == '"') {
      is_string = true;
    } else if (letter == '[' || letter == '{') {
      if (++depth > depth_max) {
        return true;
      }
    } else if ((letter == ']' || letter == '}') && depth > 0) {
      depth--;
    }
  }
  return false;
}

/// The value that a text is.
inline Json from_text(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  const auto refuse = [](const std::string &why) { return InvalidArgument("the payload is not the JSON that its content type says: " + why); };
  if (text.starts_with(mark)) {
    throw refuse("it begins with a byte order mark");
  }
  if (is_too_deep(text)) {
    throw refuse("it nests deeper than " + std::to_string(depth_max) + " levels");
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception &error) {
    throw refuse(error.what());
  }
}

} // namespace detail

/// The details of a handler's own failure; null without any. Another language's handler wrote
/// them: what is not JSON is handed over as text.
inline Json details(const Error &error) {
  if (!error.details_json()) {
    return nullptr;
  }
  if (detail::is_too_deep(*error.details_json())) {
    return *error.details_json();
  }
  Json value = Json::parse(*error.details_json(), nullptr, false);
  return value.is_discarded() ? Json(*error.details_json()) : value;
}

} // namespace commy
