#include "listeners.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using listeners::AnswerError;
using uniffi::Future;

class Oracle : public listeners::Responder {
public:
  static inline std::atomic<int> living = 0;

  Oracle() { living++; }
  ~Oracle() override { living--; }

  Future<std::string> answer(std::string question, std::stop_token stop) override {
    if (question == "slow") {
      // Ends when Rust waits no more.
      uniffi::Promise<void> promise;
      auto stopped = promise.future();
      const std::stop_callback on_stop(stop, [&] {
        aborted++;
        promise.set_value();
      });
      co_await stopped;
    }
    if (question == "bad") {
      throw AnswerError(AnswerError::Unknown{question});
    }
    if (question == "worse") {
      throw std::range_error("broken");
    }
    co_return question + "!";
  }

  Future<std::uint64_t> add(std::uint64_t left, std::uint32_t right, std::stop_token) override {
    // An answer from another thread.
    if (right == 2) {
      uniffi::Promise<std::uint64_t> promise;
      auto future = promise.future();
      std::thread([promise = std::move(promise), sum = left + right]() mutable { promise.set_value(sum); }).detach();
      return future;
    }
    return uniffi::ready(left + right);
  }

  Future<void> told(std::string text, std::stop_token) override {
    heard.push_back(text);
    co_return;
  }

  std::string name() override { return "oracle"; }

  std::vector<std::string> heard;
  std::atomic<int> aborted = 0;
};

TEST(Listeners, RustAwaitsWhatWeAnswer) {
  const auto oracle = std::make_shared<Oracle>();
  EXPECT_EQ(listeners::ask(oracle, "why").get(), "oracle: why!");
  EXPECT_EQ(listeners::add_up(oracle, {1, 2, 3}).get(), 6U);
  listeners::notify(oracle, "news").get();
  EXPECT_EQ(oracle->heard, std::vector<std::string>{"news"});
}

TEST(Listeners, WhatAMethodThrowsReachesRust) {
  const auto oracle = std::make_shared<Oracle>();
  try {
    listeners::ask(oracle, "bad").get();
    FAIL();
  } catch (const AnswerError::Unknown &error) {
    EXPECT_EQ(error.question, "bad");
  }
  try {
    listeners::ask(oracle, "worse").get();
    FAIL();
  } catch (const AnswerError::Unexpected &error) {
    EXPECT_EQ(error.reason, "broken");
  }
}

TEST(Listeners, APromiseThatIsBrokenIsAnError) {
  class Forgetful : public Oracle {
    Future<std::string> answer(std::string, std::stop_token) override { return uniffi::Promise<std::string>().future(); }
  };
  EXPECT_THROW(listeners::ask(std::make_shared<Forgetful>(), "why").get(), AnswerError::Unexpected);
}

TEST(Listeners, OurMethodLearnsThatRustWaitsNoMore) {
  const auto oracle = std::make_shared<Oracle>();
  EXPECT_THROW(listeners::ask_within(oracle, "slow", 10).get(), AnswerError::TooLate);
  EXPECT_EQ(oracle->aborted, 1);
  EXPECT_EQ(listeners::ask_within(oracle, "fast", 5000).get(), "fast!");
  EXPECT_EQ(oracle->aborted, 1);
}

TEST(Listeners, StoppingTheCallReachesOurMethodThroughRust) {
  const auto oracle = std::make_shared<Oracle>();
  std::stop_source stop;
  auto asked = listeners::ask(oracle, "slow", stop.get_token());
  EXPECT_EQ(oracle->aborted, 0);
  stop.request_stop();
  EXPECT_THROW(asked.get(), uniffi::Cancelled);
  EXPECT_EQ(oracle->aborted, 1);
  { const auto dropped = listeners::ask(oracle, "slow"); }
  EXPECT_EQ(oracle->aborted, 2);
}

TEST(Listeners, RustsThreadsAskAtTheSameTime) { EXPECT_EQ(listeners::ask_from_threads(std::make_shared<Oracle>(), 64).get(), 64U); }

TEST(Listeners, TenThousandCallsFromRustLeaveNothingBehind) {
  std::vector<std::uint32_t> numbers(10'000, 1);
  EXPECT_EQ(listeners::add_up(std::make_shared<Oracle>(), numbers).get(), 10'000U);
  // Rust's threads of the tests before may hold theirs for a moment longer.
  for (int turn = 0; turn < 2000 && Oracle::living > 0; turn++) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(Oracle::living, 0);
  EXPECT_EQ(uniffi::handles<listeners::Responder>().size(), 0U);
}

} // namespace
