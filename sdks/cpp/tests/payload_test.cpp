// Bytes travel untouched, other values as JSON; what is neither, or too large, is refused.

#include "support.hpp"

#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace {

using namespace support;
using commy::Bytes;
using commy::CallOptions;
using commy::Context;
using commy::Json;
using commy::Message;
using testing::HasSubstr;

constexpr std::size_t mib = 1 << 20;

Message answer(const Message &message) { return message; }

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Payload, BytesTravelUntouched) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, [](const Bytes &bytes) { return bytes; }).get();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{65'536}, mib}) {
    Bytes payload(size);
    std::iota(payload.begin(), payload.end(), std::uint8_t{0});
    const auto reply = mesh.request("echo", "", payload).get();
    EXPECT_EQ(reply.as<Bytes>(), payload);
    EXPECT_EQ(reply.message.content_type, "application/octet-stream");
  }
}

TEST(Payload, WhateverHoldsBytesTravelsAsBytes) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, answer).get();
  const std::array<std::uint8_t, 3> array{1, 2, 3};
  EXPECT_EQ(mesh.call<Bytes>("echo", "", array).get(), (Bytes{1, 2, 3}));
  EXPECT_EQ(mesh.call<Bytes>("echo", "", std::span(array).first(2)).get(), (Bytes{1, 2}));
  EXPECT_EQ(mesh.call<Bytes>("echo", "", std::vector<std::byte>{std::byte{9}}).get(), Bytes{9});
}

TEST(Payload, JsonTravelsAsItIs) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  for (const Json &value : {Json(nullptr), Json(true), Json(0), Json(-1), Json(~std::uint64_t{0}), Json(0.1), Json(-1e-300), Json(""), Json("ä€🎉\n"), Json::array(), Json::object(), Json{1, Json{2, Json{3}}}, Json{{"ä", {{"b", {nullptr}}}}}}) {
    const auto answered = mesh.call("echo", "", value).get();
    EXPECT_EQ(answered, value);
    // The library's Json tells 0 from 0U, and JSON does not.
    EXPECT_EQ(answered.dump(), value.dump());
  }
}

TEST(Payload, JsonOnTheWireIsCompactUtf8) {
  const auto mesh = started();
  std::vector<std::string> seen;
  mesh.register_service({.service = "raw"}, [&](const Message &message) { seen.push_back(message.content_type + " " + std::string(message.text())); }).get();
  mesh.call("raw", "", bytes_of("{\"\\u00e4\": 1}"), {.content_type = "text/plain"}).get();
  mesh.call("raw", "", Json{{"ä", {1, 2}}}).get();
  EXPECT_EQ(seen, (std::vector<std::string>{"text/plain {\"\\u00e4\": 1}", "application/json {\"ä\":[1,2]}"}));
}

TEST(Payload, BytesThatSayTheyAreJsonAreDecoded) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  for (const auto *type : {"application/json", "Application/JSON; charset=utf-8"}) {
    EXPECT_EQ(mesh.call("echo", "", bytes_of(" {\"a\": [1]} "), {.content_type = type}).get(), (Json{{"a", {1}}}));
  }
}

