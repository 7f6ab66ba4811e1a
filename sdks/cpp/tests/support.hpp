// What every topic needs: a mesh that nobody else is in, and ways to wait that end.

#pragma once

#include <commy/commy.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

namespace support {

using namespace std::chrono_literals;
using namespace std::string_literals;
using commy::stopped;

/// The name of a mesh that no other test uses.
inline std::string fresh_name() {
  static std::atomic<int> number = 0;
  return "test-" + std::to_string(getpid()) + "-" + std::to_string(++number);
}

/// A mesh that runs and keeps to this process.
inline commy::Mesh started(commy::MeshOptions options = {}) {
  options.local_only = true;
  commy::Mesh mesh(fresh_name(), options);
  mesh.start().get();
  return mesh;
}

inline commy::Json echo(const commy::Json &value) { return value; }

/// The error that something throws, to look into.
template <typename Error, typename Run>
Error caught(Run &&run) {
  try {
    run();
  } catch (const Error &error) {
    return error;
  }
  throw std::runtime_error("nothing was thrown, and an error is expected");
}

/// Longer than anything here takes: whoever waits so long waits for what never comes.
inline constexpr auto limit = 30s;

/// Opens once; threads wait for it.
class Gate {
public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    opened_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return opened_.wait_for(lock, limit, [this] { return is_open_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};

/// Waits until something holds, which happens on a thread of the runtime's.
inline bool eventually(const std::function<bool()> &holds) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// Is ready when the gate opens, and blocks no thread of the mesh's.
inline commy::Future<void> opened(Gate &gate) {
  commy::Promise<void> promise;
  auto future = promise.future();
  std::thread([&gate, promise = std::move(promise)]() mutable {
    gate.wait();
    promise.set_value();
  }).detach();
  return future;
}

} // namespace support
