// A part of the shop in a process of its own: it waits for the other part, wherever that runs, and
// calls it. What a part serves is not known here.

#pragma once

#include <commy/commy.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <optional>
#include <string>

inline volatile std::sig_atomic_t is_closing = 0;

/// The next change; none if Ctrl-C came before.
inline std::optional<commy::Change> next_change(const commy::Watch &changes) {
  auto next = changes.next();
  while (!next.wait_for(std::chrono::milliseconds(20))) {
    if (is_closing != 0) {
      return std::nullopt;
    }
  }
  return next.get();
}

/// Calls the other part, and says what it answered.
inline std::string greet(const commy::Mesh &mesh, const std::string &other) {
  const auto answer = other == "warehouse" ? commy::attempt(mesh.call("inventory", "levels")).get()
                                           : commy::attempt(mesh.call("orders", "create", commy::Json{{"item", "tea"}, {"count", 1}})).get();
  if (answer) {
    return (other == "warehouse" ? "in the warehouse there are " : "sold by the counter: ") + answer->dump();
  }
  return "the " + other + " refuses: " + answer.error().what();
}

/// Keeps a part of the shop open until Ctrl-C; `serve` registers its services.
inline void open_part(const commy::Mesh &mesh, const std::string &name, const std::function<void()> &serve) {
  const std::string other = name == "counter" ? "warehouse" : "counter";
  const auto opened = std::chrono::steady_clock::now();
  const auto changes = mesh.watch({.service = other == "warehouse" ? "inventory" : "orders"});
  // The counter sells once it knows of a warehouse.
  bool is_serving = name == "warehouse";
  if (is_serving) {
    serve();
  }
  std::signal(SIGINT, [](int) { is_closing = 1; });
  std::signal(SIGTERM, [](int) { is_closing = 1; });
  std::cout << "the " << name << " is open as node " << mesh.node_id().substr(0, 8) << ", and looks for the " << other << " (Ctrl-C closes it)" << std::endl;
  while (const auto change = next_change(changes)) {
    const auto where = "node " + change->instance.node_id.substr(0, 8);
    if (change->kind == commy::ChangeKind::Removed) {
      std::cout << "the " << other << " on " << where << " is closed" << std::endl;
    } else if (change->kind == commy::ChangeKind::Added) {
      const std::chrono::duration<double> after = std::chrono::steady_clock::now() - opened;
      std::cout << "found the " << other << " on " << where << ", " << after.count() << " s after opening\n"
                << greet(mesh, other) << std::endl;
      if (!is_serving) {
        serve();
        is_serving = true;
      }
    }
  }
}
