// Callables become services, by name or for every method.

#include "support.hpp"

#include <set>

namespace {

using namespace support;
using commy::Context;
using commy::Future;
using commy::Health;
using commy::Json;
using commy::Service;

std::string shout(const std::string &text) { return text + "!"; }

TEST(Register, TheMethodsOfAServiceAreThoseThatItNames) {
  const auto mesh = started();
  Service orders;
  orders.method("create", [](const std::string &value) { return "order " + value; })
      .method("orders/list-all", [] { return Json{"order"}; })
      .method("later", [](const std::string &value) -> Future<std::string> { co_return "later " + value; })
      .method("shout", shout);
  mesh.register_service({.service = "orders", .version = "1.2.3", .tags = {"eu"}}, orders).get();
  EXPECT_EQ(mesh.call("orders", "create", "1").get(), "order 1");
  EXPECT_EQ(mesh.call("orders", "orders/list-all").get(), Json{"order"});
  EXPECT_EQ(mesh.call("orders", "later", "1").get(), "later 1");
  EXPECT_EQ(mesh.call("orders", "shout", "1").get(), "1!");
  for (const auto *unknown : {"Create", "nothing", ""}) {
    const auto error = caught<commy::Unimplemented>([&] { mesh.call("orders", unknown).get(); });
    EXPECT_THAT(error.reason(), testing::HasSubstr("has no method"));
  }
  const auto found = mesh.discover({.service = "orders"}).at(0);
  EXPECT_EQ(found.version, "1.2.3");
  EXPECT_EQ(found.tags, std::vector<std::string>{"eu"});
}

TEST(Register, ACallableAnswersEveryMethod) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, [](const std::string &value, const Context &context) { return context.method + ": " + value; }).get();
  EXPECT_EQ(mesh.call("echo", "any", "hi").get(), "any: hi");
  EXPECT_EQ(mesh.call("echo", "", "hi").get(), ": hi");
}

TEST(Register, AMethodThatIsNamedComesBeforeOtherwise) {
  const auto mesh = started();
  Service service;
  service.otherwise([](const Json &, const Context &context) { return context.method; });
  service.method("named", [] { return "by name"; });
  mesh.register_service({.service = "service"}, service).get();
  EXPECT_EQ(mesh.call("service", "named").get(), "by name");
  EXPECT_EQ(mesh.call("service", "other").get(), "other");
  EXPECT_THROW(service.method("named", [] { return 1; }), commy::InvalidArgument);
  EXPECT_THROW(service.otherwise([] { return 1; }), commy::InvalidArgument);
}

struct Point {
  int x = 0;
  int y = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Point, x, y)

TEST(Register, ACallableIsGivenWhatItTakes) {
  const auto mesh = started();
  const auto answer = [&](Service service) {
    const auto registration = mesh.register_service({.service = "service"}, std::move(service)).get();
    auto value = mesh.call("service", "", Json{{"x", 3}, {"y", 4}}).get();
    registration.deregister().get();
    return value;
  };
  EXPECT_EQ(answer([] { return "nothing"; }), "nothing");
  EXPECT_EQ(answer([](Json value) { return value["x"]; }), 3);
  EXPECT_EQ(answer([](const auto &value) { return value["y"]; }), 4);
  EXPECT_EQ(answer([](const Point &point) { return point.x + point.y; }), 7);
  EXPECT_EQ(answer([](Point point, const Context &) { return Point{point.y, point.x}; }), (Json{{"x", 4}, {"y", 3}}));
  EXPECT_EQ(answer([](const commy::Message &message) { return message.payload.size(); }), 13);
  EXPECT_EQ(answer([](const Json &) {}), nullptr);
  EXPECT_EQ(answer([]() -> Future<void> { co_return; }), nullptr);
  EXPECT_EQ(answer([](const commy::Bytes &bytes) { return bytes.size(); }), 13);
}

TEST(Register, AHandlerMayBlockWithoutStoppingOthers) {
  const auto mesh = started();
  Gate entered;
  Gate may_end;
  Service service;
  service.method("block", [&] {
    entered.open();
    return may_end.wait();
  });
  service.method("fine", [] { return "fine"; });
  mesh.register_service({.service = "service"}, service).get();
  auto blocked = mesh.call("service", "block");
  ASSERT_TRUE(entered.wait());
  EXPECT_EQ(mesh.call("service", "fine").get(), "fine");
  may_end.open();
  EXPECT_EQ(blocked.get(), true);
}

TEST(Register, HandlersRunOnTheExecutorThatIsNamed) {
  class Counting final : public commy::Executor {
  public:
    void post(std::function<void()> job) override {
      posted++;
      pool.post(std::move(job));
    }
    std::atomic<int> posted = 0;
    commy::ThreadPool pool{2};
  };
  const auto own = std::make_shared<Counting>();
  const auto all = std::make_shared<Counting>();
  const auto mesh = started({.executor = all});
  mesh.register_service({.service = "own"}, echo, {.executor = own}).get();
  mesh.register_service({.service = "shared"}, echo).get();
  EXPECT_EQ(mesh.call("own", "", 1).get(), 1);
  EXPECT_EQ(own->posted, 1);
  const int before = all->posted;
  EXPECT_EQ(mesh.call("shared", "", 1).get(), 1);
  EXPECT_GT(all->posted, before);
  mesh.stop().get();
}

