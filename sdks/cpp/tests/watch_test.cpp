// A watch tells of the instances that match: those of now, then every change.

#include "support.hpp"

#include <algorithm>

namespace {

using namespace support;
using commy::ChangeKind;
using commy::Health;

const std::vector every_health{Health::Starting, Health::Healthy, Health::Unhealthy, Health::Draining};

void expect(const std::optional<commy::Change> &change, ChangeKind kind, const std::string &service, Health health) {
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->kind, kind);
  EXPECT_EQ(change->instance.service, service);
  EXPECT_EQ(change->instance.health, health);
}

TEST(Watch, FirstWhatMatchesNowThenEveryChange) {
  const auto mesh = started();
  mesh.register_service({.service = "before"}, echo).get();
  const auto changes = mesh.watch({.health = every_health});
  expect(changes.next().get(), ChangeKind::Added, "before", Health::Healthy);
  const auto registration = mesh.register_service({.service = "after"}, echo).get();
  expect(changes.next().get(), ChangeKind::Added, "after", Health::Healthy);
  registration.set_health(Health::Unhealthy).get();
  expect(changes.next().get(), ChangeKind::Updated, "after", Health::Unhealthy);
  registration.deregister().get();
  auto last = changes.next().get();
  // It drains on its way out.
  while (last->kind == ChangeKind::Updated) {
    last = changes.next().get();
  }
  EXPECT_EQ(last->kind, ChangeKind::Removed);
  EXPECT_EQ(last->instance.service, "after");
}

TEST(Watch, HealthThatNoLongerMatchesIsARemoval) {
  const auto mesh = started();
  const auto changes = mesh.watch({.service = "orders"});
  const auto registration = mesh.register_service({.service = "orders"}, echo).get();
  expect(changes.next().get(), ChangeKind::Added, "orders", Health::Healthy);
  registration.set_health(Health::Unhealthy).get();
  EXPECT_EQ(changes.next().get()->kind, ChangeKind::Removed);
  registration.set_health(Health::Healthy).get();
  expect(changes.next().get(), ChangeKind::Added, "orders", Health::Healthy);
}

TEST(Watch, ChangesThatNobodyTookInTimeAreToldAsOne) {
  const auto mesh = started();
  const auto changes = mesh.watch({.health = every_health});
  const auto registration = mesh.register_service({.service = "orders"}, echo).get();
  for (const auto health : {Health::Unhealthy, Health::Healthy, Health::Unhealthy}) {
    registration.set_health(health).get();
  }
  expect(changes.next().get(), ChangeKind::Added, "orders", Health::Unhealthy);
  registration.deregister().get();
  EXPECT_EQ(changes.next().get()->kind, ChangeKind::Removed);
}

TEST(Watch, RevisionsRise) {
  const auto mesh = started();
  const auto changes = mesh.watch();
  for (int number = 0; number < 5; number++) {
    mesh.register_service({.service = "service-" + std::to_string(number)}, echo).get();
  }
  std::vector<std::uint64_t> revisions;
  for (const auto &change : changes) {
    revisions.push_back(change.revision);
    if (revisions.size() == 5) {
      break;
    }
  }
  EXPECT_TRUE(std::ranges::is_sorted(revisions));
}

TEST(Watch, ItSeesOnlyWhatItsQueryMatches) {
  const auto mesh = started();
  const auto changes = mesh.watch({.service = "orders", .tags = {"eu"}});
  mesh.register_service({.service = "orders", .tags = {"us"}}, echo).get();
  mesh.register_service({.service = "users", .tags = {"eu"}}, echo).get();
  mesh.register_service({.service = "orders", .tags = {"eu", "fast"}}, echo).get();
  EXPECT_EQ(changes.next().get()->instance.tags, (std::vector<std::string>{"eu", "fast"}));
}

TEST(Watch, AClosedOneEndsForWhoeverWaits) {
  const auto mesh = started();
  const auto changes = mesh.watch();
  auto waiting = changes.next();
  EXPECT_FALSE(waiting.is_ready());
  changes.close();
  changes.close();
  EXPECT_EQ(waiting.get(), std::nullopt);
  EXPECT_EQ(changes.next().get(), std::nullopt);
}

TEST(Watch, AWaitThatIsCancelledLosesNoChange) {
  const auto mesh = started();
  const auto changes = mesh.watch();
  { const auto dropped = changes.next(); }
  std::stop_source stop;
  auto stopped = changes.next(stop.get_token());
  stop.request_stop();
  EXPECT_THROW(stopped.get(), commy::Cancelled);
  mesh.register_service({.service = "orders"}, echo).get();
  expect(changes.next().get(), ChangeKind::Added, "orders", Health::Healthy);
}

TEST(Watch, ThreadsThatShareOneGetEachChangeOnce) {
  const auto mesh = started();
  const auto changes = mesh.watch();
  std::atomic<int> seen = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; thread++) {
    threads.emplace_back([&] {
      while (changes.next().get()) {
        seen++;
      }
    });
  }
  for (int number = 0; number < 20; number++) {
    mesh.register_service({.service = "service-" + std::to_string(number)}, echo).get();
  }
  EXPECT_TRUE(eventually([&] { return seen == 20; })) << seen;
  changes.close();
  for (auto &thread : threads) {
    thread.join();
  }
}

TEST(Watch, ACoroutineFollowsIt) {
  const auto mesh = started();
  auto follow = [](const commy::Mesh &mesh) -> commy::Future<std::string> {
    const auto changes = mesh.watch();
    const auto change = co_await changes.next();
    co_return change->instance.service;
  };
  auto following = follow(mesh);
  EXPECT_FALSE(following.is_ready());
  mesh.register_service({.service = "orders"}, echo).get();
  EXPECT_EQ(following.get(), "orders");
}

} // namespace
