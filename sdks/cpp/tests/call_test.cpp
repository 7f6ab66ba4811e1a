// A call reaches one instance that its caller's options allow, and brings back its answer.

#include "support.hpp"

#include <set>

namespace {

using namespace support;
using commy::Balance;
using commy::CallOptions;
using commy::Context;
using commy::Future;
using commy::Json;
using commy::Message;

TEST(Call, ValuesTravelBothWays) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  const Json value{{"id", 1}, {"items", {"ä", nullptr, 1.5, true}}};
  EXPECT_EQ(mesh.call("echo", "any", value).get(), value);
  EXPECT_EQ(mesh.call("echo").get(), nullptr);
  EXPECT_EQ(mesh.call<int>("echo", "", 7).get(), 7);
  EXPECT_EQ(mesh.call<std::vector<std::string>>("echo", "", std::vector<std::string>{"a", "b"}).get(), (std::vector<std::string>{"a", "b"}));
  mesh.call<void>("echo", "", 1).get();
}

TEST(Call, HeadersTravelBothWays) {
  const auto mesh = started();
  mesh.register_service({.service = "headers"}, [](const std::string &value, const Context &context) { return Message::of(value, {{"seen", context.headers.at("trace")}, {"method", context.method}}); }).get();
  const auto reply = mesh.request("headers", "read", "hi", {.headers = {{"trace", "abc-ü"}}}).get();
  EXPECT_EQ(reply.as<std::string>(), "hi");
  EXPECT_EQ(reply.message.headers, (commy::Headers{{"seen", "abc-ü"}, {"method", "read"}}));
  EXPECT_EQ(reply.message.content_type, "application/json");
  EXPECT_EQ(reply.served_by, mesh.discover().at(0).id);
}

TEST(Call, AHandlerLearnsOfTheCall) {
  const auto mesh = started();
  Context seen;
  mesh.register_service({.service = "learn"}, [&](const Json &, const Context &context) {
        seen = context;
        EXPECT_GT(context.time_left(), 0ms);
        EXPECT_LE(context.time_left(), 5s);
      })
      .get();
  mesh.call("learn", "now", nullptr, {.timeout = 5s}).get();
  EXPECT_EQ(seen.service, "learn");
  EXPECT_EQ(seen.method, "now");
  EXPECT_EQ(seen.caller, mesh.node_id());
  EXPECT_EQ(seen.attempt, 1U);
  EXPECT_EQ(seen.content_type, "application/json");
  EXPECT_FALSE(seen.stop.stop_requested());
}

TEST(Call, ACoroutineCalls) {
  const auto mesh = started();
  mesh.register_service({.service = "double"}, [](int value) { return 2 * value; }).get();
  auto twice = [](const commy::Mesh &mesh) -> Future<int> {
    const int once = co_await mesh.call<int>("double", "", 3);
    co_return co_await mesh.call<int>("double", "", once);
  };
  EXPECT_EQ(twice(mesh).get(), 12);
  std::future<int> future = mesh.call<int>("double", "", 4);
  EXPECT_EQ(future.get(), 8);
}

TEST(Call, WithoutATimeoutTheMeshsOwnHolds) {
  const auto mesh = started({.call_timeout = 50ms});
  mesh.register_service({.service = "stuck"}, [](const Json &, const Context &context) { return stopped(context.stop); }).get();
  EXPECT_THROW(mesh.call("stuck").get(), commy::DeadlineExceeded);
}

TEST(Call, ATimeoutOfZeroIsExceededAtOnceAndNothingIsSent) {
  const auto mesh = started();
  std::atomic<int> calls = 0;
  mesh.register_service({.service = "count"}, [&] { calls++; }).get();
  EXPECT_THROW(mesh.call("count", "", nullptr, {.timeout = 0ms}).get(), commy::DeadlineExceeded);
  mesh.call("count", "", nullptr, {.timeout = 5s}).get();
  EXPECT_EQ(calls, 1);
  EXPECT_THROW(mesh.call("count", "", nullptr, {.timeout = -1ms}).get(), commy::InvalidArgument);
}

