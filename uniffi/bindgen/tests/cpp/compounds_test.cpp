#include "compounds.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Compounds, OptionalsCross) {
  EXPECT_EQ(compounds::echo_optional(7), 7U);
  EXPECT_EQ(compounds::echo_optional(std::nullopt), std::nullopt);
  EXPECT_EQ(compounds::echo_optional_string("a"), "a");
  EXPECT_EQ(compounds::echo_optional_boolean(false), false);
}

TEST(Compounds, SequencesCross) {
  EXPECT_EQ(compounds::echo_sequence({1, -2, 3}), (std::vector<std::int32_t>{1, -2, 3}));
  EXPECT_TRUE(compounds::echo_sequence({}).empty());
  EXPECT_EQ(compounds::echo_strings({"", "zwölf"}), (std::vector<std::string>{"", "zwölf"}));
  EXPECT_EQ(compounds::sum({1, 2, -4}), -1);
}

TEST(Compounds, MapsCross) {
  const std::unordered_map<std::string, std::uint64_t> map{{"a", 1}, {"b", ~std::uint64_t{0}}};
  EXPECT_EQ(compounds::echo_map(map), map);
  const std::unordered_map<std::uint32_t, std::string> numbered{{1, "x"}};
  EXPECT_EQ(compounds::echo_numbered(numbered), numbered);
}

TEST(Compounds, TheyNest) {
  const std::vector<std::optional<std::string>> gaps{"a", std::nullopt, "b"};
  EXPECT_EQ(compounds::echo_gaps(gaps), gaps);
  const std::vector<std::vector<std::uint8_t>> grid{{1, 2}, {}, {3}};
  EXPECT_EQ(compounds::echo_grid(grid), grid);
  const std::unordered_map<std::string, std::vector<compounds::Entry>> index{{"k", {{"e", 1}, {"f", std::nullopt}}}};
  EXPECT_EQ(compounds::echo_index(index), index);
  EXPECT_EQ(compounds::echo_index(std::nullopt), std::nullopt);
}

TEST(Compounds, ALargeOneCrosses) {
  std::vector<std::int32_t> values(100'000);
  for (std::size_t index = 0; index < values.size(); index++) {
    values[index] = static_cast<std::int32_t>(index);
  }
  EXPECT_EQ(compounds::echo_sequence(values), values);
}

TEST(Compounds, WhatTheLibrarySendsIsChecked) {
  const auto &library = compounds::ffi::library();
  const auto read = [&](std::vector<std::uint8_t> bytes) {
    auto buffer = uniffi::copied(library, bytes.data(), bytes.size());
    return uniffi::Sequence<uniffi::UInt32>::lift(library, buffer.release());
  };
  EXPECT_EQ(read({0, 0, 0, 1, 0, 0, 0, 9}), std::vector<std::uint32_t>{9});
  // Too short, too long, a negative length, and one that no memory could hold.
  EXPECT_THROW(read({0, 0, 0, 1, 0, 0}), uniffi::InternalError);
  EXPECT_THROW(read({0, 0, 0, 0, 0}), uniffi::InternalError);
  EXPECT_THROW(read({0xff, 0xff, 0xff, 0xff}), uniffi::InternalError);
  EXPECT_THROW(read({0x7f, 0xff, 0xff, 0xff}), uniffi::InternalError);
}

} // namespace
