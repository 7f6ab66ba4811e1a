// A small shop: orders, inventory and payments call each other with JSON and tell of it in events.
//
// Invoices are sent by an outside HTTP server that knows nothing of commy: it is advertised, probed,
// found and dialled, and it drops out of discovery when it is stopped.
//
// `shop` has all of it in one process, which keeps to itself, checks what it shows, and ends with exit
// code 0 only if all of it is as it should be. `shop counter` and `shop warehouse`, each in a terminal
// of its own, are parts that find and call each other. The shops of the other languages have the same
// parts, and theirs will do.

#include "outside_server.hpp"
#include "part.hpp"

#include <commy/commy.hpp>

#include <atomic>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <string>

using namespace std::chrono_literals;
using commy::Context;
using commy::Future;
using commy::Json;
using commy::Mesh;

namespace {

struct Order {
  std::string item;
  int count = 0;
};

void to_json(Json &json, const Order &order) { json = {{"item", order.item}, {"count", order.count}}; }

void from_json(const Json &json, Order &order) {
  json.at("item").get_to(order.item);
  order.count = json.value("count", 0);
}

/// What is on the shelves. Plain methods: they run in threads, so a lock guards the shelves.
class Inventory {
public:
  commy::Service service() {
    commy::Service service;
    service.method("reserve", [this](const Order &wanted) { return reserve(wanted); });
    service.method("release", [this](const Order &wanted) {
      const std::lock_guard lock(mutex_);
      stock_[wanted.item] += wanted.count;
    });
    service.method("levels", [this] {
      const std::lock_guard lock(mutex_);
      return stock_;
    });
    return service;
  }

private:
  Json reserve(const Order &wanted) {
    const std::lock_guard lock(mutex_);
    int &left = stock_[wanted.item];
    if (left < wanted.count) {
      throw commy::HandlerError("OUT_OF_STOCK", std::to_string(left) + " of " + wanted.item + " left", {{"left", left}});
    }
    left -= wanted.count;
    return {{"left", left}};
  }

  std::mutex mutex_;
  std::map<std::string, int> stock_{{"tea", 10}, {"cup", 2}};
};

Json charge(const Json &payment, const Context &context) {
  constexpr int limit = 100;
  const int amount = payment.at("amount");
  if (amount > limit) {
    throw commy::HandlerError("DECLINED", std::to_string(amount) + " is over the limit of " + std::to_string(limit));
  }
  return {{"paid", amount}, {"order", context.headers.at("order-id")}};
}

/// The entrance: a coroutine that calls the others, and keeps to its caller's time.
class Orders {
public:
  explicit Orders(const Mesh &mesh) : mesh_(mesh) {}

