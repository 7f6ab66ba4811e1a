// A node in a process of its own, as tests drive it: PEER OPTIONS SERVES, both JSON.
//
// Its first line says that it is "ready", or the "error" that kept it from it.

#include "../samples/commands.hpp"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using commands::say;
using commy::Context;
using commy::Future;
using commy::Json;
using commy::Mesh;
using commy::Message;

namespace {

commy::MeshOptions options_of(const Json &given) {
  commy::MeshOptions options;
  if (given.contains("zone")) {
    options.zone = given.at("zone").get<std::string>();
  }
  if (given.contains("region")) {
    options.region = given.at("region").get<std::string>();
  }
  options.local_only = given.value("local_only", false);
  const std::string mode = given.value("mode", "peer");
  options.mode = mode == "router" ? commy::FabricMode::Router : mode == "client" ? commy::FabricMode::Client
                                                                                 : commy::FabricMode::Peer;
  options.listen = given.value("listen", options.listen);
  options.connect = given.value("connect", options.connect);
  if (given.contains("tls")) {
    const auto path = [&](const char *what) { return given.at("tls").at(what).get<std::string>(); };
    options.tls = commy::TlsOptions{.ca = path("ca"), .certificate = path("certificate"), .key = path("key")};
  }
  return options;
}

/// What a node serves when it is told to.
commy::Service worker(const Mesh &mesh) {
  commy::Service worker;
  worker.method("echo", [](const Message &message) { return message; });
  worker.method("who", [&mesh] { return mesh.node_id(); });
  worker.method("work", [&mesh](double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    return mesh.node_id();
  });
  worker.method("hold", [](const Json &, const Context &context) -> Future<void> {
    say({{"told", "held"}});
    co_await commy::stopped(context.stop);
    say({{"told", "let go"}});
  });
  worker.method("fail", [](const Json &) { throw commy::HandlerError("OUT_OF_STOCK", "none of tea left", {{"left", 0}, {"of", {"tea"}}}); });
  worker.method("lose", [](const Json &) { throw std::out_of_range("lost"); });
  worker.method("context", [](const Json &, const Context &context) {
    return Json{{"caller", context.caller}, {"time_left_ms", context.time_left().count()}, {"attempt", context.attempt}, {"headers", context.headers}};
  });
  return worker;
}

/// What the commands do.
class Node {
public:
  explicit Node(const Mesh &mesh) : mesh_(mesh) {}

  Future<Json> serve(Json with) {
    commy::ServiceSpec spec;
    spec.service = with.at("service");
    spec.version = with.value("version", spec.version);
    spec.tags = with.value("tags", spec.tags);
    spec.metadata = with.value("metadata", spec.metadata);
    spec.weight = with.value("weight", spec.weight);
    if (with.contains("zone")) {
      spec.zone = with.at("zone").get<std::string>();
    }
    auto registration = co_await mesh_.register_service(spec, worker(mesh_));
    const std::lock_guard lock(mutex_);
    registrations_.insert_or_assign(spec.service, std::move(registration));
    co_return Json();
  }

  Future<Json> deregister(Json with) {
    const auto registration = [&] {
      const std::lock_guard lock(mutex_);
      return registrations_.at(with.at("service").get<std::string>());
    }();
    co_await registration.deregister();
    co_return Json();
  }

  Future<Json> call(Json with) { return mesh_.call(text(with, "service"), text(with, "method"), with.value("payload", Json())); }

  Future<Json> publish(Json with) {
    const int first = with.at("first");
    const int count = with.at("count");
    for (int number = first; number < first + count; number++) {
      co_await mesh_.publish(text(with, "topic"), number);
    }
    co_return Json();
  }

  /// Tells of every event from now on.
  Future<Json> subscribe(Json with) {
    auto events = co_await mesh_.subscribe(text(with, "topics"));
    [[maybe_unused]] const auto going = tell(std::make_shared<const commy::Subscription>(std::move(events)));
    co_return Json();
  }

  Future<Json> discover(Json with) {
    commy::Query query;
    query.service = with.at("service");
    Json nodes = Json::array();
    for (const auto &one : mesh_.discover(query)) {
      nodes.push_back(one.node_id);
    }
    return uniffi::ready(nodes);
  }

  Future<Json> stats(Json) {
    const auto stats = mesh_.stats();
    return uniffi::ready(Json{{"peers", stats.peers}, {"requests_handled", stats.requests_handled}, {"requests_in_flight", stats.requests_in_flight}, {"bytes_received", stats.bytes_received}});
  }

  Future<Json> stop(Json) {
    co_await mesh_.stop();
    co_return Json();
  }

private:
  static std::string text(const Json &with, const char *what) { return with.at(what); }

  static Future<void> tell(std::shared_ptr<const commy::Subscription> events) {
    while (const auto event = co_await events->next()) {
      say({{"told", "event"}, {"value", event->as<Json>()}, {"publisher", event->publisher}, {"missed", event->missed}});
    }
  }

  const Mesh &mesh_;
  std::mutex mutex_;
  std::map<std::string, commy::Registration> registrations_;
};

} // namespace

int main(int, char **arguments) {
  const Json options = Json::parse(arguments[1]);
  try {
    const Mesh mesh(options.at("name").get<std::string>(), options_of(options));
    mesh.start().get();
    Node node(mesh);
    Json serves = Json::parse(arguments[2]);
    for (auto &[service, spec] : serves.items()) {
      spec["service"] = service;
      node.serve(spec).get();
    }
    commands::Commands commands;
    const auto add = [&](const char *name, Future<Json> (Node::*run)(Json)) {
      commands.add(name, [&node, run](Json with) { return (node.*run)(std::move(with)); });
    };
    add("register", &Node::serve);
    add("deregister", &Node::deregister);
    add("call", &Node::call);
    add("publish", &Node::publish);
    add("subscribe", &Node::subscribe);
    add("discover", &Node::discover);
    add("stats", &Node::stats);
    add("stop", &Node::stop);
    say({{"ready", mesh.node_id()}});
    commands.obey_until("exit");
    // As it is: with a mesh that runs, and with calls that wait.
    std::exit(0);
  } catch (const commy::Error &error) {
    say({{"error", commands::shown(error)}});
    return 1;
  }
}
