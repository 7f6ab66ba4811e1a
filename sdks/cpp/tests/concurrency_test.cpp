// Many calls at once, from many threads and coroutines.

#include "support.hpp"

#include <barrier>
#include <set>

namespace {

using namespace support;
using commy::Future;
using commy::Json;

TEST(Concurrency, AThousandCallsAtOnceEachGetTheirOwnAnswer) {
  const auto mesh = started();
  commy::Service service;
  service.method("coroutine", [](int value) -> Future<int> { co_return 2 * value; });
  service.method("plain", [](int value) { return 2 * value; });
  mesh.register_service({.service = "double"}, service).get();
  for (const auto *method : {"coroutine", "plain"}) {
    std::vector<Future<int>> calls;
    for (int number = 0; number < 500; number++) {
      calls.push_back(mesh.call<int>("double", method, number));
    }
    for (int number = 0; number < 500; number++) {
      EXPECT_EQ(calls[static_cast<std::size_t>(number)].get(), 2 * number);
    }
  }
  EXPECT_EQ(mesh.stats().calls_in_flight, 0U);
}

TEST(Concurrency, HandlersRunAtOnceAndInNoMoreThreadsThanAllowed) {
  const auto mesh = started();
  std::barrier together(4);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  mesh.register_service({.service = "meet"}, [&](int value) {
        {
          const std::lock_guard lock(mutex);
          threads.insert(std::this_thread::get_id());
        }
        together.arrive_and_wait();
        return value; }, {.threads = 4})
      .get();
  std::vector<Future<int>> calls;
  for (int number = 0; number < 8; number++) {
    calls.push_back(mesh.call<int>("meet", "", number));
  }
  for (int number = 0; number < 8; number++) {
    EXPECT_EQ(calls[static_cast<std::size_t>(number)].get(), number);
  }
  EXPECT_EQ(threads.size(), 4U);
}

TEST(Concurrency, AHandlerThatBlocksMayCallOn) {
  const auto mesh = started();
  mesh.register_service({.service = "inner"}, [](int value) { return value + 1; }).get();
  mesh.register_service({.service = "outer"}, [&](int value) { return mesh.call<int>("inner", "", value).get() * 10; }).get();
  EXPECT_EQ(mesh.call<int>("outer", "", 4).get(), 50);
}

TEST(Concurrency, SeveralThreadsShareAMesh) {
  const auto mesh = started();
  mesh.register_service({.service = "square"}, [](int value) { return value * value; }).get();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; thread++) {
    threads.emplace_back([&] {
      for (int number = 0; number < 50; number++) {
        right += mesh.call<int>("square", "", number).get() == number * number ? 1 : 0;
      }
    });
  }
  for (auto &thread : threads) {
    thread.join();
  }
  EXPECT_EQ(right, 400);
}

TEST(Concurrency, CoroutinesOfManyMembersCallEachOther) {
  const auto mesh = started();
  for (int number = 0; number < 4; number++) {
    mesh.register_service({.service = "member-" + std::to_string(number)}, [number](int value) -> Future<int> { co_return 100 * number + value; }).get();
  }
  auto visit = [](const commy::Mesh &mesh) -> Future<int> {
    int total = 0;
    for (int other = 0; other < 4; other++) {
      for (int value = 0; value < 25; value++) {
        total += co_await mesh.call<int>("member-" + std::to_string(other), "", value);
      }
    }
    co_return total;
  };
  std::vector<Future<int>> visitors;
  for (int number = 0; number < 4; number++) {
    visitors.push_back(visit(mesh));
  }
  for (auto &visitor : visitors) {
    EXPECT_EQ(visitor.get(), 25 * 600 + 4 * 300);
  }
}

TEST(Concurrency, MeshesStartAndStopInNumbers) {
  auto live = [](int number) -> Future<int> {
    const commy::Mesh mesh(fresh_name());
    co_await mesh.start();
    const commy::ServiceSpec spec{.service = "echo"};
    co_await mesh.register_service(spec, echo);
    const int answer = co_await mesh.call<int>("echo", "", number);
    co_await mesh.stop();
    co_return answer;
  };
  std::vector<Future<int>> all;
  for (int number = 0; number < 20; number++) {
    all.push_back(live(number));
  }
  for (int number = 0; number < 20; number++) {
    EXPECT_EQ(all[static_cast<std::size_t>(number)].get(), number);
  }
}

TEST(Concurrency, RegisteringAndDeregisteringAmidCallsFailsNone) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  auto churn = [&] {
    for (int number = 0; number < 30; number++) {
      mesh.register_service({.service = "echo"}, echo).get().deregister().get();
    }
  };
  std::thread one(churn);
  std::thread other(churn);
  int total = 0;
  for (int number = 0; number < 150; number++) {
    total += mesh.call<int>("echo", "", number).get();
  }
  one.join();
  other.join();
  EXPECT_EQ(total, 150 * 149 / 2);
  EXPECT_EQ(mesh.discover().size(), 1U);
}

} // namespace
