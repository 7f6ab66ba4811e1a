// The peer that `cargo xtask interop` drives, as docs/interop.md describes it: one side of a pair of
// languages, told by lines of JSON what to do.

#include "commands.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using commands::say;
using commy::Bytes;
using commy::Context;
using commy::Future;
using commy::Json;

namespace {

/// How long `find` waits.
constexpr auto patience = 10s;

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; i++) {
    bytes[i] = static_cast<std::uint8_t>((7 * i + i / 256) % 256);
  }
  return bytes;
}

std::string fnv1a(const Bytes &bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const auto byte : bytes) {
    hash = (hash ^ byte) * 0x100000001b3;
  }
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(hash));
  return digits;
}

commy::Service service() {
  commy::Service service;
  service.method("echo", [](const Json &value) { return value; });
  service.method("bytes", [](const Bytes &bytes) { return bytes; });
  service.method("fail", [](const Json &) { throw commy::HandlerError("OUT_OF_STOCK", "none of tea left", {{"left", 0}, {"of", {"tea"}}}); });
  service.method("hold", [](const Json &, const Context &context) -> Future<void> {
    say({{"told", "held"}});
    co_await commy::stopped(context.stop);
    say({{"told", "let go"}});
  });
  return service;
}

/// What the commands do. It outlives what they begin.
class Peer {
public:
  explicit Peer(const std::string &name) : mesh_(name) { mesh_.start().get(); }

  const commy::Mesh &mesh() const { return mesh_; }

  Future<Json> serve(Json with) {
    commy::ServiceSpec spec;
    spec.service = with.at("service");
    spec.version = with.value("version", spec.version);
    spec.tags = with.value("tags", spec.tags);
    spec.metadata = with.value("metadata", spec.metadata);
    const auto registration = co_await mesh_.register_service(spec, service());
    co_return registration.instance().id;
  }

  /// Waits on a thread of its own: no thread of the library's may.
  Future<Json> find(Json with) {
    commy::Promise<Json> promise;
    auto future = promise.future();
    std::thread([this, service = text(with, "service"), promise = std::move(promise)]() mutable {
      try {
        promise.set_value(found(service));
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    }).detach();
    return future;
  }

  Future<Json> call(Json with) {
    commy::CallOptions options;
    if (with.contains("timeout_ms")) {
      options.timeout = std::chrono::milliseconds(with.at("timeout_ms").get<std::int64_t>());
    }
    return mesh_.call(text(with, "service"), text(with, "method"), with.at("value"), options);
  }

  Future<Json> bytes(Json with) {
    const Bytes sent = pattern(with.at("size"));
    const auto back = co_await mesh_.call<Bytes>(text(with, "service"), "bytes", sent);
    co_return Json{{"size", back.size()}, {"fnv1a", fnv1a(back)}};
  }

  Future<Json> hold(Json with) {
    stop_ = std::stop_source();
    commy::CallOptions options;
    options.stop = stop_.get_token();
    held_ = commy::attempt(mesh_.call(text(with, "service"), "hold", nullptr, options));
    return uniffi::ready(Json());
  }

  Future<Json> cancel(Json) {
    if (!held_) {
      throw commy::FailedPrecondition("no call is held");
    }
    stop_.request_stop();
    auto held = std::move(*held_);
    held_.reset();
    const auto result = co_await held;
    if (result) {
      co_return *result;
    }
    co_return result.error().status() == commy::Status::cancelled ? Json() : commands::shown(result.error());
  }

  Future<Json> watch(Json with) {
    commy::Query query;
    query.service = with.at("service");
    keep(follow(std::make_shared<const commy::Watch>(mesh_.watch(query))));
    return uniffi::ready(Json());
  }

  Future<Json> subscribe(Json with) {
    auto events = co_await mesh_.subscribe(text(with, "topic"));
    keep(listen(std::make_shared<const commy::Subscription>(std::move(events))));
    co_return Json();
  }

  Future<Json> publish(Json with) {
    co_await mesh_.publish(text(with, "topic"), with.at("value"));
    co_return Json();
  }

  /// Stops the mesh, which ends all that goes on.
  void stop() {
    mesh_.stop().get();
    const std::lock_guard lock(mutex_);
    for (auto &one : going_) {
      one.wait();
    }
  }

private:
  static std::string text(const Json &with, const char *what) { return with.at(what); }

  Json found(const std::string &service) const {
    const commy::Query query{.service = service};
    const auto changes = mesh_.watch(query);
    const auto known = changes.next();
    known.wait_for(patience);
    const auto instances = mesh_.discover(query);
    if (instances.empty()) {
      throw commy::NotFound("there is no instance of " + service);
    }
    const auto &one = instances.front();
    return {{"id", one.id}, {"node", one.node_id}, {"version", one.version}, {"tags", one.tags}, {"metadata", one.metadata}};
  }

  void keep(Future<void> one) {
    const std::lock_guard lock(mutex_);
    going_.push_back(std::move(one));
  }

  static Future<void> follow(std::shared_ptr<const commy::Watch> changes) {
    while (const auto change = co_await changes->next()) {
      if (change->kind != commy::ChangeKind::Updated) {
        const auto *told = change->kind == commy::ChangeKind::Added ? "added" : "removed";
        say({{"told", told}, {"instance", change->instance.id}});
      }
    }
  }

  static Future<void> listen(std::shared_ptr<const commy::Subscription> events) {
    while (const auto event = co_await events->next()) {
      say({{"told", "event"}, {"topic", event->topic}, {"value", event->as<Json>()}, {"publisher", event->publisher}});
    }
  }

  commy::Mesh mesh_;
  std::stop_source stop_;
  std::optional<Future<commy::Result<Json>>> held_;
  std::mutex mutex_;
  std::vector<Future<void>> going_;
};

} // namespace

int main(int count, char **arguments) {
  if (count != 2) {
    std::cerr << "usage: peer MESH\n";
    return 2;
  }
  std::optional<Peer> started;
  try {
    started.emplace(arguments[1]);
  } catch (const commy::Error &error) {
    say({{"failed", error.what()}});
    return 1;
  }
  Peer &peer = *started;
  commands::Commands commands;
  const auto add = [&](const char *name, Future<Json> (Peer::*run)(Json)) {
    commands.add(name, [&peer, run](Json with) { return (peer.*run)(std::move(with)); });
  };
  add("serve", &Peer::serve);
  add("find", &Peer::find);
  add("call", &Peer::call);
  add("bytes", &Peer::bytes);
  add("hold", &Peer::hold);
  add("cancel", &Peer::cancel);
  add("watch", &Peer::watch);
  add("subscribe", &Peer::subscribe);
  add("publish", &Peer::publish);
  say({{"ready", peer.mesh().node_id()}});

  const auto last = commands.obey_until("stop");
  peer.stop();
  commands.settle();
  if (last) {
    say({{"id", last->at("id")}, {"ok", nullptr}});
  }
  return 0;
}
