internal import CommyFFI

extension Mesh {
    /// Registers an instance of a service that this process hosts, until it is deregistered or the
    /// mesh is stopped.
    ///
    /// ```swift
    /// try await mesh.register("greeter", version: "1.0.0") { service in
    ///     service.method("greet") { (name: String) in "hello \(name)" }
    /// }
    /// ```
    ///
    /// Cancelling the task does not keep it from being registered, which never waits long.
    ///
    /// - Parameters:
    ///   - service: The name: 1 to 128 bytes of segments joined by `.`, each of ASCII letters,
    ///     digits, `_` and `-`, beginning with a letter or digit, such as `billing.invoices`.
    ///   - version: The version, by semantic versioning.
    ///   - tags: What queries and calls may ask for: at most 32, each of 1 to 64 bytes of ASCII
    ///     letters, digits, `_`, `-`, `.`, `:`, `=` and `/`.
    ///   - metadata: What queries and calls may ask for: at most 64 entries, keys as for tags,
    ///     values of at most 1,024 bytes.
    ///   - weight: The share of calls under ``Balance/weighted``: 1 to 1,000.
    ///   - zone: The zone; the mesh's own when absent.
    ///   - region: The region; the mesh's own when absent.
    ///   - maxInFlight: How many requests it handles at once, 1 to 65,536; one more is
    ///     ``CommyError/resourceExhausted(_:)`` to its caller.
    ///   - define: Names the methods.
    @discardableResult
    public func register(
        _ service: String,
        version: String = "0.0.0",
        tags: [String] = [],
        metadata: [String: String] = [:],
        weight: Int = 100,
        zone: String? = nil,
        region: String? = nil,
        maxInFlight: Int = 1024,
        _ define: @Sendable (inout Service) throws -> Void
    ) async throws -> Registration {
        let spec = try CommyFFI.ServiceSpec(
            service: service,
            version: version,
            tags: tags,
            metadata: metadata,
            weight: whole("weight", weight),
            zone: zone,
            region: region,
            maxInFlight: whole("maxInFlight", maxInFlight)
        )
        var methods = Service()
        try define(&methods)
        if let name = methods.duplicate {
            throw CommyError.invalidArgument("the method \"\(name)\" of \(service) is defined twice")
        }
        let handler = Dispatcher(methods)
        return Registration(
            try await liftingUncancelled { try await raw.register(spec: spec, handler: handler) })
    }

    /// Makes known an instance that runs elsewhere, until it is deregistered or the mesh is stopped.
    ///
    /// Its users find it with ``discover(_:version:tags:metadata:health:zone:region:)`` and dial it
    /// themselves: to call it is ``CommyError/failedPrecondition(_:)``.
    ///
    /// - Parameters:
    ///   - service: The name, as for a service that is hosted.
    ///   - endpoint: The address, such as `http://127.0.0.1:8080` or `tcp://db:5432`.
    ///   - check: How it is probed; without, it is taken to be healthy.
    ///   - version: The version, by semantic versioning.
    ///   - tags: What queries may ask for.
    ///   - metadata: What queries may ask for.
    ///   - weight: The share of calls that its users may give it: 1 to 1,000.
    ///   - zone: The zone; the mesh's own when absent.
    ///   - region: The region; the mesh's own when absent.
    @discardableResult
    public func advertise(
        _ service: String,
        at endpoint: String,
        check: HealthCheck? = nil,
        version: String = "0.0.0",
        tags: [String] = [],
        metadata: [String: String] = [:],
        weight: Int = 100,
        zone: String? = nil,
        region: String? = nil
    ) async throws -> Registration {
        let spec = try CommyFFI.ServiceSpec(
            service: service,
            version: version,
            tags: tags,
            metadata: metadata,
            weight: whole("weight", weight),
            zone: zone,
            region: region
        )
        let check = try check?.lower()
        return Registration(
            try await liftingUncancelled {
                try await raw.advertise(spec: spec, endpoint: endpoint, check: check)
            })
    }
}

/// An instance that this mesh registered or advertised.
///
/// It lasts until it is deregistered or its mesh is stopped, whether or not this object is kept.
public final class Registration: Sendable {
    private let raw: CommyFFI.Registration

    init(_ raw: CommyFFI.Registration) {
        self.raw = raw
    }

    /// The instance as it is now, or as it last was.
    public var instance: ServiceInstance { ServiceInstance(raw.instance()) }

    /// Reports the health of a hosted instance, or of an advertised one that has no check:
    /// ``Health/healthy`` or ``Health/unhealthy``.
    public func setHealth(_ health: Health) async throws {
        try await lifting { try await raw.setHealth(health: health.lower) }
    }

    /// Takes no new calls and waits until those in flight are finished, at most this long.
    ///
    /// - Returns: Whether all were. The instance stays registered as ``Health/draining``.
    public func drain(timeout: Duration = .seconds(5)) async throws -> Bool {
        let limit = try milliseconds("timeout", timeout)
        return try await lifting { try await raw.drain(timeoutMs: limit) }
    }

    /// Drains for at most the mesh's ``MeshOptions/drainTimeout``, then withdraws the instance.
    /// Doing it twice does nothing.
    ///
    /// Cancelling the task does not keep it from being withdrawn.
    public func deregister() async throws {
        try await liftingUncancelled { try await raw.deregister() }
    }
}

extension Registration: CustomStringConvertible {
    public var description: String {
        let known = instance
        return "Registration(\(known.service) \(known.version), \(known.health), id \(known.id))"
    }
}