TEST(Call, AHandlerThatHangsExceedsTheDeadlineAndItsServiceGoesOn) {
  const auto mesh = started();
  Gate may_end;
  commy::Service hangs;
  hangs.method("hang", [](const Json &, const Context &context) { return stopped(context.stop); });
  hangs.method("block", [&] { may_end.wait(); });
  hangs.method("fine", [] { return "fine"; });
  mesh.register_service({.service = "hangs"}, hangs).get();
  for (const std::string method : {"hang", "block"}) {
    const auto error = caught<commy::DeadlineExceeded>([&] { mesh.call("hangs", method, nullptr, {.timeout = 50ms}).get(); });
    EXPECT_EQ(error.service(), "hangs");
    EXPECT_EQ(error.method(), method);
    EXPECT_EQ(mesh.call("hangs", "fine").get(), "fine");
  }
  may_end.open();
}

TEST(Call, AnUnknownServiceIsNotFoundAndNamed) {
  const auto mesh = started();
  const auto error = caught<commy::NotFound>([&] { mesh.call("nobody", "method").get(); });
  EXPECT_THAT(error.reason(), testing::HasSubstr("nobody"));
  EXPECT_EQ(error.service(), "nobody");
  EXPECT_EQ(error.attempts(), 0U);
}

TEST(Call, ARequirementThatNoInstanceMeetsIsNotFound) {
  const auto mesh = started();
  mesh.register_service({.service = "orders", .version = "1.0.0", .tags = {"eu"}, .metadata = {{"tier", "gold"}}}, echo).get();
  EXPECT_EQ(mesh.call("orders", "", 1, {.version = "^1", .tags = {"eu"}, .metadata = {{"tier", "gold"}}}).get(), 1);
  for (const auto &options : {CallOptions{.version = "^2"}, CallOptions{.tags = {"us"}}, CallOptions{.metadata = {{"tier", "lead"}}}}) {
    EXPECT_THROW(mesh.call("orders", "", nullptr, options).get(), commy::NotFound);
  }
}

TEST(Call, ABadServiceNameIsRefused) {
  const auto mesh = started();
  for (const auto &bad : {""s, std::string(129, 's'), "has space"s, "größe"s, "a/b"s, "\xff"s}) {
    EXPECT_THROW(mesh.call(bad).get(), commy::InvalidArgument);
  }
}

TEST(Call, ACallThatBreaksARuleIsRefused) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  for (const auto &bad : {std::string(129, 'm'), "has space"s, "\xff"s}) {
    EXPECT_THROW(mesh.call("echo", bad).get(), commy::InvalidArgument);
  }
  commy::Headers many;
  for (int number = 0; number < 65; number++) {
    many[std::to_string(number)] = "";
  }
  for (const auto &options : {CallOptions{.headers = {{"", "value"}}}, CallOptions{.headers = {{"key", std::string(4097, 'v')}}}, CallOptions{.headers = {{"key", "\xff"}}}, CallOptions{.headers = many}, CallOptions{.content_type = std::string(257, 'c')}, CallOptions{.routing_key = std::string(1025, 'k')}, CallOptions{.balance = static_cast<Balance>(9)}, CallOptions{.version = "not a version"}, CallOptions{.tags = {""}}}) {
    EXPECT_THROW(mesh.call("echo", "m", nullptr, options).get(), commy::InvalidArgument);
  }
  EXPECT_EQ(mesh.call("echo", "m", 1).get(), 1);
}

TEST(Call, RoundRobinTakesEachInTurn) {
  const auto mesh = started({.balance = Balance::RoundRobin});
  for (int number = 0; number < 3; number++) {
    mesh.register_service({.service = "echo"}, echo).get();
  }
  std::vector<std::string> served;
  for (int number = 0; number < 6; number++) {
    served.push_back(mesh.request("echo").get().served_by);
  }
  EXPECT_EQ(std::set(served.begin(), served.begin() + 3).size(), 3U);
  EXPECT_TRUE(std::equal(served.begin(), served.begin() + 3, served.begin() + 3));
}

