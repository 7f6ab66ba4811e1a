// What works within one process works across two, and tells that it does.

#include "processes.hpp"

#include <numeric>
#include <set>

namespace {

using namespace support;
using commy::Bytes;
using commy::ChangeKind;
using commy::Message;

TEST(Remote, AnInstanceIsFoundWithAllThatIsKnownOfIt) {
  const auto mesh = open(fresh_name());
  const Json spec{{"version", "1.2.3"}, {"tags", {"a", "b"}}, {"metadata", {{"owner", "sales"}}}, {"weight", 7}, {"zone", "eu-1a"}};
  Process other(mesh.name(), {{"workers", spec}}, {{"region", "eu-1"}});
  knows(mesh, 1);
  const auto all = mesh.discover({.service = "workers", .version = "^1.2", .tags = {"b"}, .metadata = {{"owner", "sales"}}, .zone = "eu-1a"});
  ASSERT_EQ(all.size(), 1U);
  const auto &found = all[0];
  EXPECT_EQ(found.service, "workers");
  EXPECT_EQ(found.version, "1.2.3");
  EXPECT_EQ(found.tags, (std::vector{"a"s, "b"s}));
  EXPECT_EQ(found.weight, 7U);
  EXPECT_EQ(found.metadata, (commy::Headers{{"owner", "sales"}}));
  EXPECT_EQ(found.zone, "eu-1a");
  EXPECT_EQ(found.region, "eu-1");
  EXPECT_EQ(found.node_id, other.node());
  EXPECT_EQ(found.reach, commy::Reach::Fabric);
  EXPECT_EQ(found.endpoint, std::nullopt);
  EXPECT_TRUE(mesh.discover({.service = "workers", .zone = "eu-1b"}).empty());
  EXPECT_EQ(mesh.active_service_count(), 1U);
}

TEST(Remote, TwoProcessesFindEachOtherWithinASecond) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name());
  const auto changes = mesh.watch({.service = "workers"});
  other.node();
  until("the nodes meet", [&] { return mesh.stats().peers == 1; });
  auto begun = Clock::now();
  other.act("register", {{"service", "workers"}});
  EXPECT_TRUE(soon(changes.next()).has_value());
  EXPECT_LT(Clock::now() - begun, 1s);
  soon(mesh.register_service({.service = "here"}, echo));
  begun = Clock::now();
  until("the other knows it", [&] { return other.act("discover", {{"service", "here"}}) == Json::array({mesh.node_id()}); });
  EXPECT_LT(Clock::now() - begun, 1s);
}

TEST(Remote, ValuesAndBytesArriveAsTheyWereSent) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  Bytes every(256);
  std::iota(every.begin(), every.end(), std::uint8_t{0});
  Bytes large;
  for (int turn = 0; turn < 4096; turn++) {
    large.insert(large.end(), every.begin(), every.end());
  }
  const Json json{{"id", 1}, {"items", {"ä", nullptr, 1.5, true}}, {"nested", {{"", Json::array()}}}};
  for (const auto &sent : {Message::of(json), Message::of(Json()), Message::of(Bytes()), Message::of(every), Message::of(large)}) {
    const auto reply = soon(mesh.request("workers", "echo", sent));
    EXPECT_EQ(reply.message.payload, sent.payload);
    EXPECT_EQ(reply.message.content_type, sent.content_type);
    EXPECT_EQ(reply.served_by, mesh.discover({.service = "workers"}).at(0).id);
  }
}

TEST(Remote, AHandlerLearnsWhoCallsAndWhatIsLeftOfTheDeadline) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  const auto seen = soon(mesh.call("workers", "context", nullptr, {.timeout = 15s, .headers = {{"trace", "ä"}}}));
  EXPECT_EQ(seen.at("caller"), mesh.node_id());
  EXPECT_EQ(seen.at("attempt"), 1);
  EXPECT_EQ(seen.at("headers"), (Json{{"trace", "ä"}}));
  EXPECT_GT(seen.at("time_left_ms"), 0);
  EXPECT_LE(seen.at("time_left_ms"), 15'000);
}

