/// Where handlers run, and where coroutines go on.

#pragma once

#include "generated/uniffi_runtime.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace commy {

/// A value that comes later: `co_await` it, block in `get()`, or make it a `std::future`.
/// Dropping it cancels what it waits for.
template <typename T>
using Future = uniffi::Future<T>;

/// The other end of a future that is answered by hand.
template <typename T>
using Promise = uniffi::Promise<T>;

/// Runs jobs soon, on whatever thread. Implement it to have commy use an event loop of yours.
using Executor = uniffi::Executor;

/// So many threads with one queue.
using ThreadPool = uniffi::ThreadPool;

/// Threads that are made when they are needed, up to a bound, so that a handler may block and
/// call on. They end once this is destroyed and the queue is empty; nobody waits for them,
/// because it is the library that lets go of the last handler, on a thread of its own.
class Workers final : public Executor {
public:
  explicit Workers(std::size_t threads_max) : crew_(std::make_shared<Crew>(threads_max)) {}
  Workers(const Workers &) = delete;
  Workers &operator=(const Workers &) = delete;
  ~Workers() override { crew_->close(); }

  void post(std::function<void()> job) override {
    if (crew_->push(std::move(job))) {
      std::thread([crew = crew_] { crew->work(); }).detach();
    }
  }

private:
  class Crew {
  public:
    explicit Crew(std::size_t threads_max) : threads_max_(std::max<std::size_t>(threads_max, 1)) {}

    /// Whether one more thread is needed.
    bool push(std::function<void()> job) {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
      if (jobs_.size() <= idle_ || threads_ == threads_max_) {
        changed_.notify_one();
        return false;
      }
      threads_++;
      return true;
    }

    void close() {
      const std::lock_guard lock(mutex_);
      is_closed_ = true;
      changed_.notify_all();
    }

    void work() {
      std::unique_lock lock(mutex_);
      for (;;) {
        idle_++;
        changed_.wait(lock, [this] { return is_closed_ || !jobs_.empty(); });
        idle_--;
        if (jobs_.empty()) {
          return;
        }
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
      }
    }

  private:
    const std::size_t threads_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    std::size_t threads_ = 0;
    std::size_t idle_ = 0;
    bool is_closed_ = false;
  };

  std::shared_ptr<Crew> crew_;
};

} // namespace commy
