// A mesh is created, started, stopped, started again, and refuses what it cannot do meanwhile.

#include "support.hpp"

namespace {

using namespace support;
using commy::Mesh;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Lifecycle, TheVersionIsThePackages) { EXPECT_EQ(commy::version(), COMMY_VERSION); }

TEST(Lifecycle, CreatingAMeshStartsNothing) {
  const auto name = fresh_name();
  const Mesh mesh(name);
  EXPECT_EQ(mesh.name(), name);
  EXPECT_FALSE(mesh.node_id().empty());
  EXPECT_FALSE(mesh.is_running());
}

TEST(Lifecycle, DestroyingAMeshStopsIt) {
  const auto name = fresh_name();
  const Mesh other(name);
  other.start().get();
  {
    const Mesh mesh(name);
    mesh.start().get();
    mesh.register_service({.service = "echo"}, echo).get();
    EXPECT_EQ(other.discover().size(), 1U);
  }
  EXPECT_TRUE(other.discover().empty());
}

TEST(Lifecycle, ABadNameIsRefusedAndNamed) {
  for (const auto &bad : {""s, std::string(65, 'n'), "has space"s, "größe"s, ".begins-with-dot"s, "ends-with-dot."s, "two..dots"s, "a/b"s}) {
    const auto error = caught<commy::InvalidArgument>([&] { Mesh mesh(bad); });
    EXPECT_EQ(error.status(), commy::Status::invalid_argument);
    EXPECT_THAT(error.reason(), StartsWith("mesh name \"" + bad.substr(0, 20)));
    EXPECT_THAT(error.what(), StartsWith("INVALID_ARGUMENT: "));
  }
}

TEST(Lifecycle, ANameThatIsNotUtf8IsRefused) {
  const auto error = caught<commy::InvalidArgument>([] { Mesh mesh("bad\xff"); });
  EXPECT_THAT(error.reason(), HasSubstr("must be UTF-8"));
}

TEST(Lifecycle, OptionsThatBreakARuleAreRefused) {
  const auto refused = [](const commy::MeshOptions &options) { EXPECT_THROW(Mesh(fresh_name(), options), commy::InvalidArgument); };
  refused({.call_timeout = 0ms});
  refused({.call_timeout = -1ms});
  refused({.drain_timeout = -1ms});
  refused({.max_payload_bytes = (1ULL << 30) + 1});
  refused({.balance = static_cast<commy::Balance>(9)});
  refused({.breaker = commy::CircuitBreaker{.requests_min = 0}});
  refused({.breaker = commy::CircuitBreaker{.failure_ratio = 0}});
  refused({.breaker = commy::CircuitBreaker{.failure_ratio = std::nan("")}});
  refused({.breaker = commy::CircuitBreaker{.window = 0ms}});
  refused({.breaker = commy::CircuitBreaker{.open = -1ms}});
  refused({.zone = "z\xff"});
}

TEST(Lifecycle, TheFacadesDefaultsAreTheLibrarys) {
  const commy::raw::MeshOptions raw{.name = ""};
  const commy::MeshOptions options;
  EXPECT_EQ(static_cast<std::uint64_t>(options.call_timeout.count()), raw.call_timeout_ms);
  EXPECT_EQ(static_cast<std::uint64_t>(options.drain_timeout.count()), raw.drain_timeout_ms);
  EXPECT_EQ(options.max_payload_bytes, raw.max_payload_bytes);
  EXPECT_EQ(options.balance, raw.balance);
  EXPECT_FALSE(raw.breaker.has_value());
  const commy::raw::CircuitBreaker raw_breaker;
  const commy::CircuitBreaker breaker;
  EXPECT_EQ(breaker.requests_min, raw_breaker.requests_min);
  EXPECT_EQ(breaker.failure_ratio, raw_breaker.failure_ratio);
  EXPECT_EQ(static_cast<std::uint64_t>(breaker.window.count()), raw_breaker.window_ms);
  EXPECT_EQ(static_cast<std::uint64_t>(breaker.open.count()), raw_breaker.open_ms);
  const auto call = commy::detail::lower(commy::CallOptions{});
  EXPECT_EQ(call, commy::raw::CallOptions{});
  const auto check = commy::detail::lower(commy::HealthCheck{.probe = commy::Tcp{}});
  EXPECT_EQ(check, (commy::raw::HealthCheck{.probe = commy::raw::Probe::Tcp{}}));
}

TEST(Lifecycle, StartingTwiceDoesNothing) {
  const auto mesh = started();
  mesh.start().get();
  EXPECT_TRUE(mesh.is_running());
}

