/// Where work goes on that no caller waits for: the polling of futures, and what awaits them.

#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace uniffi {

/// Runs jobs, on whatever thread, soon. A job must not throw.
class Executor {
public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> job) = 0;
};

/// So many threads with one queue. Its destructor waits until the queue is empty.
class ThreadPool final : public Executor {
public:
  explicit ThreadPool(std::size_t threads) : queue_(std::make_shared<Queue>()) {
    for (std::size_t index = 0; index < std::max<std::size_t>(threads, 1); index++) {
      threads_.emplace_back([queue = queue_] { queue->run(); });
    }
  }
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  ~ThreadPool() override {
    queue_->close();
    for (auto &thread : threads_) {
      // A job of its own may let go of it last.
      if (thread.get_id() == std::this_thread::get_id()) {
        thread.detach();
      } else {
        thread.join();
      }
    }
  }

  void post(std::function<void()> job) override { queue_->push(std::move(job)); }

private:
  class Queue {
  public:
    void push(std::function<void()> job) {
      {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
      }
      changed_.notify_one();
    }

    void close() {
      {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
      }
      changed_.notify_all();
    }

    void run() {
      std::unique_lock lock(mutex_);
      for (;;) {
        changed_.wait(lock, [this] { return is_closed_ || !jobs_.empty(); });
        if (jobs_.empty()) {
          return;
        }
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        // What it holds is let go of outside of the lock.
        job = nullptr;
        lock.lock();
      }
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    bool is_closed_ = false;
  };

  std::shared_ptr<Queue> queue_;
  std::vector<std::thread> threads_;
};

/// One thread, made when it is first needed, for futures that name no executor. It is never
/// destroyed: Rust's threads may outlive `main`.
inline const std::shared_ptr<Executor> &default_executor() {
  static const auto &executor = *new std::shared_ptr<Executor>(std::make_shared<ThreadPool>(1));
  return executor;
}

} // namespace uniffi
