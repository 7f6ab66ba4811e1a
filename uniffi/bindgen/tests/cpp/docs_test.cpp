#include "docs.hpp"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace {

TEST(Docs, DocstringsStandBeforeWhatTheyDescribe) {
  std::ifstream file(HEADER);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  for (const auto *expected : {
           "/// This one has a second paragraph, a `code span`, and a line that ends a comment: */\nnamespace docs {",
           "/// With a list:\n/// - first\n/// - second\ninline std::string shout(",
           "/// A record's docstring.\nstruct Entry {\n  /// A field's docstring.\n  std::string key;\n",
           "  /// Another, with \"quotes\" and a \\ backslash.\n  std::uint32_t value",
           "/// A flat enum's docstring.\nenum class Level {\n  /// A flat variant's docstring.\n  Low,",
           "/// A rich enum's docstring.\nclass Choice {\npublic:\n  /// A rich variant's docstring.\n  struct One {",
           "/// An error's docstring.\nclass DocError ",
           "  /// An error variant's docstring.\n  struct Missing {",
           "/// An object's docstring.\nclass Library {\npublic:\n  /// A constructor's docstring.\n  Library();",
           "  /// A named constructor's docstring.\n  static Library with_entry(",
           "  /// A method's docstring.\n  Entry find(",
           "/// A callback interface's docstring.\nclass Reader {",
           "  /// A callback method's docstring.\n  virtual void read(",
       }) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected;
  }
}

TEST(Docs, TheInterfaceWorks) {
  EXPECT_EQ(docs::shout("a"), "A");
  const auto library = docs::Library::with_entry({"k", 3});
  EXPECT_EQ(library.find("k").value, 3U);
  EXPECT_THROW(library.find("x"), docs::DocError::Missing);
  EXPECT_EQ(library.level(docs::Choice::One{3}), docs::Level::Low);
}

TEST(Docs, ACallableStandsForAnObjectWithOneMethod) {
  std::string seen;
  docs::show(docs::Reader::of([&](docs::Entry entry) { seen = entry.key; }), {"key", 1});
  EXPECT_EQ(seen, "key");
}

} // namespace
