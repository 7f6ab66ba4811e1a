// What a call costs: the bindings beside the same symbols called by hand, in one run, and the whole
// way to a handler and back. Ends with exit code 1 if the bindings cost more than they may.

#include <commy/commy.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
namespace ffi = commy::raw::ffi;

/// How much more than by hand a call may cost.
constexpr double ratio_max = 1.5;
constexpr int rounds = 15;

double timed(const std::function<void(int)> &run, int count) {
  const auto begin = Clock::now();
  run(count);
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / count;
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

/// Two ways to do the same, measured in turns, so that whatever else runs slows both.
bool compare(const std::string &what, const std::function<void(int)> &by_hand, const std::function<void(int)> &bindings, int count) {
  std::vector<double> base;
  std::vector<double> times;
  by_hand(count);
  bindings(count);
  for (int round = 0; round < rounds; round++) {
    base.push_back(timed(by_hand, count));
    times.push_back(timed(bindings, count));
  }
  const double ratio = median(times) / median(base);
  std::printf("%-42s %8.1f ns   by hand %8.1f ns   ratio %.2f\n", what.c_str(), median(times), median(base), ratio);
  return ratio <= ratio_max;
}

void measure(const std::string &what, const std::function<void(int)> &run, int count) {
  std::vector<double> times;
  run(count);
  for (int round = 0; round < rounds; round++) {
    times.push_back(timed(run, count));
  }
  std::printf("%-42s %8.1f µs\n", what.c_str(), median(times) / 1000);
}

volatile std::size_t sink = 0;

} // namespace

int main(int count, char **arguments) {
  const std::string_view filter = count > 1 ? arguments[1] : "";
  const auto wanted = [&](std::string_view name) { return name.find(filter) != std::string_view::npos; };
  bool is_good = true;

  const commy::raw::Mesh raw({.name = "bench"});
  if (wanted("method")) {
    // The handle is private: a second mesh, made by hand.
    const std::string_view name = "bench-by-hand";
    uniffi::RustCallStatus status{};
    auto options = ffi::MeshOptionsCodec::lower(ffi::library(), {.name = std::string(name)});
    const auto handle = ffi::uniffi_commy_ffi_fn_constructor_mesh_new(options.release(), &status);
    is_good &= compare(
        "method, giving a boolean",
        [&](int times) {
          for (int turn = 0; turn < times; turn++) {
            uniffi::RustCallStatus status{};
            const auto cloned = ffi::uniffi_commy_ffi_fn_clone_mesh(handle, &status);
            const auto running = ffi::uniffi_commy_ffi_fn_method_mesh_is_running(cloned, &status);
            if (status.code != 0) {
              std::abort();
            }
            sink = sink + static_cast<std::size_t>(running);
          }
        },
        [&](int times) {
          for (int turn = 0; turn < times; turn++) {
            sink = sink + static_cast<std::size_t>(raw.is_running());
          }
        },
        200'000);
    ffi::uniffi_commy_ffi_fn_free_mesh(handle, &status);
  }
  if (wanted("function")) {
    is_good &= compare(
        "function, giving a string",
        [&](int times) {
          for (int turn = 0; turn < times; turn++) {
            uniffi::RustCallStatus status{};
            const auto buffer = ffi::uniffi_commy_ffi_fn_func_version(&status);
            if (status.code != 0) {
              std::abort();
            }
            const std::string text(reinterpret_cast<const char *>(buffer.data), buffer.len);
            ffi::ffi_commy_ffi_rustbuffer_free(buffer, &status);
            sink = sink + text.size();
          }
        },
        [&](int times) {
          for (int turn = 0; turn < times; turn++) {
            sink = sink + commy::raw::version().size();
          }
        },
        200'000);
  }

  commy::Mesh mesh("bench", {.local_only = true});
  mesh.start().get();
  mesh.register_service({.service = "echo"}, [](const commy::Bytes &bytes) { return bytes; }).get();
  const auto call = [&](std::size_t size) {
    return [&mesh, payload = commy::Bytes(size)](int times) {
      for (int turn = 0; turn < times; turn++) {
        sink = sink + mesh.call<commy::Bytes>("echo", "", payload).get().size();
      }
    };
  };
  if (wanted("call 16 B")) {
    measure("call 16 B, to a handler and back", call(16), 2'000);
  }
  if (wanted("call 1 MiB")) {
    measure("call 1 MiB, to a handler and back", call(1 << 20), 20);
  }
  if (wanted("await")) {
    measure(
        "await an event that is there", [&](int times) {
      const auto events = mesh.subscribe("topic", {.capacity = 65'536}).get();
      for (int turn = 0; turn < times; turn++) {
        mesh.publish("topic", commy::Bytes(16)).get();
      }
      for (int turn = 0; turn < times; turn++) {
        sink = sink + events.next().get()->sequence; } }, 2'000);
  }
  return is_good ? 0 : 1;
}