TEST(Lifecycle, StoppingTwiceOrBeforeTheStartDoesNothing) {
  const Mesh mesh(fresh_name());
  mesh.stop().get();
  mesh.start().get();
  mesh.stop().get();
  mesh.stop().get();
  EXPECT_FALSE(mesh.is_running());
}

TEST(Lifecycle, AStoppedMeshStartsAgain) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  mesh.stop().get();
  mesh.start().get();
  EXPECT_TRUE(mesh.discover().empty());
  mesh.register_service({.service = "echo"}, echo).get();
  EXPECT_EQ(mesh.call("echo", "", 1).get(), 1);
}

TEST(Lifecycle, NothingWorksBeforeTheStartOrAfterTheStop) {
  const Mesh mesh(fresh_name());
  for (int turn = 0; turn < 2; turn++) {
    const auto refused = [](const auto &operation) { EXPECT_THAT(caught<commy::FailedPrecondition>(operation).reason(), HasSubstr("running")); };
    refused([&] { mesh.call("echo").get(); });
    refused([&] { mesh.publish("topic").get(); });
    refused([&] { mesh.subscribe("topic").get(); });
    refused([&] { mesh.register_service({.service = "echo"}, echo).get(); });
    refused([&] { mesh.advertise({.service = "outside"}, "tcp://127.0.0.1:1").get(); });
    refused([&] { mesh.discover(); });
    refused([&] { mesh.watch(); });
    refused([&] { mesh.active_service_count(); });
    mesh.start().get();
    mesh.stop().get();
  }
}

TEST(Lifecycle, AMeshThatWasMovedFromIsRefused) {
  auto mesh = started();
  const Mesh other = std::move(mesh);
  EXPECT_THROW(mesh.discover(), commy::FailedPrecondition);
  EXPECT_TRUE(other.is_running());
}

TEST(Lifecycle, StoppingWaitsForCallsInFlight) {
  const auto mesh = started();
  Gate begun;
  Gate may_end;
  mesh.register_service({.service = "slow"}, [&](const commy::Json &value) {
        begun.open();
        may_end.wait();
        return value;
      })
      .get();
  auto call = mesh.call("slow", "", "done");
  ASSERT_TRUE(begun.wait());
  auto stop = mesh.stop();
  EXPECT_FALSE(stop.wait_for(20ms));
  may_end.open();
  EXPECT_EQ(call.get(), "done");
  stop.get();
}

TEST(Lifecycle, StoppingCancelsWhatOutlastsTheDrainTimeout) {
  const auto mesh = started({.drain_timeout = 50ms});
  Gate begun;
  Gate cancelled;
  mesh.register_service({.service = "stuck"}, [&](const commy::Json &, const commy::Context &context) -> commy::Future<void> {
        begun.open();
        co_await stopped(context.stop);
        cancelled.open();
      })
      .get();
  auto call = mesh.call("stuck");
  ASSERT_TRUE(begun.wait());
  mesh.stop().get();
  const auto error = caught<commy::Error>([&] { call.get(); });
  EXPECT_THAT(error.status(), testing::AnyOf(commy::Status::cancelled, commy::Status::unavailable));
  EXPECT_TRUE(cancelled.wait());
}

TEST(Lifecycle, StoppingEndsWatchesAndSubscriptions) {
  const auto mesh = started();
  const auto watch = mesh.watch();
  const auto events = mesh.subscribe("**").get();
  auto change = watch.next();
  auto event = events.next();
  mesh.stop().get();
  EXPECT_FALSE(change.get().has_value());
  EXPECT_FALSE(event.get().has_value());
  for (const auto &more : events) {
    ADD_FAILURE() << more.topic;
  }
}

TEST(Lifecycle, TwoMeshesOfDifferentNamesDoNotSeeEachOther) {
  const auto one = started();
  const auto other = started();
  one.register_service({.service = "echo"}, echo).get();
  EXPECT_EQ(one.discover().size(), 1U);
  EXPECT_TRUE(other.discover().empty());
  EXPECT_THROW(other.call("echo", "", nullptr, {.timeout = 1s}).get(), commy::NotFound);
}

TEST(Lifecycle, TwoMeshesOfOneNameCallEachOther) {
  const auto name = fresh_name();
  const Mesh one(name);
  const Mesh other(name);
  one.start().get();
  other.start().get();
  EXPECT_EQ(one.node_id(), other.node_id()) << "a process is one node of a mesh, however often it joins";
  const auto changes = other.watch({.service = "echo"});
  one.register_service({.service = "echo"}, echo).get();
  EXPECT_TRUE(changes.next().get().has_value());
  EXPECT_EQ(other.call("echo", "", "hi").get(), "hi");
}

} // namespace