TEST(Remote, CallsGoBothWays) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  soon(mesh.register_service({.service = "here"}, [](const std::string &value) { return value + " seen"; }));
  knows(mesh, 1);
  until("the other knows this", [&] { return !other.act("discover", {{"service", "here"}}).empty(); });
  EXPECT_EQ(other.act("call", {{"service", "here"}, {"method", ""}, {"payload", "tea"}}), "tea seen");
  EXPECT_EQ(who(mesh), other.node());
}

TEST(Remote, AHandlersErrorBringsItsCodeMessageAndDetails) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  const auto error = caught<commy::HandlerFailed>([&] { soon(mesh.call("workers", "fail")); });
  EXPECT_EQ(error.code(), "OUT_OF_STOCK");
  EXPECT_EQ(error.reason(), "none of tea left");
  EXPECT_EQ(commy::details(error), (Json{{"left", 0}, {"of", {"tea"}}}));
  EXPECT_EQ(error.service(), "workers");
  EXPECT_EQ(error.method(), "fail");
  EXPECT_EQ(error.attempts(), 1U);
  EXPECT_EQ(error.instance_id(), mesh.discover({.service = "workers"}).at(0).id);
  EXPECT_EQ(caught<commy::HandlerFailed>([&] { soon(mesh.call("workers", "lose")); }).code(), "out_of_range");
  EXPECT_THROW(soon(mesh.call("workers", "nothing")), commy::Unimplemented);
  EXPECT_THROW(soon(mesh.call("workers", "work", Bytes{'{'}, {.content_type = "application/json"})), commy::InvalidArgument);
}

TEST(Remote, ADeadlineEndsTheCallAndTheWork) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  const auto error = caught<commy::DeadlineExceeded>([&] { soon(mesh.call("workers", "hold", nullptr, {.timeout = 500ms})); });
  EXPECT_EQ(error.service(), "workers");
  EXPECT_EQ(error.method(), "hold");
  other.told("held");
  other.told("let go");
}

TEST(Remote, ACallThatIsCancelledEndsTheWork) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  std::stop_source stop;
  auto stopped = mesh.call("workers", "hold", nullptr, {.stop = stop.get_token()});
  other.told("held");
  stop.request_stop();
  EXPECT_THROW(soon(std::move(stopped)), commy::Cancelled);
  other.told("let go");
  {
    const auto dropped = mesh.call("workers", "hold");
    other.told("held");
  }
  other.told("let go");
  EXPECT_EQ(who(mesh), other.node());
}

/// Waits until each is told of the events of the other: interest in a topic travels by itself, and
/// what is published before it arrives is not missed.
void subscribed(const commy::Mesh &mesh, Process &other) {
  until("the nodes meet", [&] { return mesh.stats().peers == 1; });
  const auto events = soon(mesh.subscribe("begin"));
  other.act("subscribe", {{"topics", "begin/there"}});
  const auto begun = events.next();
  until("this is told", [&] {
    other.act("publish", {{"topic", "begin"}, {"first", 0}, {"count", 1}});
    return begun.wait_for(50ms);
  });
  int published = 0;
  until("the other is told", [&] {
    soon(mesh.publish("begin/there", published++));
    return other.untaken("event") > 0;
  });
  // They arrive in order: after the last there is none.
  while (other.told("event").at("value") != published - 1) {
  }
}

TEST(Remote, EventsGoBothWaysInOrder) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name());
  const auto events = soon(mesh.subscribe("numbers/there"));
  other.act("subscribe", {{"topics", "numbers/here"}});
  subscribed(mesh, other);
  other.act("publish", {{"topic", "numbers/there"}, {"first", 0}, {"count", 200}});
  for (int number = 0; number < 200; number++) {
    const auto event = soon(events.next());
    EXPECT_EQ(event->as<int>(), number);
    EXPECT_EQ(event->publisher, other.node());
  }
  for (int number = 0; number < 200; number++) {
    soon(mesh.publish("numbers/here", number));
  }
  for (int number = 0; number < 200; number++) {
    const auto event = other.told("event");
    EXPECT_EQ(event.at("value"), number);
    EXPECT_EQ(event.at("publisher"), mesh.node_id());
    EXPECT_EQ(event.at("missed"), 0);
  }
}

