#include "callbacks.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using callbacks::TransformError;

class Recorder : public callbacks::Transformer {
public:
  static inline std::atomic<int> living = 0;

  Recorder() { living++; }
  ~Recorder() override { living--; }

  std::string apply(std::string text) override { return text + "!"; }
  std::string try_apply(std::string text) override {
    if (text == "bad") {
      throw TransformError(TransformError::Rejected{text, 3});
    }
    if (text == "worse") {
      throw std::runtime_error("broken");
    }
    return text + text;
  }
  void seen(std::uint64_t index, std::optional<std::vector<std::uint8_t>> payload) override {
    const bool is_right = payload.has_value() == (index % 2 == 0) && (!payload || payload->size() == 4);
    const std::lock_guard lock(mutex);
    count++;
    right += is_right ? 1 : 0;
  }

  std::mutex mutex;
  int count = 0;
  int right = 0;
};

TEST(Callbacks, RustCallsBackOnThisThread) {
  EXPECT_EQ(callbacks::transform(std::make_shared<Recorder>(), "zwölf"), "zwölf!");
  EXPECT_EQ(callbacks::try_transform(std::make_shared<Recorder>(), "ab"), "abab");
}

TEST(Callbacks, OneMayCallRust) {
  class Doubler : public Recorder, public std::enable_shared_from_this<Doubler> {
    std::string apply(std::string text) override { return text.size() < 20 ? callbacks::transform(shared_from_this(), text + text) : text; }
  };
  EXPECT_EQ(callbacks::transform(std::make_shared<Doubler>(), "ab").size(), 32U);
}

TEST(Callbacks, ItsErrorIsTheCalls) {
  try {
    callbacks::try_transform(std::make_shared<Recorder>(), "bad");
    FAIL();
  } catch (const TransformError::Rejected &error) {
    EXPECT_EQ(error.text, "bad");
    EXPECT_EQ(error.position, 3U);
  }
  try {
    callbacks::try_transform(std::make_shared<Recorder>(), "worse");
    FAIL();
  } catch (const TransformError::Unexpected &error) {
    EXPECT_EQ(error.reason, "broken");
  }
}

TEST(Callbacks, TenThousandCallsFromThreadsOfRustsLeaveNothingBehind) {
  const auto recorder = std::make_shared<Recorder>();
  {
    const callbacks::Pump pump(recorder);
    pump.run(8, 1250);
    EXPECT_EQ(pump.finished(), 10'000U);
  }
  EXPECT_EQ(recorder->count, 10'000);
  EXPECT_EQ(recorder->right, 10'000);
  EXPECT_EQ(uniffi::handles<callbacks::Transformer>().size(), 0U);
}

TEST(Callbacks, CallsArriveAfterTheCallThatCausedThem) {
  const auto recorder = std::make_shared<Recorder>();
  const callbacks::Pump pump(recorder);
  pump.run_later(50, 5);
  for (int turn = 0; turn < 2000 && pump.finished() < 50; turn++) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(pump.finished(), 50U);
}

TEST(Callbacks, RustLetsGoOfOne) {
  // The thread of the test before may hold its own for a moment longer.
  for (int turn = 0; turn < 2000 && Recorder::living > 0; turn++) {
    std::this_thread::sleep_for(5ms);
  }
  {
    const callbacks::Pump pump(std::make_shared<Recorder>());
    EXPECT_EQ(Recorder::living, 1);
  }
  EXPECT_EQ(Recorder::living, 0);
}

} // namespace
