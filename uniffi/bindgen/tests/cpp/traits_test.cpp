#include "traits.hpp"

#include <atomic>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using traits::GreetError;

class Loud : public traits::Greeter {
public:
  static inline std::atomic<int> living = 0;

  Loud() { living++; }
  ~Loud() override { living--; }

  std::string greet(std::string name) override { return "HELLO, " + name; }
  std::string try_greet(std::string name) override {
    if (before) {
      before();
    }
    if (name.empty()) {
      throw GreetError(GreetError::Refused{"nobody"});
    }
    return greet(name);
  }
  void observe(traits::Note note, std::vector<std::string> tags) override {
    notes.push_back(std::move(note));
    all_tags.push_back(std::move(tags));
  }
  std::optional<std::uint32_t> rank() override { return 7; }
  std::uint8_t small() override { return 200; }
  bool polite() override { return false; }
  double warmth() override { return 0.25; }

  std::function<void()> before;
  std::vector<traits::Note> notes;
  std::vector<std::vector<std::string>> all_tags;
};

TEST(Traits, OneOfRustsIsAnObject) {
  const traits::Shape shape = traits::square(3);
  EXPECT_EQ(shape.area(), 9);
  EXPECT_EQ(shape.name(), "square");
  EXPECT_EQ(traits::area_of(shape), 9);
}

TEST(Traits, RustsOwnImplementationIsCalledLikeAny) {
  const auto polite = traits::polite_greeter();
  EXPECT_NE(dynamic_cast<traits::GreeterImpl *>(polite.get()), nullptr);
  EXPECT_EQ(polite->greet("ada"), "good day, ada");
  EXPECT_THROW(polite->try_greet(""), GreetError::Refused);
  EXPECT_EQ(polite->small(), 255);
  EXPECT_EQ(traits::greet_with(polite, "bob"), "good day, bob");
}

TEST(Traits, RustCallsAnObjectOfOursWithArgumentsAndResultsOfAllKinds) {
  const auto loud = std::make_shared<Loud>();
  EXPECT_EQ(traits::greet_with(loud, "ada"), "HELLO, ada");
  EXPECT_EQ(loud->notes, (std::vector<traits::Note>{{"greeting ada", 200}}));
  EXPECT_EQ(loud->all_tags, (std::vector<std::vector<std::string>>{{"false", "0.25"}}));
  EXPECT_EQ(traits::count_on(loud, 3), 7U);
}

TEST(Traits, OurObjectComesBackAsItself) {
  const auto loud = std::make_shared<Loud>();
  EXPECT_EQ(traits::echo_greeter(loud), loud);
}

TEST(Traits, ADeclaredErrorReachesRustWithItsFieldsAnotherWithItsReason) {
  const auto loud = std::make_shared<Loud>();
  loud->before = [] { throw GreetError(GreetError::Refused{"not today"}); };
  try {
    traits::count_on(loud, 1);
    FAIL();
  } catch (const GreetError::Refused &error) {
    EXPECT_EQ(error.reason, "not today");
  }
  loud->before = [] { throw std::range_error("too far"); };
  try {
    traits::count_on(loud, 1);
    FAIL();
  } catch (const GreetError::Unexpected &error) {
    EXPECT_EQ(error.reason, "too far");
  }
  loud->before = [] { throw 5; };
  EXPECT_THROW(traits::count_on(loud, 1), GreetError::Unexpected);
}

TEST(Traits, APanicFollowsWhatAnInfallibleMethodThrows) {
  class Mute : public Loud {
    std::string greet(std::string) override { throw std::runtime_error("no voice"); }
  };
  EXPECT_THAT([] { traits::greet_with(std::make_shared<Mute>(), "ada"); }, testing::ThrowsMessage<uniffi::InternalError>(testing::HasSubstr("no voice")));
}

TEST(Traits, ANullPointerIsRefused) { EXPECT_THROW(traits::echo_greeter(nullptr), std::invalid_argument); }

TEST(Traits, RustCallsFromAThreadOfItsOwn) {
  EXPECT_EQ(traits::greet_on_thread(std::make_shared<Loud>(), "ada"), "HELLO, ada");
  EXPECT_THROW(traits::greet_on_thread(std::make_shared<Loud>(), ""), GreetError::Refused);
}

TEST(Traits, RustLetsGoOfOurObjects) {
  {
    const traits::Choir choir;
    for (int turn = 0; turn < 100; turn++) {
      choir.add(std::make_shared<Loud>());
    }
    EXPECT_EQ(Loud::living, 100);
    EXPECT_EQ(choir.greet("x").size(), 100U);
    EXPECT_NE(std::dynamic_pointer_cast<Loud>(choir.first().value()), nullptr);
    choir.clear();
    EXPECT_EQ(choir.first(), std::nullopt);
    EXPECT_EQ(traits::live_choirs(), 1U);
  }
  EXPECT_EQ(Loud::living, 0);
  EXPECT_EQ(traits::live_choirs(), 0U);
}

TEST(Traits, TenThousandCallsFromRustLeaveNothingBehind) {
  EXPECT_EQ(traits::count_on(std::make_shared<Loud>(), 10'000), 7U);
  EXPECT_EQ(Loud::living, 0);
  EXPECT_EQ(uniffi::handles<traits::Greeter>().size(), 0U);
}

} // namespace
