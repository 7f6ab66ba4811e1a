// The interfaces of errors, traits, futures and listeners with `errors = "results"`.

#include "errors.hpp"
#include "futures.hpp"
#include "listeners.hpp"
#include "objects.hpp"
#include "traits.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Results, WhatMayFailGivesAValueOrAnError) {
  EXPECT_EQ(errors::parse("42").value(), 42U);
  const auto refused = errors::parse("x");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is<errors::ParseError::Unreadable>());
  EXPECT_STREQ(refused.error().what(), "not a number: x");
  EXPECT_EQ(errors::parse("x").value_or(7), 7U);
  EXPECT_THROW(errors::parse("x").value(), errors::ParseError);

  const auto transfer = errors::transfer(5, 7, false);
  EXPECT_EQ(transfer.error().get_if<errors::TransferError::Insufficient>()->needed, 7U);
  EXPECT_TRUE(errors::require("1"));
  EXPECT_FALSE(errors::require(""));
  EXPECT_EQ(errors::provoke("fire", 3).error().severity(), 3U);
}

TEST(Results, APanicIsThrownEvenSo) { EXPECT_THROW(errors::explode("boom"), uniffi::InternalError); }

TEST(Results, ConstructorsGiveThemToo) {
  EXPECT_EQ(objects::Counter::parsed("3")->value(), 3U);
  EXPECT_FALSE(objects::Counter::parsed("x"));
}

TEST(Results, FuturesGiveThem) {
  const auto failed = futures::fail_after("why", 1).get();
  EXPECT_EQ(failed.error().get_if<futures::DelayError::Failed>()->reason, "why");
  auto ticker = futures::Ticker::prepared(1, 1).get();
  EXPECT_EQ(*ticker.next_or_fail().get(), 0U);
  EXPECT_FALSE(ticker.next_or_fail().get());
  EXPECT_FALSE(futures::Ticker::refused("no").get());
}

class Greeter final : public traits::Greeter {
public:
  std::string greet(std::string name) override { return "hi " + name; }
  uniffi::Result<std::string, traits::GreetError> try_greet(std::string name) override {
    if (name == "1") {
      return uniffi::Failure<traits::GreetError>{traits::GreetError::Refused{"not one"}};
    }
    return greet(name);
  }
  void observe(traits::Note, std::vector<std::string>) override {}
  std::optional<std::uint32_t> rank() override { return 7; }
  std::uint8_t small() override { return 1; }
  bool polite() override { return true; }
  double warmth() override { return 1; }
};

TEST(Results, WhatRustCallsGivesThem) {
  const auto greeter = std::make_shared<Greeter>();
  EXPECT_EQ(traits::count_on(greeter, 1).value(), 7U);
  EXPECT_EQ(traits::count_on(greeter, 2).error().get_if<traits::GreetError::Refused>()->reason, "not one");
}

class Responder final : public listeners::Responder {
public:
  uniffi::Future<uniffi::Result<std::string, listeners::AnswerError>> answer(std::string question, std::stop_token) override {
    if (question == "bad") {
      co_return uniffi::Failure<listeners::AnswerError>{listeners::AnswerError::Unknown{question}};
    }
    co_return question + "!";
  }
  uniffi::Future<std::uint64_t> add(std::uint64_t left, std::uint32_t right, std::stop_token) override { co_return left + right; }
  uniffi::Future<void> told(std::string, std::stop_token) override { co_return; }
  std::string name() override { return "r"; }
};

TEST(Results, WhatRustAwaitsGivesThem) {
  const auto responder = std::make_shared<Responder>();
  EXPECT_EQ(listeners::ask(responder, "why").get().value(), "r: why!");
  EXPECT_EQ(listeners::ask(responder, "bad").get().error().get_if<listeners::AnswerError::Unknown>()->question, "bad");
}

} // namespace
