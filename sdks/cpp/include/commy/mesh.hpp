/// The mesh: the few verbs with which a program serves, finds, calls and tells others.

#pragma once

#include "dispatcher.hpp"
#include "registration.hpp"
#include "stream.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace commy {

/// The version of the library, by semantic versioning.
inline std::string version() {
  return detail::lifting([] { return raw::version(); });
}

/// The answer to a call.
struct Reply {
  /// The content.
  Message message;
  /// The id of the instance that answered.
  std::string served_by;

  /// The value that it carries.
  template <typename T>
  T as() const { return message.as<T>(); }
};

/// This process's membership in a mesh. Creating one starts nothing; destroying one that runs
/// stops it, and waits for that.
///
/// Every method but `start`, `stop` and those that only tell of the mesh needs one that runs, and
/// throws `FailedPrecondition` otherwise. All may be called from every thread.
class Mesh {
public:
  /// Creates a mesh. The name is the scope of discovery: 1 to 64 bytes of segments joined by `.`,
  /// each of ASCII letters, digits, `_` and `-`, beginning with a letter or digit. Throws
  /// `InvalidArgument` for options that break a rule.
  explicit Mesh(std::string_view name, const MeshOptions &options = no_options<MeshOptions>) : inner_(detail::lifting([&] { return raw::Mesh(detail::lower(name, options)); })), executor_(options.executor) {}
  Mesh(Mesh &&other) noexcept : inner_(std::exchange(other.inner_, std::nullopt)), executor_(std::move(other.executor_)) {}
  Mesh &operator=(Mesh &&other) noexcept {
    std::swap(inner_, other.inner_);
    std::swap(executor_, other.executor_);
    return *this;
  }
  ~Mesh() {
    if (!inner_) {
      return;
    }
    try {
      if (inner_->is_running()) {
        inner_->stop().get();
      }
    } catch (const std::exception &) {
      // A destructor has nobody to tell; `stop` does.
    }
  }

  /// The name of the mesh.
  std::string name() const {
    return detail::lifting([&] { return inner().name(); });
  }
  /// The id of this process's node in the mesh.
  std::string node_id() const {
    return detail::lifting([&] { return inner().node_id(); });
  }
  /// Whether the mesh is started and not stopped.
  bool is_running() const {
    return detail::lifting([&] { return inner().is_running(); });
  }

  /// Starts the mesh. Starting one that runs does nothing; a stopped one can be started again.
  Future<void> start() const {
    return at(detail::lifted(detail::lifting([&] { return inner().start(); })));
  }

  /// Stops the mesh: refuses new calls, lets those in flight finish up to `drain_timeout`,
  /// withdraws its registrations, ends its watches and subscriptions. Stopping one that does not
  /// run does nothing.
  Future<void> stop() const {
    return at(detail::lifted(detail::lifting([&] { return inner().stop(); })));
  }

  /// Registers an instance of a service that this process hosts. `service` is a `Service`, or a
  /// callable that answers every method.
  Future<Registration> register_service(const ServiceSpec &spec, Service service, const HandlerOptions &options = no_options<HandlerOptions>) const {
    auto executor = options.executor != nullptr ? options.executor : executor_ != nullptr ? executor_
                                                                                          : std::make_shared<Workers>(options.threads);
    const auto shared = std::make_shared<const Service>(std::move(service));
    auto find = [shared](const std::string &method) { return shared->find(method); };
    auto dispatcher = std::make_shared<detail::Dispatcher>(std::move(find), std::move(executor));
    return registered(detail::lifting([&] { return inner().register_(spec, dispatcher); }));
  }

  /// Makes known an instance that runs elsewhere, at an endpoint such as `http://127.0.0.1:8080`
  /// or `tcp://db:5432`, probed if a check is given and taken as healthy otherwise. It is dialled
  /// by its users: `call` refuses it with `FailedPrecondition` and names the endpoint.
  Future<Registration> advertise(const ServiceSpec &spec, std::string_view endpoint, const std::optional<HealthCheck> &check = no_options<std::optional<HealthCheck>>) const {
    std::optional<raw::HealthCheck> lowered;
    if (check) {
      lowered = detail::lower(*check);
    }
    return registered(detail::lifting([&] { return inner().advertise(spec, endpoint, lowered); }));
  }

