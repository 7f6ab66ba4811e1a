/// What a mesh, a call, a registration and a subscription may be told. Times are carried in
/// milliseconds.

#pragma once

#include "message.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace commy {

using raw::Balance;
using raw::Change;
using raw::ChangeKind;
using raw::FabricMode;
using raw::Health;
using raw::MeshStats;
using raw::Overflow;
using raw::Query;
using raw::Reach;
using raw::ServiceInstance;
using raw::ServiceSpec;
using raw::SubscribeOptions;
using std::chrono::milliseconds;

/// When calls to a failing instance are refused, as `Unavailable`, without being sent.
struct CircuitBreaker {
  /// How many calls a window must hold before their failures count: 1 to 1,000,000.
  std::uint32_t requests_min = 20;
  /// The share of failures in a window that opens the circuit: above 0, at most 1.
  double failure_ratio = 0.5;
  /// The length of a window: at least 1 ms, at most an hour.
  milliseconds window{10'000};
  /// How long an open circuit refuses calls before it lets one try: at least 1 ms, at most an hour.
  milliseconds open{5'000};
};

/// Where the certificates of a node are: PEM files that exist. Both sides of a connection show
/// theirs.
struct TlsOptions {
  /// The certificate of the mesh's own authority; a peer without one that it signed is refused.
  std::filesystem::path ca;
  /// This node's certificate.
  std::filesystem::path certificate;
  /// The private key of this node's certificate.
  std::filesystem::path key;
};

/// What a mesh is created with besides its name.
struct MeshOptions {
  /// The zone that this node's services are in unless their spec says otherwise.
  std::optional<std::string> zone = std::nullopt;
  /// The region that this node's services are in unless their spec says otherwise.
  std::optional<std::string> region = std::nullopt;
  /// How long a call may take when its options name no timeout; at least 1 ms.
  milliseconds call_timeout{30'000};
  /// How long `stop` and `deregister` let calls in flight finish.
  milliseconds drain_timeout{5'000};
  /// The largest payload of a request, reply or event, in bytes; at most 1 GiB.
  std::uint64_t max_payload_bytes = 8 * 1024 * 1024;
  /// How calls choose among equal instances unless their options say otherwise.
  Balance balance = Balance::LeastLoaded;
  /// When calls to a failing instance are refused; never when absent.
  std::optional<CircuitBreaker> breaker = std::nullopt;
  /// Whether the mesh keeps to this process: nothing is opened, and nobody is found. Otherwise it
  /// finds the processes of its user on this host by itself, with no port and no configuration.
  bool local_only = false;
  /// How this node takes part in routing; a client's router is in `connect`.
  FabricMode mode = FabricMode::Peer;
  /// Endpoints to listen on for other hosts, such as `tls/0.0.0.0:7447`: `tcp/`, `tls/` or
  /// `quic/`, a host and a port.
  std::vector<std::string> listen = {};
  /// Endpoints of nodes or routers on other hosts to connect to, such as
  /// `tls/mesh.example.org:7447`.
  std::vector<std::string> connect = {};
  /// The certificates for `tls/` and `quic/` endpoints, which need them.
  std::optional<TlsOptions> tls = std::nullopt;
  /// Whether nodes on the local network are looked for by multicast.
  bool multicast = false;
  /// Whether plain `tcp/` to other hosts is allowed, where whoever listens reads everything.
  bool allow_insecure = false;
  /// Whether large payloads between processes of one host are shared through memory.
  bool shared_memory = true;
  /// Where this mesh's handlers run and what awaits its futures goes on. Without one, each
  /// registration has threads of its own, and coroutines go on on a thread of the library's.
  std::shared_ptr<Executor> executor = nullptr;
};

/// What a call asks for beyond its request.
struct CallOptions {
  /// How long the call may take; the mesh's `call_timeout` when absent. Zero is
  /// `DeadlineExceeded` at once, and nothing is sent.
  std::optional<milliseconds> timeout = std::nullopt;
  /// Whether executing the call twice does no harm, so that it may be retried elsewhere.
  bool idempotent = false;
  /// The key by which `ConsistentHash` chooses the instance; at most 1,024 bytes.
  std::optional<std::string> routing_key = std::nullopt;
  /// How this call is balanced; as the mesh says when absent.
  std::optional<Balance> balance = std::nullopt;
  /// Whether an instance in this mesh's own zone, when there is one, is preferred over others.
  bool zone_first = true;
  /// A requirement on the version of the instance, such as `^1.2`.
  std::optional<std::string> version = std::nullopt;
  /// Tags that the instance must all have.
  std::vector<std::string> tags = {};
  /// Metadata entries that the instance must all have.
  std::unordered_map<std::string, std::string> metadata = {};
  /// Headers of the request.
  Headers headers = {};
  /// What the payload is, if not what its type says.
  std::string content_type = {};
  /// Cancels the call, and the handler's work, when it is requested.
  std::stop_token stop = {};
};

/// The options of a call that has so long, and that this token cancels: for `co_await` expressions,
/// in which g++ 12 destroys twice what is initialised by braces.
inline CallOptions within(milliseconds timeout, std::stop_token stop = {}) {
  CallOptions options;
  options.timeout = timeout;
  options.stop = std::move(stop);
  return options;
}

/// What an event says beyond its payload.
struct PublishOptions {
  /// Headers of the event.
  Headers headers = {};
  /// What the payload is, if not what its type says.
  std::string content_type = {};
  /// Cancels a publication that waits for room.
  std::stop_token stop = {};
};

/// How a registration's handlers are run.
struct HandlerOptions {
  /// How many threads of its own the registration may have, made when they are needed.
  std::size_t threads = 32;
  /// Where the handlers run instead; the mesh's executor when absent, if it has one.
  std::shared_ptr<Executor> executor = nullptr;
};

/// How an advertised endpoint is probed: it is healthy when a TCP connection is accepted.
struct Tcp {};

/// How an advertised endpoint is probed: it is healthy when a GET of this path, which begins with
/// `/`, is answered with a 2xx status.
struct Http {
  std::string path;
};

/// When and how an advertised endpoint is probed.
struct HealthCheck {
  /// What is tried.
  std::variant<Tcp, Http> probe;
  /// The time between two probes: 10 ms to an hour.
  milliseconds interval{5'000};
  /// The time after which a probe has failed: 1 ms to a minute.
  milliseconds timeout{1'000};
  /// How many successes in a row make an instance healthy: 1 to 100.
  std::uint32_t rise = 1;
  /// How many failures in a row make an instance unhealthy: 1 to 100.
  std::uint32_t fall = 3;
};

/// The defaults, as objects of their own: g++ 12 destroys twice what is initialised by braces
/// inside of a `co_await` expression, also if it stands in a default argument.
template <typename T>
inline const T no_options{};

namespace detail {

inline std::uint64_t counted(std::string_view what, milliseconds time) {
  if (time.count() < 0) {
    throw InvalidArgument(std::string(what) + " must not be negative, got " + std::to_string(time.count()) + " ms");
  }
  return static_cast<std::uint64_t>(time.count());
}

/// The text of a path, in UTF-8 on every platform.
inline std::string text_of(const std::filesystem::path &path) {
  const auto text = path.u8string();
  return {text.begin(), text.end()};
}

inline raw::MeshOptions lower(std::string_view name, const MeshOptions &options) {
  std::optional<raw::CircuitBreaker> breaker;
  if (options.breaker) {
    breaker = raw::CircuitBreaker{
        .requests_min = options.breaker->requests_min,
        .failure_ratio = options.breaker->failure_ratio,
        .window_ms = counted("the breaker's window", options.breaker->window),
        .open_ms = counted("the breaker's open time", options.breaker->open),
    };
  }
  std::optional<raw::TlsOptions> tls;
  if (options.tls) {
    tls = raw::TlsOptions{
        .ca = text_of(options.tls->ca),
        .certificate = text_of(options.tls->certificate),
        .key = text_of(options.tls->key),
    };
  }
  return {
      .name = std::string(name),
      .zone = options.zone,
      .region = options.region,
      .call_timeout_ms = counted("call_timeout", options.call_timeout),
      .drain_timeout_ms = counted("drain_timeout", options.drain_timeout),
      .max_payload_bytes = options.max_payload_bytes,
      .balance = options.balance,
      .breaker = breaker,
      .local_only = options.local_only,
      .mode = options.mode,
      .listen = options.listen,
      .connect = options.connect,
      .tls = tls,
      .multicast = options.multicast,
      .allow_insecure = options.allow_insecure,
      .shared_memory = options.shared_memory,
  };
}

inline raw::CallOptions lower(const CallOptions &options) {
  std::optional<std::uint64_t> timeout;
  if (options.timeout) {
    timeout = counted("the timeout", *options.timeout);
  }
  return {
      .timeout_ms = timeout,
      .idempotent = options.idempotent,
      .routing_key = options.routing_key,
      .balance = options.balance,
      .zone_first = options.zone_first,
      .version = options.version,
      .tags = options.tags,
      .metadata = options.metadata,
  };
}

inline raw::HealthCheck lower(const HealthCheck &check) {
  const auto *http = std::get_if<Http>(&check.probe);
  return {
      .probe = http != nullptr ? raw::Probe(raw::Probe::Http{http->path}) : raw::Probe(raw::Probe::Tcp{}),
      .interval_ms = counted("the check's interval", check.interval),
      .timeout_ms = counted("the check's timeout", check.timeout),
      .rise = check.rise,
      .fall = check.fall,
  };
}

} // namespace detail

} // namespace commy