TEST(Register, ABadServiceNameIsRefusedAndNamed) {
  const auto mesh = started();
  for (const auto &bad : {""s, std::string(129, 's'), "has space"s, "größe"s, "a/b"s}) {
    const auto error = caught<commy::InvalidArgument>([&] { mesh.register_service({.service = bad}, echo).get(); });
    EXPECT_THAT(error.reason(), testing::HasSubstr(bad.substr(0, 20)));
  }
  EXPECT_THROW(mesh.register_service({.service = "\xff"}, echo).get(), commy::InvalidArgument);
}

TEST(Register, ASpecThatBreaksARuleIsRefused) {
  const auto mesh = started();
  const auto refused = [&](const commy::ServiceSpec &spec) { EXPECT_THROW(mesh.register_service(spec, echo).get(), commy::InvalidArgument); };
  refused({.service = "service", .version = "one"});
  refused({.service = "service", .tags = {"has space"}});
  refused({.service = "service", .metadata = {{"key", std::string(1025, 'v')}}});
  refused({.service = "service", .metadata = {{"", "value"}}});
  refused({.service = "service", .weight = 0});
  refused({.service = "service", .weight = 1001});
  refused({.service = "service", .zone = std::string(1000, 'z')});
  refused({.service = "service", .max_in_flight = 0});
  refused({.service = "service", .max_in_flight = 65'537});
  std::vector<std::string> tags;
  for (int number = 0; number < 33; number++) {
    tags.push_back(std::to_string(number));
  }
  refused({.service = "service", .tags = tags});
  EXPECT_TRUE(mesh.discover().empty());
}

TEST(Register, ARegistrationTellsOfItsInstance) {
  const auto mesh = started({.zone = "eu-1a"});
  const auto registration = mesh.register_service({.service = "orders", .version = "2.0.0", .metadata = {{"tier", "gold"}}, .weight = 7}, echo).get();
  const auto instance = registration.instance();
  EXPECT_EQ(instance.service, "orders");
  EXPECT_EQ(instance.version, "2.0.0");
  EXPECT_EQ(instance.weight, 7U);
  EXPECT_EQ(instance.zone, "eu-1a");
  EXPECT_EQ(instance.metadata.at("tier"), "gold");
  EXPECT_EQ(instance.node_id, mesh.node_id());
  EXPECT_EQ(instance.health, Health::Healthy);
  EXPECT_EQ(instance.reach, commy::Reach::InProcess);
  EXPECT_EQ(instance.endpoint, std::nullopt);
  EXPECT_EQ(instance, mesh.discover({.service = "orders"}).at(0));
}

TEST(Register, DeregisteringWithdrawsTheInstanceAndTwiceDoesNothing) {
  const auto mesh = started();
  const auto registration = mesh.register_service({.service = "orders"}, echo).get();
  registration.deregister().get();
  EXPECT_TRUE(mesh.discover().empty());
  registration.deregister().get();
  EXPECT_THROW(mesh.call("orders").get(), commy::NotFound);
}

TEST(Register, HealthThatItsOwnerReportsDecidesWhetherItIsCalled) {
  const auto mesh = started();
  const auto registration = mesh.register_service({.service = "orders"}, echo).get();
  registration.set_health(Health::Unhealthy).get();
  EXPECT_TRUE(mesh.discover({.service = "orders"}).empty());
  EXPECT_EQ(mesh.discover({.service = "orders", .health = std::vector{Health::Unhealthy}}).size(), 1U);
  EXPECT_THROW(mesh.call("orders", "", nullptr, {.timeout = 1s}).get(), commy::Unavailable);
  registration.set_health(Health::Healthy).get();
  EXPECT_EQ(mesh.call("orders", "", 1).get(), 1);
  for (const auto bad : {Health::Draining, Health::Starting, static_cast<Health>(9)}) {
    EXPECT_THROW(registration.set_health(bad).get(), commy::InvalidArgument);
  }
}

TEST(Register, DrainingFinishesWhatIsInFlightAndTakesNothingNew) {
  const auto mesh = started();
  Gate begun;
  Gate may_end;
  const auto registration = mesh.register_service({.service = "slow"}, [&](const Json &value) -> Future<Json> {
                                  begun.open();
                                  co_await opened(may_end);
                                  co_return value;
                                })
                                .get();
  auto call = mesh.call("slow", "", "done");
  ASSERT_TRUE(begun.wait());
  EXPECT_FALSE(registration.drain(10ms).get());
  EXPECT_EQ(registration.instance().health, Health::Draining);
  EXPECT_THROW(mesh.call("slow", "", nullptr, {.timeout = 1s}).get(), commy::Unavailable);
  may_end.open();
  EXPECT_EQ(call.get(), "done");
  EXPECT_TRUE(registration.drain(10s).get());
  EXPECT_THROW(registration.drain(-1ms).get(), commy::InvalidArgument);
}

TEST(Register, AHandlerMayRegisterAndCall) {
  const auto mesh = started();
  mesh.register_service({.service = "spawn"}, [&](const std::string &child) -> Future<Json> {
        const commy::ServiceSpec spec{.service = child};
        co_await mesh.register_service(spec, echo);
        co_return co_await mesh.call(child, "", "from the child");
      })
      .get();
  EXPECT_EQ(mesh.call("spawn", "", "child").get(), "from the child");
}

} // namespace