TEST(Remote, WhatASlowSubscriberLosesIsCounted) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name());
  const auto events = soon(mesh.subscribe("numbers", {.capacity = 3}));
  other.node();
  subscribed(mesh, other);
  other.act("publish", {{"topic", "numbers"}, {"first", 0}, {"count", 10}});
  until("all have arrived", [&] { return events.dropped() == 7; });
  std::uint64_t missed = 0;
  for (const int number : {7, 8, 9}) {
    const auto event = soon(events.next());
    EXPECT_EQ(event->as<int>(), number);
    missed += event->missed;
  }
  EXPECT_EQ(missed, 7U);
  EXPECT_EQ(mesh.stats().events_dropped, 7U);
}

TEST(Remote, AWatchSeesAnotherRegisterAndStop) {
  const auto mesh = open(fresh_name());
  const auto changes = mesh.watch({.service = "workers"});
  Process other(mesh.name());
  other.act("register", {{"service", "workers"}});
  auto change = soon(changes.next());
  EXPECT_EQ(change->kind, ChangeKind::Added);
  EXPECT_EQ(change->instance.node_id, other.node());
  other.act("stop");
  change = soon(changes.next());
  EXPECT_EQ(change->kind, ChangeKind::Removed);
  EXPECT_EQ(change->instance.node_id, other.node());
  EXPECT_TRUE(mesh.discover({.service = "workers"}).empty());
  until("the node is gone", [&] { return mesh.stats().peers == 0; });
}

TEST(Remote, AServiceThatIsDeregisteredIsGoneAndItsNodeStays) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), {{"workers", Json::object()}, {"others", Json::object()}});
  knows(mesh, 1);
  knows(mesh, 1, "others");
  other.act("deregister", {{"service", "workers"}});
  knows(mesh, 0);
  // It drains before it is gone, which may be seen.
  until("it is gone", [&] { return mesh.discover({.service = "workers", .health = std::vector{commy::Health::Draining}}).empty(); });
  EXPECT_EQ(soon(mesh.call("others", "who")), other.node());
  EXPECT_THROW(soon(mesh.call("workers", "who")), commy::NotFound);
}

TEST(Remote, AnInstanceInThisProcessIsPreferred) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  soon(mesh.register_service({.service = "workers"}, commy::Service().method("who", [&] { return mesh.node_id(); })));
  knows(mesh, 2);
  // Nothing is known of either yet: they are equal.
  EXPECT_EQ(who(mesh), mesh.node_id());
  // The other is tried once in a while, and found to be further away; less so where a sanitizer
  // slows what is here.
  int here = 0;
  for (int turn = 0; turn < 100; turn++) {
    here += who(mesh) == mesh.node_id() ? 1 : 0;
  }
  EXPECT_GE(here, 60);
}

TEST(Remote, MessagesWithinAProcessNeverTouchTheFabric) {
  const auto mesh = open(fresh_name());
  const auto events = soon(mesh.subscribe("numbers"));
  soon(mesh.register_service({.service = "here"}, echo));
  const auto within = [&] {
    for (int number = 0; number < 20; number++) {
      EXPECT_EQ(soon(mesh.call<int>("here", "", number)), number);
      soon(mesh.publish("numbers", number));
      EXPECT_EQ(soon(events.next())->as<int>(), number);
    }
  };
  within();
  EXPECT_EQ(mesh.stats().fabric_messages, 0U);
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  const auto before = mesh.stats();
  within();
  const auto after = mesh.stats();
  EXPECT_EQ(after.calls_ok - before.calls_ok, 20U);
  EXPECT_EQ(after.fabric_messages, before.fabric_messages);
  EXPECT_EQ(after.bytes_sent, before.bytes_sent);
  EXPECT_EQ(after.bytes_received, before.bytes_received);
  who(mesh);
  EXPECT_GT(mesh.stats().fabric_messages, after.fabric_messages);
}

