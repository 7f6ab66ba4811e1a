// The tour: the nine steps that every SDK's tour takes, checked as they are taken.

#include <commy/commy.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int steps = 9;

/// Counts the steps, and says what each of them showed.
class Tour {
public:
  void step(const std::string &title, const std::string &shown, bool holds) {
    if (!holds) {
      std::cerr << taken_ + 1 << ". " << title << ": " << shown << " is not what was expected\n";
      std::exit(1);
    }
    taken_++;
    std::cout << taken_ << ". " << title << ": " << shown << "\n";
  }

  int taken() const { return taken_; }

private:
  int taken_ = 0;
};

template <typename Items, typename Show>
std::string joined(const Items &items, Show show) {
  std::string text;
  for (const auto &item : items) {
    text += (text.empty() ? "" : ", ") + show(item);
  }
  return text;
}

commy::Future<int> take() {
  Tour tour;

  const auto version = commy::version();
  tour.step("library version", version, std::ranges::count(version, '.') == 2);

  const commy::Mesh mesh("tour");
  tour.step("create a mesh", mesh.name(), mesh.name() == "tour");

  co_await mesh.start();
  tour.step("start it", mesh.is_running() ? "running" : "not running", mesh.is_running());

  tour.step("status", "running as node " + mesh.node_id(), mesh.is_running() && !mesh.node_id().empty());

  commy::Service greeter;
  greeter.method("greet", [](std::string name) -> commy::Future<std::string> { co_return "hello " + name; });
  auto add = [](const std::vector<int> &numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0); };
  auto reverse = [](commy::Bytes bytes) {
    std::ranges::reverse(bytes);
    return bytes;
  };
  std::vector<commy::Registration> registrations;
  const commy::ServiceSpec greeter_spec{.service = "greeter", .version = "1.0.0", .tags = {"tour"}};
  const commy::ServiceSpec adder_spec{.service = "adder", .version = "1.1.0", .tags = {"tour"}};
  const commy::ServiceSpec reverser_spec{.service = "reverser", .version = "2.0.0", .tags = {"tour"}};
  registrations.push_back(co_await mesh.register_service(greeter_spec, greeter));
  registrations.push_back(co_await mesh.register_service(adder_spec, add));
  registrations.push_back(co_await mesh.register_service(reverser_spec, reverse));
  const auto names = joined(registrations, [](const auto &one) { return one.instance().service; });
  tour.step("register three services", names, names == "greeter, adder, reverser");

  const auto found = joined(mesh.discover({.tags = {"tour"}}), [](const auto &one) { return one.service + " " + one.version; });
  tour.step("find all three", found, found == "adder 1.1.0, greeter 1.0.0, reverser 2.0.0");

  const auto count = mesh.active_service_count();
  tour.step("count the active ones", std::to_string(count), count == 3);

  const commy::CallOptions soon{.timeout = 2s};
  const auto greeting = co_await mesh.call<std::string>("greeter", "greet", "Ann", soon);
  const std::vector numbers{1, 2, 3};
  const auto sum = co_await mesh.call<int>("adder", "", numbers, soon);
  const commy::Bytes letters{'a', 'b', 'c'};
  const auto reversed = co_await mesh.call<commy::Bytes>("reverser", "", letters, soon);
  const std::string text(reversed.begin(), reversed.end());
  tour.step("call each", greeting + ", " + std::to_string(sum) + ", " + text, greeting == "hello Ann" && sum == 6 && text == "cba");

  for (const auto &registration : registrations) {
    co_await registration.deregister();
  }
  const auto left = mesh.discover();
  co_await mesh.stop();
  tour.step("clean up", mesh.is_running() ? "running" : "not running", left.empty() && !mesh.is_running());

  std::cout << tour.taken() << "/" << steps << "\n";
  co_return tour.taken() == steps ? 0 : 1;
}

} // namespace

int main() { return take().get(); }
