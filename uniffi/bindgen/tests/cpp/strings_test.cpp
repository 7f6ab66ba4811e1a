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

} // namespace
