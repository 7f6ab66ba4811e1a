// Events reach every subscription whose filter matches, in order, or are lost as it says.

#include "support.hpp"

#include <numeric>

namespace {

using namespace support;
using commy::Json;
using commy::Overflow;
using commy::Subscription;

std::vector<Json> taken(const Subscription &events, std::size_t count) {
  std::vector<Json> values;
  for (std::size_t index = 0; index < count; index++) {
    values.push_back(events.next().get().value().as<Json>());
  }
  return values;
}

std::vector<Json> numbers(int count) {
  std::vector<Json> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

TEST(Pubsub, AnEventBringsItsValueHeadersAndOrigin) {
  const auto mesh = started();
  const auto events = mesh.subscribe("orders/*").get();
  mesh.publish("orders/created", Json{{"id", 1}}, {.headers = {{"trace", "ä"}}}).get();
  const auto event = events.next().get().value();
  EXPECT_EQ(event.topic, "orders/created");
  EXPECT_EQ(event.as<Json>(), (Json{{"id", 1}}));
  EXPECT_EQ(event.message.headers.at("trace"), "ä");
  EXPECT_EQ(event.publisher, mesh.node_id());
  EXPECT_EQ(event.message.content_type, "application/json");
  EXPECT_EQ(event.missed, 0U);
  EXPECT_EQ(event.message.text(), "{\"id\":1}");
}

TEST(Pubsub, AFilterMatchesBySegments) {
  const auto mesh = started();
  const std::vector<std::pair<std::string, std::vector<Json>>> filters{{"a", {"a"}}, {"*", {"a", "b"}}, {"a/*", {"a/b"}}, {"*/b", {"a/b"}}, {"a/**", {"a", "a/b", "a/b/c"}}, {"**", {"a", "b", "a/b", "a/b/c"}}, {"**/c", {"a/b/c"}}};
  for (const auto &[filter, expected] : filters) {
    const auto events = mesh.subscribe(filter).get();
    for (const auto *topic : {"a", "b", "a/b", "a/b/c"}) {
      mesh.publish(topic, topic).get();
    }
    EXPECT_EQ(taken(events, expected.size()), expected) << filter;
  }
}

TEST(Pubsub, EverySubscriptionGetsEveryEventInOrder) {
  const auto mesh = started();
  std::vector<Subscription> subscriptions;
  for (int number = 0; number < 5; number++) {
    subscriptions.push_back(mesh.subscribe("numbers").get());
  }
  for (int number = 0; number < 100; number++) {
    mesh.publish("numbers", number).get();
  }
  for (const auto &events : subscriptions) {
    EXPECT_EQ(taken(events, 100), numbers(100));
  }
}

TEST(Pubsub, SequenceNumbersRise) {
  const auto mesh = started();
  const auto events = mesh.subscribe("**").get();
  std::uint64_t last = 0;
  for (const auto *topic : {"a", "b", "a"}) {
    mesh.publish(topic).get();
    const auto event = events.next().get().value();
    EXPECT_GT(event.sequence, last);
    last = event.sequence;
  }
}

TEST(Pubsub, AFullQueueLosesWhatItsPolicySaysAndTells) {
  struct Policy {
    Overflow overflow;
    std::vector<Json> kept;
    std::uint64_t missed_first;
  };
  for (const auto &[overflow, kept, missed_first] : {Policy{Overflow::DropOldest, {2, 3, 4}, 2}, Policy{Overflow::DropNewest, {0, 1, 2}, 0}}) {
    const auto mesh = started();
    const auto events = mesh.subscribe("numbers", {.capacity = 3, .overflow = overflow}).get();
    for (int number = 0; number < 5; number++) {
      mesh.publish("numbers", number).get();
    }
    const auto first = events.next().get().value();
    EXPECT_EQ(first.as<Json>(), kept[0]);
    EXPECT_EQ(first.missed, missed_first);
    EXPECT_EQ(taken(events, 2), (std::vector<Json>{kept[1], kept[2]}));
    EXPECT_EQ(events.dropped(), 2U);
    EXPECT_EQ(mesh.stats().events_dropped, 2U);
    mesh.publish("numbers", 5).get();
    EXPECT_EQ(events.next().get().value().missed, 2 - missed_first);
  }
}

TEST(Pubsub, AFullQueueThatBlocksMakesItsPublisherWait) {
  const auto mesh = started();
  const auto events = mesh.subscribe("numbers", {.capacity = 1, .overflow = Overflow::Block}).get();
  mesh.publish("numbers", 0).get();
  auto waiting = mesh.publish("numbers", 1);
  EXPECT_FALSE(waiting.wait_for(20ms));
  EXPECT_EQ(taken(events, 1), numbers(1));
  waiting.get();
  EXPECT_EQ(taken(events, 1), std::vector<Json>{1});
  EXPECT_EQ(events.dropped(), 0U);
}

TEST(Pubsub, ALoopEndsWithTheSubscription) {
  const auto mesh = started();
  mesh.publish("topic", "before anybody listens").get();
  const auto events = mesh.subscribe("topic").get();
  std::vector<Json> seen;
  std::thread listener([&] {
    for (const auto &event : events) {
      seen.push_back(event.as<Json>());
      events.close();
    }
  });
  mesh.publish("topic", "now").get();
  listener.join();
  EXPECT_EQ(seen, std::vector<Json>{"now"});
}

TEST(Pubsub, AClosedSubscriptionTakesNothingMore) {
  const auto mesh = started();
  const auto events = mesh.subscribe("topic").get();
  events.close();
  events.close();
  mesh.publish("topic", 1).get();
  EXPECT_FALSE(events.next().get().has_value());
}

TEST(Pubsub, AWaitThatIsCancelledLosesNoEvent) {
  const auto mesh = started();
  const auto events = mesh.subscribe("numbers").get();
  std::vector<Json> seen;
  for (int number = 0; number < 50; number++) {
    std::stop_source stop;
    auto waiting = events.next(stop.get_token());
    mesh.publish("numbers", number).get();
    if (number % 2 == 0) {
      stop.request_stop();
    }
    try {
      if (const auto event = waiting.get()) {
        seen.push_back(event->as<Json>());
      }
    } catch (const commy::Cancelled &) {
    }
  }
  for (const Json &value : taken(events, 50 - seen.size())) {
    seen.push_back(value);
  }
  EXPECT_EQ(seen, numbers(50));
}

TEST(Pubsub, AnEventThatIsNotTheJsonItSaysDoesNotEndTheSubscription) {
  const auto mesh = started();
  const auto events = mesh.subscribe("topic").get();
  mesh.publish("topic", commy::Bytes{'{'}, {.content_type = "application/json"}).get();
  mesh.publish("topic", commy::Bytes{0, 255}).get();
  const auto broken = events.next().get().value();
  EXPECT_THROW(broken.as<Json>(), commy::InvalidArgument);
  EXPECT_EQ(broken.as<commy::Bytes>(), commy::Bytes{'{'});
  EXPECT_EQ(events.next().get()->as<commy::Bytes>(), (commy::Bytes{0, 255}));
}

TEST(Pubsub, ABadTopicOrFilterIsRefused) {
  const auto mesh = started();
  for (const auto &bad : {""s, std::string(257, 't'), "/a"s, "a/"s, "a//b"s, "has space"s, "größe"s, "a/*"s, "**"s, "\xff"s}) {
    EXPECT_THROW(mesh.publish(bad).get(), commy::InvalidArgument) << bad;
  }
  for (const auto &bad : {""s, std::string(257, 't'), "/a"s, "a//b"s, "a*"s, "***"s, "größe"s, "\xff"s}) {
    EXPECT_THROW(mesh.subscribe(bad).get(), commy::InvalidArgument) << bad;
  }
}

TEST(Pubsub, OptionsThatBreakARuleAreRefused) {
  const auto mesh = started();
  for (const auto &options : {commy::SubscribeOptions{.capacity = 0}, commy::SubscribeOptions{.capacity = 65'537}, commy::SubscribeOptions{.overflow = static_cast<Overflow>(9)}}) {
    EXPECT_THROW(mesh.subscribe("topic", options).get(), commy::InvalidArgument);
  }
}

TEST(Pubsub, PublishingToNobodySucceedsAndIsCounted) {
  const auto mesh = started();
  mesh.publish("topic", 1).get();
  const auto events = mesh.subscribe("topic").get();
  mesh.publish("topic", 2).get();
  EXPECT_EQ(taken(events, 1), std::vector<Json>{2});
  const auto stats = mesh.stats();
  EXPECT_EQ(stats.events_published, 2U);
  EXPECT_EQ(stats.events_delivered, 1U);
  EXPECT_EQ(stats.events_dropped, 0U);
}

} // namespace
