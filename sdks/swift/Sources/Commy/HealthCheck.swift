internal import CommyFFI

/// When and how an advertised endpoint is probed.
///
/// ```swift
/// try await mesh.advertise("web", at: "http://127.0.0.1:8080", check: .http("/health", fall: 2))
/// ```
public struct HealthCheck: Hashable, Sendable {
    /// How an endpoint is probed.
    public enum Probe: Hashable, Sendable {
        /// Healthy when a TCP connection to the endpoint's host and port is accepted.
        case tcp
        /// Healthy when an HTTP GET of this path, which begins with `/`, is answered with a 2xx
        /// status.
        case http(path: String)
    }

    /// What is tried.
    public var probe: Probe
    /// The time between two probes: 10 milliseconds to an hour.
    public var interval: Duration
    /// The time after which a probe has failed: a millisecond to a minute.
    public var timeout: Duration
    /// How many successes in a row make an instance healthy: 1 to 100.
    public var rise: Int
    /// How many failures in a row make an instance unhealthy: 1 to 100.
    public var fall: Int

    public init(
        _ probe: Probe,
        interval: Duration = .seconds(5),
        timeout: Duration = .seconds(1),
        rise: Int = 1,
        fall: Int = 3
    ) {
        self.probe = probe
        self.interval = interval
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
    }

    /// A check that connects by TCP.
    public static func tcp(
        interval: Duration = .seconds(5), timeout: Duration = .seconds(1), rise: Int = 1, fall: Int = 3
    ) -> Self {
        Self(.tcp, interval: interval, timeout: timeout, rise: rise, fall: fall)
    }

    /// A check that gets a path by HTTP.
    public static func http(
        _ path: String,
        interval: Duration = .seconds(5), timeout: Duration = .seconds(1), rise: Int = 1, fall: Int = 3
    ) -> Self {
        Self(.http(path: path), interval: interval, timeout: timeout, rise: rise, fall: fall)
    }

    func lower() throws -> CommyFFI.HealthCheck {
        let probe: CommyFFI.Probe =
            switch probe {
            case .tcp: .tcp
            case .http(let path): .http(path: path)
            }
        return try CommyFFI.HealthCheck(
            probe: probe,
            intervalMs: milliseconds("interval", interval),
            timeoutMs: milliseconds("timeout", timeout),
            rise: whole("rise", rise),
            fall: whole("fall", fall)
        )
    }
}