  /// The instances that match now, from local knowledge, ordered by service and id.
  std::vector<ServiceInstance> discover(const Query &query = no_options<Query>) const {
    return detail::lifting([&] { return inner().discover(query); });
  }

  /// Watches the instances that match: first those that match now, as `Added`, then every change.
  Watch watch(const Query &query = no_options<Query>) const {
    return Watch(detail::lifting([&] { return inner().watch(query); }), executor_);
  }

  /// How many services have at least one healthy instance.
  std::uint64_t active_service_count() const {
    return detail::lifting([&] { return inner().active_service_count(); });
  }

  /// The counters of this mesh.
  MeshStats stats() const {
    return detail::lifting([&] { return inner().stats(); });
  }

  /// Calls a service, and gives the value that it answers: `Json`, or what is asked for.
  /// Dropping the future, or stopping it by the options' token, cancels the handler's work.
  ///
  /// ```cpp
  /// const auto receipt = co_await mesh.call<Receipt>("orders", "create", order, commy::within(2s));
  /// ```
  template <typename T = Json, typename P = std::nullptr_t>
  Future<T> call(std::string_view service, std::string_view method = "", const P &payload = nullptr, const CallOptions &options = no_options<CallOptions>) const {
    return at(detail::lifted(asked(service, method, detail::encoded(payload, options.headers, options.content_type), options), [service = std::string(service), method = std::string(method)](raw::Reply reply) -> T {
      const std::string served_by = reply.served_by;
      try {
        return detail::lift(std::move(reply.message)).template as<T>();
      } catch (const InvalidArgument &error) {
        throw Internal(ErrorInfo{.reason = "the reply cannot be read: " + error.reason(), .service = service, .method = method, .instance_id = served_by, .attempts = 1, .code = std::nullopt, .details_json = std::nullopt});
      }
    }));
  }

  /// Calls a service, and gives all of its reply.
  template <typename P = std::nullptr_t>
  Future<Reply> request(std::string_view service, std::string_view method = "", const P &payload = nullptr, const CallOptions &options = no_options<CallOptions>) const {
    return at(detail::lifted(asked(service, method, detail::encoded(payload, options.headers, options.content_type), options), [](raw::Reply reply) { return Reply{detail::lift(std::move(reply.message)), std::move(reply.served_by)}; }));
  }

  /// Publishes an event on a topic: 1 to 256 bytes of segments joined by `/`, each of ASCII
  /// letters, digits, `_`, `-`, `.` and `:`.
  template <typename P = std::nullptr_t>
  Future<void> publish(std::string_view topic, const P &payload = nullptr, const PublishOptions &options = no_options<PublishOptions>) const {
    const auto message = detail::lower(detail::encoded(payload, options.headers, options.content_type));
    return at(detail::lifted(detail::lifting([&] { return inner().publish(topic, message, options.stop); })));
  }

  /// Subscribes to the topics that match a filter, in which a segment `*` stands for any one
  /// segment and `**` for any number of them, also none.
  Future<Subscription> subscribe(std::string_view filter, const SubscribeOptions &options = no_options<SubscribeOptions>) const {
    return at(detail::lifted(detail::lifting([&] { return inner().subscribe(filter, options); }), [executor = executor_](raw::Subscription subscription) { return Subscription(std::move(subscription), executor); }));
  }

private:
  const raw::Mesh &inner() const {
    if (!inner_) {
      throw FailedPrecondition("this mesh was moved from");
    }
    return *inner_;
  }

  Future<raw::Reply> asked(std::string_view service, std::string_view method, Message message, const CallOptions &options) const {
    const raw::Request request{std::string(method), detail::lower(std::move(message))};
    return detail::lifting([&] { return inner().call(service, request, detail::lower(options), options.stop); });
  }

  Future<Registration> registered(Future<raw::Registration> future) const {
    return at(detail::lifted(std::move(future), [executor = executor_](raw::Registration registration) { return Registration(std::move(registration), executor); }));
  }

  template <typename T>
  Future<T> at(Future<T> future) const { return executor_ == nullptr ? std::move(future) : std::move(future).via(executor_); }

  std::optional<raw::Mesh> inner_;
  std::shared_ptr<Executor> executor_;
};

} // namespace commy
