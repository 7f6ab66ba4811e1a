#include "futures.hpp"

#include <chrono>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using futures::DelayError;
using uniffi::Future;

/// Waits until Rust holds no future any more.
void settle() {
  for (int turn = 0; turn < 2000 && futures::live_futures() > 0; turn++) {
    std::this_thread::sleep_for(5ms);
  }
  ASSERT_EQ(futures::live_futures(), 0U);
}

TEST(Futures, ThoseThatAreReadyGiveResultsOfEveryKind) {
  EXPECT_EQ(futures::ready_u8(255).get(), 255);
  EXPECT_EQ(futures::ready_i64(std::numeric_limits<std::int64_t>::min()).get(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(futures::ready_f32(0.5F).get(), 0.5F);
  EXPECT_EQ(futures::ready_f64(0.25).get(), 0.25);
  EXPECT_TRUE(futures::ready_boolean(true).get());
  EXPECT_EQ(futures::ready_string("zwölf").get(), "zwölf");
  EXPECT_EQ(futures::ready_sequence({1, 2}).get(), (std::vector<std::uint32_t>{1, 2}));
  futures::ready().get();
}

TEST(Futures, OneThatWaitsIsWaitedFor) {
  auto greeting = futures::greet_after("ada", 20);
  EXPECT_FALSE(greeting.is_ready());
  EXPECT_FALSE(greeting.wait_for(1ms));
  EXPECT_EQ(greeting.get(), "hello, ada");
  EXPECT_FALSE(greeting.valid());
  EXPECT_THROW(greeting.get(), std::future_error);
}

TEST(Futures, OneGoesOnThoughNobodyWaits) {
  auto greeting = futures::greet_after("ada", 5);
  EXPECT_TRUE(greeting.wait_for(10s));
  EXPECT_TRUE(greeting.is_ready());
  EXPECT_EQ(greeting.get(), "hello, ada");
}

Future<std::string> conversation(std::string who) {
  std::string said = co_await futures::greet_after(who, 5);
  said += "; " + co_await futures::greet_after(who, 0);
  const auto number = co_await futures::ready_u8(7);
  co_return said + " " + std::to_string(number);
}

TEST(Futures, CoroutinesAwaitThem) { EXPECT_EQ(conversation("ada").get(), "hello, ada; hello, ada 7"); }

TEST(Futures, ManyWaitAtOnce) {
  std::vector<Future<std::string>> all;
  for (std::uint64_t index = 0; index < 200; index++) {
    all.push_back(conversation(std::to_string(index)));
  }
  for (std::size_t index = 0; index < all.size(); index++) {
    EXPECT_THAT(all[index].get(), testing::StartsWith("hello, " + std::to_string(index) + ";"));
  }
}

TEST(Futures, OneMayWakeItsCallerOften) {
  EXPECT_EQ(futures::wake_often(0).get(), 0U);
  EXPECT_EQ(futures::wake_often(5000).get(), 5000U);
  auto awaited = []() -> Future<std::uint32_t> { co_return co_await futures::wake_often(5000); };
  EXPECT_EQ(awaited().get(), 5000U);
}

TEST(Futures, AFailureIsThrownAndSoIsAPanic) {
  try {
    futures::fail_after("why", 1).get();
    FAIL();
  } catch (const DelayError::Failed &error) {
    EXPECT_EQ(error.reason, "why");
  }
  const auto explode = [] { futures::explode_after("boom", 1).get(); };
  EXPECT_THAT(explode, testing::ThrowsMessage<uniffi::InternalError>("boom"));
  auto caught = []() -> Future<std::string> {
    try {
      co_await futures::fail_after("coroutine", 1);
    } catch (const DelayError::Failed &error) {
      co_return error.reason;
    }
    co_return "";
  };
  EXPECT_EQ(caught().get(), "coroutine");
}

TEST(Futures, OneBecomesAStdFuture) {
  std::future<std::string> greeting = futures::greet_after("ada", 5);
  EXPECT_EQ(greeting.get(), "hello, ada");
  std::future<void> done = futures::ready().to_std();
  done.get();
  EXPECT_THROW(futures::fail_after("why", 1).to_std().get(), DelayError);
}

TEST(Futures, ObjectsHaveAsyncConstructorsAndMethods) {
  const auto ticker = futures::Ticker::prepared(2, 1).get();
  EXPECT_EQ(ticker.remaining().get(), 2U);
  EXPECT_EQ(ticker.next().get(), 0U);
  EXPECT_EQ(ticker.next_or_fail().get(), 1U);
  EXPECT_EQ(ticker.next().get(), std::nullopt);
  EXPECT_THROW(ticker.next_or_fail().get(), DelayError::Failed);
  EXPECT_THROW(futures::Ticker::refused("no").get(), DelayError::Failed);
  EXPECT_EQ(futures::ticker_after(1).get().remaining().get(), 3U);
}

TEST(Futures, AnObjectMayBeDestroyedWhileItsFutureWaits) {
  auto next = futures::Ticker(1).next();
  EXPECT_EQ(next.get(), 0U);
}

TEST(Futures, AnExecutorOfTheUsersRunsWhatAwaits) {
  class Counting final : public uniffi::Executor {
  public:
    void post(std::function<void()> job) override {
      posted++;
      pool.post(std::move(job));
    }
    std::atomic<int> posted = 0;
    uniffi::ThreadPool pool{2};
  };
  const auto executor = std::make_shared<Counting>();
  auto thread = [](std::shared_ptr<Counting> executor) -> Future<std::thread::id> {
    co_await futures::sleep(5).via(executor);
    co_return std::this_thread::get_id();
  };
  EXPECT_NE(thread(executor).get(), std::this_thread::get_id());
  EXPECT_GT(executor->posted, 0);
}

TEST(Futures, StoppingReachesRust) {
  settle();
  const auto before = futures::cancelled_futures();
  std::stop_source stop;
  auto never = futures::never(stop.get_token());
  EXPECT_EQ(futures::live_futures(), 1U);
  std::thread stopper([&] {
    std::this_thread::sleep_for(5ms);
    stop.request_stop();
  });
  EXPECT_THROW(never.get(), uniffi::Cancelled);
  stopper.join();
  EXPECT_EQ(futures::live_futures(), 0U);
  EXPECT_EQ(futures::cancelled_futures(), before + 1);
}

TEST(Futures, StoppingBeforeTheCallCallsNothing) {
  const auto before = futures::cancelled_futures();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(futures::never(stop.get_token()).get(), uniffi::Cancelled);
  EXPECT_EQ(futures::cancelled_futures(), before);
}

TEST(Futures, StoppingAfterTheEndDoesNothing) {
  std::stop_source stop;
  EXPECT_EQ(futures::ready_u8(1, stop.get_token()).get(), 1);
  stop.request_stop();
}

TEST(Futures, DroppingOneCancelsAtOnce) {
  settle();
  const auto before = futures::cancelled_futures();
  {
    const auto never = futures::never();
    EXPECT_EQ(futures::live_futures(), 1U);
  }
  EXPECT_EQ(futures::live_futures(), 0U);
  EXPECT_EQ(futures::cancelled_futures(), before + 1);
}

TEST(Futures, TenThousandCancellationsLeaveNothingBehind) {
  settle();
  const auto before = futures::cancelled_futures();
  for (int batch = 0; batch < 10; batch++) {
    std::stop_source stop;
    std::vector<Future<void>> all;
    for (int index = 0; index < 1000; index++) {
      all.push_back(futures::never(stop.get_token()));
    }
    stop.request_stop();
    for (auto &never : all) {
      EXPECT_THROW(never.get(), uniffi::Cancelled);
    }
  }
  EXPECT_EQ(futures::cancelled_futures(), before + 10'000);
  EXPECT_EQ(futures::live_futures(), 0U);
}

TEST(Futures, TenThousandCancellationsThatRaceCompletionLeaveNothingBehind) {
  settle();
  int done = 0;
  int cancelled = 0;
  int dropped = 0;
  for (int batch = 0; batch < 50; batch++) {
    std::vector<std::stop_source> stops(200);
    std::vector<Future<std::string>> all;
    for (std::size_t index = 0; index < stops.size(); index++) {
      all.push_back(futures::greet_after("x", index % 3, stops[index].get_token()));
    }
    std::thread stopper([&] {
      for (auto &stop : stops) {
        stop.request_stop();
      }
    });
    for (std::size_t index = 0; index < all.size(); index++) {
      if (index % 4 == 0) {
        const auto gone = std::move(all[index]);
        dropped++;
        continue;
      }
      try {
        EXPECT_EQ(all[index].get(), "hello, x");
        done++;
      } catch (const uniffi::Cancelled &) {
        cancelled++;
      }
    }
    stopper.join();
  }
  EXPECT_EQ(done + cancelled + dropped, 10'000);
  EXPECT_GT(cancelled, 0);
  settle();
}

TEST(Futures, AHundredThousandCallsLeaveNothingBehind) {
  settle();
  for (int turn = 0; turn < 100'000; turn++) {
    ASSERT_EQ(futures::ready_u8(static_cast<std::uint8_t>(turn)).get(), static_cast<std::uint8_t>(turn));
  }
  EXPECT_EQ(futures::live_futures(), 0U);
}

} // namespace
