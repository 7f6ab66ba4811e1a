// Stopping or dropping a call reaches the handler, wherever it runs.

#include "support.hpp"

namespace {

using namespace support;
using commy::CallOptions;
using commy::Context;
using commy::Future;
using commy::Json;

/// Coroutines and plain handlers that wait to be cancelled, and tell.
struct Stuck {
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;

  commy::Service service() {
    commy::Service stuck;
    stuck.method("wait", [this](const Json &, const Context &context) -> Future<void> {
      begun++;
      co_await stopped(context.stop);
      ended++;
    });
    stuck.method("poll", [this](const Json &, const Context &context) {
      begun++;
      while (!context.stop.stop_requested()) {
        std::this_thread::sleep_for(1ms);
      }
      ended++;
    });
    return stuck;
  }

  bool begins() const {
    return eventually([&] { return begun > 0; });
  }
  bool ends() const {
    return eventually([&] { return ended > 0; });
  }
};

TEST(Cancel, AStopTokenCancelsTheHandler) {
  for (const auto *method : {"wait", "poll"}) {
    Stuck stuck;
    const auto mesh = started();
    mesh.register_service({.service = "stuck"}, stuck.service()).get();
    std::stop_source stop;
    auto call = mesh.call("stuck", method, nullptr, {.stop = stop.get_token()});
    ASSERT_TRUE(stuck.begins());
    stop.request_stop();
    EXPECT_THROW(call.get(), commy::Cancelled);
    EXPECT_TRUE(stuck.ends());
    EXPECT_EQ(mesh.stats().calls_in_flight, 0U);
  }
}

TEST(Cancel, ADroppedFutureCancelsTheHandler) {
  for (const auto *method : {"wait", "poll"}) {
    Stuck stuck;
    const auto mesh = started();
    mesh.register_service({.service = "stuck"}, stuck.service()).get();
    {
      const auto call = mesh.call("stuck", method);
      ASSERT_TRUE(stuck.begins());
    }
    EXPECT_TRUE(stuck.ends());
    EXPECT_EQ(mesh.stats().calls_in_flight, 0U);
  }
}

TEST(Cancel, ADeadlineThatPassesCancelsTheHandler) {
  for (const auto *method : {"wait", "poll"}) {
    Stuck stuck;
    const auto mesh = started();
    mesh.register_service({.service = "stuck"}, stuck.service()).get();
    EXPECT_THROW(mesh.call("stuck", method, nullptr, {.timeout = 30ms}).get(), commy::DeadlineExceeded);
    EXPECT_TRUE(stuck.ends());
  }
}

TEST(Cancel, AStopThatWasRequestedBeforeSendsNothing) {
  Stuck stuck;
  const auto mesh = started();
  mesh.register_service({.service = "stuck"}, stuck.service()).get();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(mesh.call("stuck", "wait", nullptr, {.stop = stop.get_token()}).get(), commy::Cancelled);
  EXPECT_EQ(stuck.begun, 0);
}

TEST(Cancel, ItPassesThroughAChainOfServices) {
  Stuck stuck;
  const auto mesh = started();
  mesh.register_service({.service = "last"}, stuck.service()).get();
  mesh.register_service({.service = "middle"}, [&](const Json &, const Context &context) { return mesh.call("last", "wait", nullptr, {.stop = context.stop}); }).get();
  mesh.register_service({.service = "first"}, [&](const Json &, const Context &context) -> Future<Json> {
        const CallOptions options{.stop = context.stop};
        co_return co_await mesh.call("middle", "", nullptr, options);
      })
      .get();
  std::stop_source stop;
  auto call = mesh.call("first", "", nullptr, {.stop = stop.get_token()});
  ASSERT_TRUE(stuck.begins());
  stop.request_stop();
  EXPECT_TRUE(stuck.ends());
  EXPECT_THROW(call.get(), commy::Cancelled);
}

TEST(Cancel, AHandlerThatIgnoresItHarmsNobody) {
  const auto mesh = started();
  Gate begun;
  Gate may_end;
  Gate ended;
  mesh.register_service({.service = "stubborn"}, [&] {
        begun.open();
        may_end.wait();
        ended.open();
        return "late";
      })
      .get();
  {
    const auto call = mesh.call("stubborn");
    ASSERT_TRUE(begun.wait());
  }
  may_end.open();
  EXPECT_TRUE(ended.wait());
  EXPECT_EQ(mesh.call("stubborn").get(), "late");
}

TEST(Cancel, AHandlerThatWasCancelledWhileItWaitedForAThreadNeverRuns) {
  const auto mesh = started();
  Gate entered;
  Gate may_end;
  std::mutex mutex;
  std::vector<std::string> ran;
  mesh.register_service({.service = "block"}, [&](const std::string &value) {
        {
          const std::lock_guard lock(mutex);
          ran.push_back(value);
        }
        entered.open();
        may_end.wait(); }, {.threads = 1})
      .get();
  auto first = mesh.call("block", "", "first");
  ASSERT_TRUE(entered.wait());
  EXPECT_THROW(mesh.call("block", "", "second", {.timeout = 20ms}).get(), commy::DeadlineExceeded);
  // The caller learns of its deadline first.
  ASSERT_TRUE(eventually([&] { return mesh.stats().requests_in_flight == 1; }));
  may_end.open();
  first.get();
  mesh.call("block", "", "third").get();
  EXPECT_EQ(ran, (std::vector<std::string>{"first", "third"}));
}

TEST(Cancel, CallsCancelledAtEveryMomentLeaveNothingBehind) {
  const auto mesh = started();
  std::atomic<int> running = 0;
  mesh.register_service({.service = "work"}, [&](int value, const Context &context) -> Future<int> {
        running++;
        if (value % 3 == 0) {
          co_await stopped(context.stop);
        }
        running--;
        co_return value;
      })
      .get();
  int done = 0;
  int cancelled = 0;
  for (int turn = 0; turn < 100; turn++) {
    std::stop_source stop;
    std::vector<Future<int>> calls;
    for (int number = 0; number < 100; number++) {
      calls.push_back(mesh.call<int>("work", "", number, {.stop = stop.get_token()}));
    }
    const std::jthread stopper([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(50 * turn));
      stop.request_stop();
    });
    for (std::size_t number = 0; number < calls.size(); number++) {
      if (number % 10 == 1) {
        const auto dropped = std::move(calls[number]);
        continue;
      }
      try {
        calls[number].get();
        done++;
      } catch (const commy::Cancelled &) {
        cancelled++;
      }
    }
    // Calls that were cancelled may still wait to be begun, and there is room for so many.
    ASSERT_EQ(mesh.call<int>("work", "", 1).get(), 1);
    ASSERT_TRUE(eventually([&] { return mesh.stats().requests_in_flight == 0; }));
  }
  EXPECT_EQ(done + cancelled, 9000);
  EXPECT_GT(cancelled, 0);
  EXPECT_EQ(mesh.call<int>("work", "", 1).get(), 1);
  EXPECT_TRUE(eventually([&] { return running == 0 && mesh.stats().requests_in_flight == 0; }));
  EXPECT_EQ(mesh.stats().calls_in_flight, 0U);
}

} // namespace
