// What the topic of custom types is configured to use.

#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace web {

struct Url {
  std::string scheme;
  std::string rest;

  static Url parse(std::string_view text) {
    const auto colon = text.find("://");
    return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 3))};
  }

  std::string text() const { return scheme.empty() ? rest : scheme + "://" + rest; }

  bool operator==(const Url &) const = default;
};

} // namespace web

template <>
struct std::hash<web::Url> {
  std::size_t operator()(const web::Url &url) const { return std::hash<std::string>()(url.text()); }
};
