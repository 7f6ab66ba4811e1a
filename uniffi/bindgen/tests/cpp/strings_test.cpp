#include "strings.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::string_view_literals;

TEST(Strings, CrossUnchanged) {
  for (const auto text : {""sv, "a"sv, "zwölf"sv, "日本語"sv, "🦀🦀"sv, "a\0b"sv}) {
    EXPECT_EQ(strings::echo(text), text);
  }
}

TEST(Strings, RustSeesTheUtf8ThatWasPassed) {
  EXPECT_EQ(strings::bytes_in("zwölf"), 6U);
  EXPECT_EQ(strings::scalars_in("🦀🦀"), 2U);
  EXPECT_TRUE(strings::is_empty(""));
  EXPECT_FALSE(strings::is_empty(" "));
}

TEST(Strings, SeveralCrossInOneCall) {
  EXPECT_EQ(strings::join("left ", "right"), "left right");
  EXPECT_EQ(strings::reversed("abc"), "cba");
}

TEST(Strings, ALongOneCrosses) {
  EXPECT_EQ(strings::repeat("0123456789", 100'000).size(), 1'000'000U);
}

TEST(Strings, WhatIsNotUtf8IsRefused) {
  // A lone byte, one cut short, one too long, a surrogate, and one beyond Unicode.
  for (const auto bad : {"\xff"sv, "abcdefgh\xc3"sv, "\xc0\xaf"sv, "\xe0\x80\xaf"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\xf0\x8f\xbf\xbf"sv, "\xe2\x82"sv}) {
    EXPECT_THROW(strings::echo(bad), std::invalid_argument) << testing::PrintToString(bad);
  }
  for (const auto good : {"\u0080"sv, "\u07ff"sv, "\u0800"sv, "\ud7ff"sv, "\ue000"sv, "\uffff"sv, "\U00010000"sv, "\U0010ffff"sv}) {
    EXPECT_EQ(strings::echo(good), good);
  }
  try {
    strings::echo("abc\xffz");
    FAIL();
  } catch (const std::invalid_argument &error) {
    EXPECT_STREQ(error.what(), "a string must be UTF-8, and the one that begins with \"abc\" has 0xff at byte 3");
  }
}

} // namespace