TEST(Payload, ARequestThatIsNotTheJsonItSaysIsAnInvalidArgument) {
  const auto mesh = started();
  std::atomic<int> calls = 0;
  mesh.register_service({.service = "count"}, [&](const Json &) { calls++; }).get();
  for (const auto &payload : {""s, "{"s, "\xff"s, "\xef\xbb\xbf"s + "1", "\"\xe4\0\""s, "NaN"s, "[Infinity]"s, "1 2"s, std::string(100'000, '['), std::string(10'000, '9')}) {
    const auto error = caught<commy::InvalidArgument>([&] { mesh.call("count", "", bytes_of(payload), {.content_type = "application/json"}).get(); });
    EXPECT_THAT(error.reason(), HasSubstr("not the JSON"));
  }
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(mesh.call("count", "", 1).get(), nullptr);
}

TEST(Payload, ARequestOfAnotherShapeIsAnInvalidArgument) {
  const auto mesh = started();
  mesh.register_service({.service = "number"}, [](int number) { return number; }).get();
  EXPECT_THROW(mesh.call("number", "", "text").get(), commy::InvalidArgument);
  EXPECT_THROW(mesh.call("number", "", Bytes{1}).get(), commy::InvalidArgument);
  EXPECT_EQ(mesh.call("number", "", 1).get(), 1);
}

TEST(Payload, AReplyThatIsNotTheJsonItSaysIsInternal) {
  const auto mesh = started();
  mesh.register_service({.service = "broken"}, [] { return Message{{'{'}, "application/json", {}}; }).get();
  const auto error = caught<commy::Internal>([&] { mesh.call("broken").get(); });
  EXPECT_THAT(error.reason(), HasSubstr("cannot be read"));
  EXPECT_EQ(error.service(), "broken");
  EXPECT_TRUE(error.instance_id().has_value());
}

TEST(Payload, AValueThatJsonOrUtf8CannotCarryIsRefused) {
  const auto mesh = started();
  mesh.register_service({.service = "echo"}, echo).get();
  Json deep;
  for (int level = 0; level < 1000; level++) {
    deep = Json::array({deep});
  }
  for (const Json &value : {Json(std::nan("")), Json{{"a", INFINITY}}, Json("half \xed\xa0\xbd"), Json{{"\xff", 1}}, Json::binary({1}), deep}) {
    const auto error = caught<commy::InvalidArgument>([&] { mesh.call("echo", "", value).get(); });
    EXPECT_THAT(error.reason(), HasSubstr("must be bytes or a value that JSON can express"));
    EXPECT_THROW(mesh.publish("topic", value).get(), commy::InvalidArgument);
  }
}

TEST(Payload, AHandlerThatReturnsWhatCannotBeSentIsInternal) {
  const auto mesh = started();
  commy::Service wrong;
  wrong.method("nan", [] { return std::nan(""); });
  wrong.method("text", []() -> commy::Future<std::string> { co_return "\xff"; });
  wrong.method("header", [] { return Message::of(1, {{"k", "\xff"}}); });
  mesh.register_service({.service = "wrong"}, wrong).get();
  for (const auto *method : {"nan", "text", "header"}) {
    const auto error = caught<commy::Internal>([&] { mesh.call("wrong", method).get(); });
    EXPECT_THAT(error.reason(), HasSubstr("cannot be sent")) << method;
  }
}

TEST(Payload, OneOverTheLimitIsRefusedOnEveryWay) {
  const auto mesh = started();
  const Bytes large(16 * mib);
  mesh.register_service({.service = "echo"}, answer).get();
  mesh.register_service({.service = "large"}, [&] { return large; }).get();
  EXPECT_THROW(mesh.call<void>("echo", "", large).get(), commy::ResourceExhausted);
  EXPECT_THROW(mesh.call<void>("large").get(), commy::ResourceExhausted);
  EXPECT_THROW(mesh.publish("topic", large).get(), commy::ResourceExhausted);
  EXPECT_EQ(mesh.call("echo", "", "small").get(), "small");
}

TEST(Payload, OneOverTheDefaultLimitPassesWhereTheLimitIsRaised) {
  const auto mesh = started({.max_payload_bytes = 16 * mib});
  mesh.register_service({.service = "echo"}, answer).get();
  Bytes large(16 * mib, 7);
  EXPECT_EQ(mesh.call<Bytes>("echo", "", large).get(), large);
  large.push_back(8);
  EXPECT_THROW(mesh.call<void>("echo", "", large).get(), commy::ResourceExhausted);
}

TEST(Payload, AReplyNamesItsOwnContentType) {
  const auto mesh = started();
  mesh.register_service({.service = "image"}, [](const Message &, const Context &context) { return Message{{0x89, 'P', 'N', 'G'}, "image/png", {{"asked", context.content_type}}}; }).get();
  const auto reply = mesh.request("image", "", Bytes{'?'}, {.content_type = "text/plain"}).get();
  EXPECT_EQ(reply.as<Bytes>(), (Bytes{0x89, 'P', 'N', 'G'}));
  EXPECT_EQ(reply.message.content_type, "image/png");
  EXPECT_EQ(reply.message.headers.at("asked"), "text/plain");
}

} // namespace