  Future<Json> create(const Order &order, const Context &context) {
    const auto price = prices_.find(order.item);
    if (price == prices_.end() || order.count < 1) {
      throw commy::BadRequest("an order names an item of the shop's and a count, not " + Json(order).dump());
    }
    const auto id = "order-" + std::to_string(++count_);
    const commy::CallOptions in_time{.timeout = context.time_left(), .stop = context.stop};
    const auto reserved = co_await commy::attempt(mesh_.call("inventory", "reserve", order, in_time));
    if (!reserved) {
      // Passed on on purpose: what another service says is not this one's word by itself.
      throw commy::HandlerError(reserved.error().code(), reserved.error().reason(), commy::details(reserved.error()));
    }
    const Json payment{{"amount", price->second * order.count}};
    const commy::CallOptions charged{.timeout = context.time_left(), .headers = {{"order-id", id}}, .stop = context.stop};
    const auto receipt = co_await commy::attempt(mesh_.call("payments", "charge", payment, charged));
    if (!receipt) {
      const Json told{{"id", id}, {"why", receipt.error().code()}};
      co_await mesh_.call("inventory", "release", order);
      co_await mesh_.publish("orders/declined", told);
      throw commy::HandlerError(receipt.error().code(), receipt.error().reason());
    }
    const Json told{{"id", id}, {"item", order.item}, {"count", order.count}};
    co_await mesh_.publish("orders/created", told);
    co_return Json{{"id", id}, {"receipt", *receipt}};
  }

private:
  const Mesh &mesh_;
  const std::map<std::string, int> prices_{{"tea", 4}, {"cup", 60}};
  std::atomic<int> count_ = 0;
};

void check(const std::string &what, const Json &found, const Json &expected) {
  if (found != expected) {
    std::cerr << what << ": found " << found << ", expected " << expected << "\n";
    std::exit(1);
  }
  std::cout << what << ": " << found << "\n";
}

/// Why an order is refused.
std::string refused(const Mesh &mesh, const Json &order) {
  const auto answer = commy::attempt(mesh.call("orders", "create", order)).get();
  if (answer) {
    return "it was not: " + answer->dump();
  }
  const auto &error = answer.error();
  return error.status() == commy::Status::handler_failed ? error.code() : std::string(name(error.status()));
}

void sell(const Mesh &mesh) {
  const auto events = mesh.subscribe("orders/*").get();
  const auto sold = mesh.call("orders", "create", Order{"tea", 3}, {.timeout = 30s}).get();
  check("an order", sold, {{"id", "order-1"}, {"receipt", {{"paid", 12}, {"order", "order-1"}}}});
  check("more cups than there are", refused(mesh, Order{"cup", 3}), "OUT_OF_STOCK");
  check("more than the card allows", refused(mesh, Order{"cup", 2}), "DECLINED");
  check("an order for nothing", refused(mesh, {{"item", "moon"}}), "INVALID_ARGUMENT");
  check("what is left", mesh.call("inventory", "levels").get(), {{"tea", 7}, {"cup", 2}});

  std::vector<Future<Json>> many;
  for (int number = 0; number < 7; number++) {
    many.push_back(mesh.call("orders", "create", Order{"tea", 1}));
  }
  std::set<std::string> ids;
  for (auto &one : many) {
    ids.insert(one.get().at("id"));
  }
  check("seven at once", ids.size(), 7);
  check("one more", refused(mesh, Order{"tea", 1}), "OUT_OF_STOCK");

  std::vector<commy::Event> told;
  for (const auto &event : events) {
    told.push_back(event);
    if (told.size() == 9) {
      break;
    }
  }
  check("the first event", {told[0].topic, told[0].as<Json>()["id"]}, {"orders/created", "order-1"});
  check("the second event", {told[1].topic, told[1].as<Json>()["why"]}, {"orders/declined", "DECLINED"});
  check("the others", std::ranges::all_of(told.begin() + 2, told.end(), [](const auto &event) { return event.topic == "orders/created"; }), true);
}

/// What the outside server answers: a health page, and invoices.
OutsideServer::Answer invoicing(const std::string &method, const std::string &, const std::string &body) {
  if (method == "POST") {
    const std::string id = Json::parse(body).at("id");
    return {200, Json{{"invoice", "invoice for " + id}}.dump()};
  }
  return {200, R"({"status":"up"})"};
}

void invoice(const Mesh &mesh) {
  const auto changes = mesh.watch({.service = "invoicing"});
  {
    const OutsideServer server(invoicing);
    const auto address = "http://127.0.0.1:" + std::to_string(server.port());
    mesh.advertise({.service = "invoicing"}, address, commy::HealthCheck{.probe = commy::Http{"/health"}, .interval = 50ms, .timeout = 500ms, .fall = 2}).get();
    check("the outside server is added", changes.next().get()->kind == commy::ChangeKind::Added, true);
    const auto found = mesh.discover({.service = "invoicing"}).at(0);
    check("found at its address", found.endpoint == address, true);
    check("dialled by us", Json::parse(post(server.port(), "/invoices", R"({"id":"order-1"})")), {{"invoice", "invoice for order-1"}});
    const auto refused = commy::attempt(mesh.call("invoicing", "create")).get();
    check("and not through the mesh", refused.error().reason().find(address) != std::string::npos, true);
  }
  check("stopped, it is removed", changes.next().get()->kind == commy::ChangeKind::Removed, true);
  check("and found no more", mesh.discover({.service = "invoicing"}).size(), 0);
}

/// Registers the services of one part of the shop.
void serve(const Mesh &mesh, const std::string &part, Inventory &inventory, Orders &orders) {
  if (part == "warehouse") {
    mesh.register_service({.service = "inventory", .version = "1.0.0"}, inventory.service()).get();
  } else {
    mesh.register_service({.service = "payments", .version = "1.0.0"}, commy::Service().method("charge", charge)).get();
    mesh.register_service({.service = "orders", .version = "2.1.0", .tags = {"entrance"}}, commy::Service().method("create", [&](const Order &order, const Context &context) { return orders.create(order, context); })).get();
  }
}

/// All of the shop in one process.
void whole() {
  const Mesh mesh("shop", {.call_timeout = 30s, .local_only = true});
  Inventory inventory;
  Orders orders(mesh);
  mesh.start().get();
  serve(mesh, "warehouse", inventory, orders);
  serve(mesh, "counter", inventory, orders);
  check("services", mesh.active_service_count(), 3);
  sell(mesh);
  invoice(mesh);
  check("messages that left this process", mesh.stats().fabric_messages, 0);
  mesh.stop().get();
  std::cout << "the shop is closed: all as it should be\n";
}

} // namespace

int main(int count, char **arguments) {
  const std::string part = count == 2 ? arguments[1] : "";
  if (count == 1) {
    whole();
  } else if (part == "counter" || part == "warehouse") {
    const Mesh mesh("shop", {.call_timeout = 5s});
    Inventory inventory;
    Orders orders(mesh);
    mesh.start().get();
    open_part(mesh, part, [&] { serve(mesh, part, inventory, orders); });
    mesh.stop().get();
  } else {
    std::cerr << "usage: shop [counter|warehouse]\n";
    return 2;
  }
}
