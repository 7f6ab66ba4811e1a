/// What goes on for a while: watches of instances, and subscriptions to events.

#pragma once

#include "options.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace commy {

/// An event as its subscriber receives it.
struct Event {
  /// The topic that it was published on.
  std::string topic;
  /// The content.
  Message message;
  /// The id of the node that published it.
  std::string publisher;
  /// The number of the event, rising for each event of one publisher.
  std::uint64_t sequence = 0;
  /// How many events this subscription lost, by its own overflow policy, just before this one.
  std::uint64_t missed = 0;

  /// The value that it carries.
  template <typename T>
  T as() const { return message.as<T>(); }
};

namespace detail {

inline Change lift(Change change) { return change; }

inline Event lift(raw::Event event) {
  return {
      .topic = std::move(event.topic),
      .message = lift(std::move(event.message)),
      .publisher = std::move(event.publisher),
      .sequence = event.sequence,
      .missed = event.missed,
  };
}

} // namespace detail

/// Items that come one by one until it is closed or its mesh is stopped. Destroying it closes it.
///
/// ```cpp
/// while (const auto event = co_await events.next()) { use(*event); } // in a coroutine
/// for (const commy::Event &event : events) { use(event); }           // on a thread that may wait
/// ```
template <typename Item, typename Raw>
class Stream {
public:
  Stream(Stream &&other) noexcept : inner_(std::exchange(other.inner_, std::nullopt)), executor_(std::move(other.executor_)) {}
  Stream &operator=(Stream &&other) noexcept {
    std::swap(inner_, other.inner_);
    std::swap(executor_, other.executor_);
    return *this;
  }
  ~Stream() {
    if (inner_) {
      inner_->close();
    }
  }

  /// Waits for the next one; none when it is closed and all that was queued has been taken.
  /// Dropping the future, or stopping it, takes none away.
  Future<std::optional<Item>> next(const std::stop_token &stop = {}) const {
    auto future = detail::lifted(detail::lifting([&] { return inner_.value().next(stop); }), [](auto item) -> std::optional<Item> {
      if (!item) {
        return std::nullopt;
      }
      return detail::lift(*std::move(item));
    });
    return executor_ == nullptr ? std::move(future) : std::move(future).via(executor_);
  }

  /// Ends it; a `next` that waits gives none.
  void close() const {
    detail::lifting([&] { inner_.value().close(); });
  }

  /// Takes one after the other, and waits for each.
  class Iterator {
  public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(const Stream &stream) : stream_(&stream), item_(stream.next().get()) {}
    const Item &operator*() const { return *item_; }
    Iterator &operator++() {
      item_ = stream_->next().get();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator &iterator, std::default_sentinel_t) { return !iterator.item_.has_value(); }

  private:
    const Stream *stream_;
    std::optional<Item> item_;
  };

  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

protected:
  friend class Mesh;

  Stream(Raw inner, std::shared_ptr<Executor> executor) : inner_(std::move(inner)), executor_(std::move(executor)) {}

  std::optional<Raw> inner_;
  std::shared_ptr<Executor> executor_;
};

/// A view of the instances that match a query: first those that match, then every change.
using Watch = Stream<Change, raw::Watch>;

/// A queue of events whose topics match a filter.
class Subscription : public Stream<Event, raw::Subscription> {
public:
  /// How many events this subscription has lost by its overflow policy so far.
  std::uint64_t dropped() const {
    return detail::lifting([&] { return inner_.value().dropped(); });
  }

private:
  friend class Mesh;
  using Stream::Stream;
};

} // namespace commy
