// Instances are found by name, version, tags, metadata, health, zone and region; so are endpoints.

#include "outside_server.hpp"
#include "support.hpp"

#include <algorithm>

namespace {

using namespace support;
using commy::Health;
using commy::Http;
using commy::Mesh;
using commy::Query;
using commy::Tcp;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> found(const Mesh &mesh, const Query &query) {
  std::vector<std::string> names;
  for (const auto &one : mesh.discover(query)) {
    names.push_back(one.service + " " + one.version);
  }
  std::ranges::sort(names);
  return names;
}

TEST(Discover, AQueryNarrowsByEverythingAtOnce) {
  const auto mesh = started();
  mesh.register_service({.service = "orders", .version = "1.4.0", .tags = {"eu", "fast"}, .metadata = {{"tier", "gold"}}, .zone = "eu-1a", .region = "eu-1"}, echo).get();
  mesh.register_service({.service = "orders", .version = "2.0.0", .tags = {"us"}, .zone = "us-1a", .region = "us-1"}, echo).get();
  mesh.register_service({.service = "users"}, echo).get();
  EXPECT_THAT(found(mesh, {}), ElementsAre("orders 1.4.0", "orders 2.0.0", "users 0.0.0"));
  EXPECT_THAT(found(mesh, {.service = "orders", .version = "^1.2"}), ElementsAre("orders 1.4.0"));
  EXPECT_THAT(found(mesh, {.version = ">=2, <3"}), ElementsAre("orders 2.0.0"));
  EXPECT_THAT(found(mesh, {.tags = {"fast", "eu"}}), ElementsAre("orders 1.4.0"));
  EXPECT_THAT(found(mesh, {.tags = {"eu", "us"}}), IsEmpty());
  EXPECT_THAT(found(mesh, {.metadata = {{"tier", "gold"}}}), ElementsAre("orders 1.4.0"));
  EXPECT_THAT(found(mesh, {.zone = "us-1a"}), ElementsAre("orders 2.0.0"));
  EXPECT_THAT(found(mesh, {.region = "us-1"}), ElementsAre("orders 2.0.0"));
  EXPECT_THAT(found(mesh, {.health = std::vector{Health::Unhealthy}}), IsEmpty());
  EXPECT_EQ(found(mesh, {.health = std::vector{Health::Healthy, Health::Draining}}).size(), 3U);
  EXPECT_THAT(found(mesh, {.service = "nobody"}), IsEmpty());
  EXPECT_EQ(mesh.active_service_count(), 2U);
}

TEST(Discover, AnswersAreInOrderOfServiceAndId) {
  const auto mesh = started();
  for (const auto *service : {"b", "a", "c", "a", "b"}) {
    mesh.register_service({.service = service}, echo).get();
  }
  const auto all = mesh.discover();
  EXPECT_EQ(all.size(), 5U);
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, [](const auto &one) { return std::pair(one.service, one.id); }));
}

TEST(Discover, ABadQueryIsRefusedByDiscoverAndWatch) {
  const auto mesh = started();
  for (const auto &query : {Query{.service = ""}, Query{.service = "has space"}, Query{.service = "\xff"}, Query{.version = "not a version"}, Query{.tags = {""}}, Query{.metadata = {{"k\xff", "v"}}}, Query{.health = std::vector{static_cast<Health>(9)}}}) {
    EXPECT_THROW(mesh.discover(query), commy::InvalidArgument);
    EXPECT_THROW(mesh.watch(query), commy::InvalidArgument);
  }
}

OutsideServer::Answer health_page(const std::string &, const std::string &path, const std::string &) { return {path == "/health" ? 204 : 404, ""}; }

