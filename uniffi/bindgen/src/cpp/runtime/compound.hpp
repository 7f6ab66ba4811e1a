/// What is made of other types: optionals, sequences, maps, sets, and values that contain
/// themselves.

#pragma once

#include "codec.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace uniffi {

/// A value elsewhere, for a value that contains itself: copied and compared like the value.
template <typename T>
class Box {
public:
  Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Box(const Box &other) : value_(std::make_unique<T>(*other)) {}
  Box(Box &&) noexcept = default;
  Box &operator=(Box other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Box() = default;

  T &operator*() noexcept { return *value_; }
  const T &operator*() const noexcept { return *value_; }
  T *operator->() noexcept { return value_.get(); }
  const T *operator->() const noexcept { return value_.get(); }

  friend bool operator==(const Box &left, const Box &right) { return *left == *right; }

private:
  std::unique_ptr<T> value_;
};

template <typename C>
struct Boxed : InBuffer<Boxed<C>, Box<typename C::Value>> {
  static void write(Writer &writer, const Box<typename C::Value> &value) { C::write(writer, *value); }
  static Box<typename C::Value> read(Reader &reader) { return C::read(reader); }
};

template <typename C>
struct Optional : InBuffer<Optional<C>, std::optional<typename C::Value>> {
  static void write(Writer &writer, const std::optional<typename C::Value> &value) {
    Boolean::write(writer, value.has_value());
    if (value) {
      C::write(writer, *value);
    }
  }
  static std::optional<typename C::Value> read(Reader &reader) {
    if (!Boolean::read(reader)) {
      return std::nullopt;
    }
    return C::read(reader);
  }
};

template <typename C>
struct Sequence : InBuffer<Sequence<C>, std::vector<typename C::Value>> {
  static void write(Writer &writer, const std::vector<typename C::Value> &values) {
    writer.length(values.size());
    for (const auto &value : values) {
      C::write(writer, value);
    }
  }
  static std::vector<typename C::Value> read(Reader &reader) {
    const std::size_t length = reader.length();
    std::vector<typename C::Value> values;
    values.reserve(std::min(length, reader.left()));
    for (std::size_t index = 0; index < length; index++) {
      values.push_back(C::read(reader));
    }
    return values;
  }
};

template <typename K, typename V>
struct Map : InBuffer<Map<K, V>, std::unordered_map<typename K::Value, typename V::Value>> {
  using Entries = std::unordered_map<typename K::Value, typename V::Value>;

  static void write(Writer &writer, const Entries &entries) {
    writer.length(entries.size());
    for (const auto &[key, value] : entries) {
      K::write(writer, key);
      V::write(writer, value);
    }
  }
  static Entries read(Reader &reader) {
    const std::size_t length = reader.length();
    Entries entries;
    entries.reserve(std::min(length, reader.left()));
    for (std::size_t index = 0; index < length; index++) {
      auto key = K::read(reader);
      entries.insert_or_assign(std::move(key), V::read(reader));
    }
    return entries;
  }
};

template <typename C>
struct Set : InBuffer<Set<C>, std::unordered_set<typename C::Value>> {
  using Values = std::unordered_set<typename C::Value>;

  static void write(Writer &writer, const Values &values) {
    writer.length(values.size());
    for (const auto &value : values) {
      C::write(writer, value);
    }
  }
  static Values read(Reader &reader) {
    const std::size_t length = reader.length();
    Values values;
    values.reserve(std::min(length, reader.left()));
    for (std::size_t index = 0; index < length; index++) {
      values.insert(C::read(reader));
    }
    return values;
  }
};

} // namespace uniffi
