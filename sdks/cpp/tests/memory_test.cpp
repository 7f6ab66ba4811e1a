// Nothing grows: not the process, nor what it holds for the runtime.

#include "support.hpp"

#include <fstream>

namespace {

using namespace support;
using commy::Bytes;
using commy::Context;
using commy::Future;
using commy::Json;

constexpr int calls_in_all = 100'000;

std::size_t handlers() { return uniffi::handles<commy::raw::Handler>().size(); }

/// The memory that this process has in RAM.
long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) {
      return std::stol(line.substr(6));
    }
  }
  throw std::runtime_error("/proc/self/status has no VmRSS");
}

Future<void> call_often(const commy::Mesh &mesh, int count) {
  const Bytes payload{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (int number = 0; number < count; number++) {
    if (co_await mesh.call<Bytes>("echo", "", payload) != payload) {
      throw std::runtime_error("another payload came back");
    }
  }
}

long after(const commy::Mesh &mesh, int count) {
  std::vector<Future<void>> all;
  for (int task = 0; task < 64; task++) {
    all.push_back(call_often(mesh, count / 64));
  }
  for (auto &one : all) {
    one.get();
  }
  return resident_kib();
}

TEST(Memory, AHundredThousandCallsLeaveNoGrowth) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, [](const Bytes &bytes) { return bytes; }).get();
  // The first calls fill caches and the allocator's arenas; growth shows after them.
  const long before = after(mesh, calls_in_all / 5);
  const auto held = handlers();
  const long grown = after(mesh, calls_in_all * 4 / 5) - before;
  EXPECT_LT(grown, 3 * 1024) << "KiB";
  EXPECT_EQ(handlers(), held);
  EXPECT_EQ(mesh.stats().calls_in_flight, 0U);
}

TEST(Memory, TheLessUsualWaysLeaveNoGrowthEither) {
  const auto mesh = started({.max_payload_bytes = 1 << 20});
  commy::Service service;
  service.method("throws", [] { throw std::runtime_error("mine"); });
  service.method("plain", [](const Bytes &bytes) { return bytes; });
  service.method("stuck", [](const Json &, const Context &context) { return stopped(context.stop); });
  mesh.register_service({.service = "service"}, service).get();
  const std::vector<std::pair<std::string, std::function<void()>>> ways{
      {"throws", [&] { EXPECT_THROW(mesh.call("service", "throws").get(), commy::HandlerFailed); }},
      {"plain", [&] { mesh.call<Bytes>("service", "plain", Bytes(1000)).get(); }},
      // 12,000 cancellations in all, each at another moment of its call.
      {"dropped", [&] {
         for (int number = 0; number < 10; number++) {
           const auto dropped = mesh.call("service", "stuck");
         }
         mesh.call<Bytes>("service", "plain", Bytes(1)).get();
       }},
      {"timeout", [&] { EXPECT_THROW(mesh.call("service", "stuck", nullptr, {.timeout = 1ms}).get(), commy::DeadlineExceeded); }},
      {"large", [&] { EXPECT_THROW(mesh.call<Bytes>("service", "plain", Bytes((1 << 20) + 1)).get(), commy::ResourceExhausted); }},
      {"unknown", [&] { EXPECT_THROW(mesh.call("nobody").get(), commy::NotFound); }},
      {"subscribe", [&] {
         const auto events = mesh.subscribe("topic").get();
         mesh.publish("topic", Bytes(1000)).get();
         events.next().get();
       }},
      {"register", [&] { mesh.register_service({.service = "passing"}, echo, {.threads = 1}).get().deregister().get(); }},
  };
  for (const auto &[name, once] : ways) {
    const int count = name == "large" ? 40 : 400;
    for (int number = 0; number < count; number++) {
      once();
    }
    const long before = resident_kib();
    for (int number = 0; number < 2 * count; number++) {
      once();
    }
    EXPECT_LT(resident_kib() - before, 2 * 1024) << name;
    EXPECT_TRUE(eventually([] { return handlers() == 1; })) << name;
  }
}

TEST(Memory, ADeregisteredHandlerIsLetGo) {
  const auto mesh = started();
  auto held = std::make_shared<int>(7);
  const std::weak_ptr gone = held;
  const auto registration = mesh.register_service({.service = "held"}, [held] { return *held; }).get();
  held = nullptr;
  EXPECT_EQ(mesh.call("held").get(), 7);
  EXPECT_FALSE(gone.expired());
  registration.deregister().get();
  EXPECT_TRUE(eventually([&] { return gone.expired(); }));
}

TEST(Memory, AStoppedMeshIsLetGoWithAllThatItHeld) {
  ASSERT_TRUE(eventually([] { return handlers() == 0; }));
  {
    const auto mesh = started();
    for (int number = 0; number < 10; number++) {
      mesh.register_service({.service = "service-" + std::to_string(number)}, echo).get();
    }
    const auto watch = mesh.watch();
    const auto events = mesh.subscribe("**").get();
    EXPECT_EQ(handlers(), 10U);
  }
  EXPECT_TRUE(eventually([] { return handlers() == 0; }));
}

} // namespace