TEST(Discover, AnOutsideServerIsFoundWhileItsProbeSucceeds) {
  struct Way {
    std::string scheme;
    commy::HealthCheck check;
  };
  for (const auto &[scheme, check] : {Way{"http", {.probe = Http{"/health"}, .interval = 20ms, .fall = 1}}, Way{"tcp", {.probe = Tcp{}, .interval = 20ms, .fall = 2}}}) {
    const auto mesh = started();
    const auto changes = mesh.watch({.service = "legacy"});
    {
      const OutsideServer server(health_page);
      const auto address = scheme + "://127.0.0.1:" + std::to_string(server.port());
      mesh.advertise({.service = "legacy", .tags = {"outside"}}, address, check).get();
      const auto change = changes.next().get();
      EXPECT_EQ(change->kind, commy::ChangeKind::Added);
      EXPECT_EQ(change->instance.health, Health::Healthy);
      const auto one = mesh.discover({.service = "legacy"}).at(0);
      EXPECT_EQ(one.endpoint, address);
      EXPECT_EQ(one.reach, commy::Reach::Endpoint);
      const auto error = caught<commy::FailedPrecondition>([&] { mesh.call("legacy", "", nullptr, {.timeout = 1s}).get(); });
      EXPECT_THAT(error.reason(), testing::HasSubstr(address));
    }
    EXPECT_EQ(changes.next().get()->kind, commy::ChangeKind::Removed);
    EXPECT_TRUE(mesh.discover({.service = "legacy"}).empty());
    EXPECT_EQ(mesh.discover({.service = "legacy", .health = std::vector{Health::Unhealthy}}).size(), 1U);
  }
}

TEST(Discover, AProbeOfAPathThatIsMissingDoesNotSucceed) {
  const auto mesh = started();
  const OutsideServer server(health_page);
  const auto changes = mesh.watch({.service = "legacy", .health = std::vector{Health::Unhealthy}});
  mesh.advertise({.service = "legacy"}, "http://127.0.0.1:" + std::to_string(server.port()), commy::HealthCheck{.probe = Http{"/missing"}, .interval = 10ms, .fall = 1}).get();
  EXPECT_EQ(changes.next().get()->instance.health, Health::Unhealthy);
  EXPECT_TRUE(mesh.discover({.service = "legacy"}).empty());
}

TEST(Discover, WithoutACheckAnEndpointIsTakenToBeHealthy) {
  const auto mesh = started();
  const auto registration = mesh.advertise({.service = "db"}, "tcp://db.example:5432").get();
  EXPECT_EQ(mesh.discover({.service = "db"}).at(0).endpoint, "tcp://db.example:5432");
  registration.set_health(Health::Unhealthy).get();
  EXPECT_TRUE(mesh.discover({.service = "db"}).empty());
  registration.deregister().get();
  EXPECT_TRUE(mesh.discover({.service = "db", .health = std::vector{Health::Starting, Health::Healthy, Health::Unhealthy, Health::Draining}}).empty());
}

TEST(Discover, ABadAddressOrCheckIsRefused) {
  const auto mesh = started();
  const auto refused = [&](std::string_view address, const std::optional<commy::HealthCheck> &check = std::nullopt) {
    EXPECT_THROW(mesh.advertise({.service = "legacy"}, address, check).get(), commy::InvalidArgument) << address;
  };
  for (const auto *bad : {"", "nonsense", "http://", "tcp://127.0.0.1", "http://127.0.0.1:99999", "http://\xff:1"}) {
    refused(bad);
  }
  refused("ftp://127.0.0.1:1", commy::HealthCheck{.probe = Http{"/"}});
  const auto *good = "http://127.0.0.1:1";
  refused(good, commy::HealthCheck{.probe = Http{"no-slash"}});
  refused(good, commy::HealthCheck{.probe = Http{"/"}, .interval = 1ms});
  refused(good, commy::HealthCheck{.probe = Http{"/"}, .interval = -1ms});
  refused(good, commy::HealthCheck{.probe = Tcp{}, .timeout = 0ms});
  refused(good, commy::HealthCheck{.probe = Tcp{}, .timeout = 61s});
  refused(good, commy::HealthCheck{.probe = Tcp{}, .rise = 0});
  refused(good, commy::HealthCheck{.probe = Tcp{}, .fall = 101});
}

TEST(Discover, ItIsUsableFromAnyThread) {
  const auto mesh = started();
  mesh.register_service({.service = "orders"}, echo).get();
  std::vector<std::string> names;
  std::thread([&] { names = found(mesh, {.service = "orders"}); }).join();
  EXPECT_THAT(names, ElementsAre("orders 0.0.0"));
}

} // namespace
