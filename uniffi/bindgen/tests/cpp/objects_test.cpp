#include "objects.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using objects::Counter;
using objects::CounterError;
using testing::ThrowsMessage;

TEST(Objects, OneKeepsItsState) {
  const Counter counter;
  EXPECT_EQ(counter.increment(), 1U);
  EXPECT_EQ(counter.increment(), 2U);
  const Counter started = Counter::starting_at(40);
  const Counter parsed = Counter::parsed("2");
  started.absorb(parsed);
  EXPECT_EQ(started.value(), 42U);
  EXPECT_EQ(objects::total({started, parsed, counter}), 46U);
}

TEST(Objects, ConstructorsAndMethodsThrowTheirErrors) {
  EXPECT_THROW(Counter::parsed("x"), CounterError::Unreadable);
  EXPECT_THAT([] { Counter().decrement(); }, ThrowsMessage<CounterError>("would fall below zero by 1"));
}

TEST(Objects, ACopyIsTheSameObjectAForkAnother) {
  const Counter counter;
  const Counter copy = counter;
  const Counter itself = counter.itself();
  itself.increment();
  EXPECT_EQ(copy.value(), 1U);
  EXPECT_TRUE(objects::are_same(counter, copy));
  EXPECT_TRUE(objects::are_same(objects::echo_counter(counter), itself));
  EXPECT_FALSE(objects::are_same(counter, counter.fork()));
}

TEST(Objects, TheyCrossInsideCompoundsAndRecords) {
  const Counter left = Counter::starting_at(1);
  const objects::Pair pair = objects::pair(left, std::nullopt);
  EXPECT_FALSE(pair.right.has_value());
  EXPECT_TRUE(objects::are_same(pair.left, left));
  EXPECT_FALSE(objects::maybe_counter(false).has_value());
  EXPECT_EQ(objects::maybe_counter(true)->value(), 0U);

  const objects::Bank bank("bank");
  bank.open("ada", 10);
  bank.open("bob", 20);
  EXPECT_EQ(bank.accounts().at(1).owner(), "bob@bank");
  EXPECT_THROW(bank.by_owner().at("ada@bank").withdraw(11), CounterError::BelowZero);
}

TEST(Objects, ADestructorFreesAtOnce) {
  const auto before = objects::live_counters();
  {
    Counter counter;
    const Counter copy = counter;
    Counter other;
    EXPECT_EQ(objects::live_counters(), before + 2);
    other = counter;
    EXPECT_EQ(objects::live_counters(), before + 1);
    counter = std::move(other);
    EXPECT_EQ(counter.value(), copy.value());
  }
  EXPECT_EQ(objects::live_counters(), before);
}

TEST(Objects, OneThatWasMovedFromIsRefused) {
  Counter counter;
  const Counter other = std::move(counter);
  EXPECT_THAT([&] { counter.value(); }, ThrowsMessage<std::logic_error>("this Counter was moved from"));
  EXPECT_THROW(other.absorb(counter), std::logic_error);
  EXPECT_THROW(objects::total({other, counter}), std::logic_error);
}

TEST(Objects, ARefusedArgumentLeavesNothingBehind) {
  const auto before = objects::live_counters();
  {
    const Counter counter;
    Counter gone;
    { const Counter taken = std::move(gone); }
    for (int turn = 0; turn < 100; turn++) {
      EXPECT_THROW(objects::are_same(counter, gone), std::logic_error);
      EXPECT_THROW(objects::total({counter, counter, gone}), std::logic_error);
    }
  }
  EXPECT_EQ(objects::live_counters(), before);
}

TEST(Objects, AHundredThousandCallsOfFourThreadsLeaveNothingBehind) {
  const auto before = objects::live_counters();
  {
    const Counter counter;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++) {
      threads.emplace_back([counter] {
        for (int turn = 0; turn < 25'000; turn++) {
          counter.increment();
          const Counter fork = counter.fork();
        }
      });
    }
    for (auto &thread : threads) {
      thread.join();
    }
    EXPECT_EQ(counter.value(), 100'000U);
  }
  EXPECT_EQ(objects::live_counters(), before);
}

} // namespace