TEST(Call, OneRoutingKeyReachesOneInstance) {
  const auto mesh = started();
  for (int number = 0; number < 5; number++) {
    mesh.register_service({.service = "echo"}, echo).get();
  }
  const auto served = [&](const std::string &key) { return mesh.request("echo", "", nullptr, {.routing_key = key, .balance = Balance::ConsistentHash}).get().served_by; };
  const auto first = served("a");
  std::set<std::string> all;
  for (int number = 0; number < 50; number++) {
    EXPECT_EQ(served("a"), first);
    all.insert(served("key-" + std::to_string(number)));
  }
  EXPECT_GT(all.size(), 1U);
}

TEST(Call, AnInstanceInTheMeshsOwnZoneIsPreferred) {
  const auto mesh = started({.zone = "here", .balance = Balance::RoundRobin});
  const auto near = mesh.register_service({.service = "echo"}, echo).get();
  mesh.register_service({.service = "echo", .zone = "there"}, echo).get();
  std::set<std::string> all;
  for (int number = 0; number < 4; number++) {
    EXPECT_EQ(mesh.request("echo").get().served_by, near.instance().id);
  }
  for (int number = 0; number < 4; number++) {
    all.insert(mesh.request("echo", "", nullptr, {.zone_first = false}).get().served_by);
  }
  EXPECT_EQ(all.size(), 2U);
}

TEST(Call, AnInFlightLimitThatIsReachedRefusesOneMore) {
  const auto mesh = started();
  Gate may_end;
  std::atomic<int> begun = 0;
  mesh.register_service({.service = "slow", .max_in_flight = 2}, [&](int value) {
        begun++;
        may_end.wait();
        return value;
      })
      .get();
  auto first = mesh.call<int>("slow", "", 0);
  auto second = mesh.call<int>("slow", "", 1);
  ASSERT_TRUE(eventually([&] { return begun == 2; }));
  EXPECT_EQ(caught<commy::ResourceExhausted>([&] { mesh.call("slow", "", 3).get(); }).service(), "slow");
  may_end.open();
  EXPECT_EQ(first.get(), 0);
  EXPECT_EQ(second.get(), 1);
  EXPECT_EQ(mesh.call<int>("slow", "", 4).get(), 4);
}

TEST(Call, ACircuitBreakerRefusesCallsToWhatFails) {
  const auto mesh = started({.breaker = commy::CircuitBreaker{.requests_min = 2, .open = 10min}});
  std::atomic<int> asked = 0;
  mesh.register_service({.service = "broken"}, [&] {
        asked++;
        return std::nan("");
      })
      .get();
  for (int number = 0; number < 2; number++) {
    EXPECT_THROW(mesh.call("broken").get(), commy::Internal);
  }
  EXPECT_THAT(caught<commy::Unavailable>([&] { mesh.call("broken").get(); }).reason(), testing::HasSubstr("circuit"));
  EXPECT_EQ(asked, 2);
}

TEST(Call, AHandlerMayCallOn) {
  const auto mesh = started();
  mesh.register_service({.service = "countdown"}, [&](int number, const Context &context) -> Future<std::vector<int>> {
        std::vector<int> all{number};
        if (number > 0) {
          const CallOptions options{.timeout = context.time_left()};
          const auto rest = co_await mesh.call<std::vector<int>>("countdown", "", number - 1, options);
          all.insert(all.end(), rest.begin(), rest.end());
        }
        co_return all;
      })
      .get();
  EXPECT_EQ(mesh.call<std::vector<int>>("countdown", "", 20).get().size(), 21U);
}

TEST(Call, CountersTellOfCalls) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  for (int number = 0; number < 3; number++) {
    mesh.call("echo").get();
  }
  EXPECT_THROW(mesh.call("nobody").get(), commy::NotFound);
  ASSERT_TRUE(eventually([&] { return mesh.stats().requests_in_flight == 0; }));
  const auto stats = mesh.stats();
  EXPECT_EQ(stats.calls_ok, 3U);
  EXPECT_EQ(stats.calls_failed, (std::unordered_map<std::string, std::uint64_t>{{"NOT_FOUND", 1}}));
  EXPECT_EQ(stats.requests_handled, 3U);
  EXPECT_EQ(stats.calls_in_flight, 0U);
  EXPECT_EQ(stats.registrations, 1U);
  EXPECT_EQ(stats.peers, 0U);
  EXPECT_EQ(stats.fabric_messages, 0U);
}

} // namespace