TEST(Remote, CountersTellOfPeersAndBytes) {
  const auto mesh = open(fresh_name());
  Process other(mesh.name(), workers);
  knows(mesh, 1);
  EXPECT_EQ(mesh.stats().peers, 1U);
  const auto before = mesh.stats();
  soon(mesh.call<Bytes>("workers", "echo", Bytes(5000)));
  const auto after = mesh.stats();
  EXPECT_EQ(after.bytes_sent - before.bytes_sent, 5000U);
  EXPECT_EQ(after.bytes_received - before.bytes_received, 5000U);
  const auto there = other.act("stats");
  EXPECT_EQ(there.at("peers"), 1);
  EXPECT_EQ(there.at("requests_handled"), 1);
  EXPECT_EQ(there.at("bytes_received"), 5000);
}

TEST(Remote, OnlyMeshesOfOneNameMeet) {
  const auto mesh = open(fresh_name());
  Process stranger(mesh.name() + "-other", {{"strangers", Json::object()}});
  Process hermit(mesh.name(), workers, {{"local_only", true}});
  stranger.node();
  hermit.node();
  // Who comes later is known, so who came earlier would be.
  Process later(mesh.name(), {{"later", Json::object()}});
  knows(mesh, 1, "later");
  EXPECT_EQ(mesh.discover().size(), 1U);
  EXPECT_EQ(mesh.stats().peers, 1U);
}

TEST(Remote, AnInstanceInTheOwnZoneIsPreferred) {
  const auto mesh = open(fresh_name(), {.zone = "near", .balance = commy::Balance::RoundRobin});
  Process near(mesh.name(), workers, {{"zone", "near"}});
  Process far(mesh.name(), workers, {{"zone", "far"}});
  knows(mesh, 2);
  std::set<std::string> first;
  std::set<std::string> any;
  for (int turn = 0; turn < 10; turn++) {
    first.insert(who(mesh));
  }
  for (int turn = 0; turn < 10; turn++) {
    any.insert(who(mesh, {.zone_first = false}));
  }
  EXPECT_EQ(first, (std::set{near.node()}));
  EXPECT_EQ(any, (std::set{near.node(), far.node()}));
  near.act("stop");
  knows(mesh, 1);
  EXPECT_EQ(who(mesh), far.node());
}

TEST(Remote, CallsAreSharedBetweenProcesses) {
  const auto mesh = open(fresh_name(), {.balance = commy::Balance::RoundRobin});
  auto processes = replicas(mesh.name(), 3);
  knows(mesh, 3);
  std::map<std::string, int> served;
  for (int turn = 0; turn < 30; turn++) {
    served[who(mesh)]++;
  }
  for (auto &process : processes) {
    EXPECT_EQ(served[process.node()], 10);
  }
}

TEST(Remote, OneWhoComesLateKnowsAllWhoWereThere) {
  const auto name = fresh_name();
  auto processes = replicas(name, 3);
  processes[0].act("register", {{"service", "gone"}});
  processes[0].act("deregister", {{"service", "gone"}});
  const auto mesh = open(name);
  knows(mesh, 3);
  std::set<std::string> nodes;
  for (const auto &one : mesh.discover()) {
    nodes.insert(one.node_id);
  }
  EXPECT_EQ(nodes, (std::set{processes[0].node(), processes[1].node(), processes[2].node()}));
  EXPECT_EQ(mesh.active_service_count(), 1U);
  EXPECT_EQ(mesh.stats().peers, 3U);
  for (auto &process : processes) {
    EXPECT_EQ(process.act("discover", {{"service", "gone"}}), Json::array());
  }
}

} // namespace
