/// UTF-8, checked: Rust takes for granted that a string is valid, and a `std::string` may hold
/// anything.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace uniffi {

/// How many bytes the character takes that begins at `place`; none if it is not valid.
inline std::size_t utf8_length(std::string_view text, std::size_t place) noexcept {
  const auto byte = [&](std::size_t index) { return place + index < text.size() ? static_cast<std::uint8_t>(text[place + index]) : std::uint8_t{0}; };
  const auto follows = [&](std::size_t index) { return (byte(index) & 0xc0) == 0x80; };
  const std::uint8_t first = byte(0);
  const std::uint8_t second = byte(1);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    return follows(1) ? 2 : 0;
  }
  // No character is longer than it has to be, is a surrogate, or lies beyond Unicode's last.
  if (first >= 0xe0 && first <= 0xef) {
    const bool is_shortest = first != 0xe0 || second >= 0xa0;
    const bool is_scalar = first != 0xed || second < 0xa0;
    return is_shortest && is_scalar && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool is_shortest = first != 0xf0 || second >= 0x90;
    const bool is_scalar = first != 0xf4 || second < 0x90;
    return is_shortest && is_scalar && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// Where a text stops to be UTF-8; its size if it is all valid.
inline std::size_t utf8_end(std::string_view text) noexcept {
  std::size_t place = 0;
  while (place < text.size()) {
    std::uint64_t eight = 0;
    if (text.size() - place >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + place, sizeof(eight));
      if ((eight & 0x8080808080808080ULL) == 0) {
        place += sizeof(eight);
        continue;
      }
    }
    const std::size_t length = utf8_length(text, place);
    if (length == 0) {
      break;
    }
    place += length;
  }
  return place;
}

/// Throws unless a text is UTF-8.
inline std::string_view checked_utf8(std::string_view text) {
  const std::size_t end = utf8_end(text);
  if (end != text.size()) [[unlikely]] {
    char byte[5];
    std::snprintf(byte, sizeof(byte), "0x%02x", static_cast<unsigned>(static_cast<std::uint8_t>(text[end])));
    throw std::invalid_argument("a string must be UTF-8, and the one that begins with \"" + std::string(text.substr(0, end < 32 ? end : 32)) + "\" has " + byte + " at byte " + std::to_string(end));
  }
  return text;
}

} // namespace uniffi
