internal import CommyFFI

/// This process's membership in a mesh: the few verbs with which a program serves, finds, calls and
/// tells others.
///
/// Creating one starts nothing. Every method but ``start()`` and ``stop()`` needs a mesh that runs,
/// and throws ``CommyError/failedPrecondition(_:)`` otherwise.
///
/// ```swift
/// let mesh = try Mesh("shop")
/// try await mesh.start()
/// try await mesh.register("orders", version: "1.0.0") { service in
///     service.method("create") { (order: Order) in Receipt(order: order.id) }
/// }
/// let receipt = try await mesh.call("orders", "create", Order(id: 1), returning: Receipt.self)
/// try await mesh.stop()
/// ```
///
/// A handler that uses its mesh keeps it alive: the mesh goes when it is stopped, or when nothing
/// refers to it. ``withMesh(_:options:isolation:_:)`` stops it in any case.
public final class Mesh: Sendable {
    /// The version of the native library, by semantic versioning, such as `0.1.0`.
    public static var libraryVersion: String { CommyFFI.version() }

    let raw: CommyFFI.Mesh

    /// Creates a mesh.
    ///
    /// - Parameters:
    ///   - name: The scope of discovery: 1 to 64 bytes of segments joined by `.`, each of ASCII
    ///     letters, digits, `_` and `-`, beginning with a letter or digit.
    ///   - options: What else it is created with.
    /// - Throws: ``CommyError/invalidArgument(_:)`` for a value that breaks a rule.
    public init(_ name: String, options: MeshOptions = MeshOptions()) throws {
        let options = try options.lower(name: name)
        raw = try lifting { try CommyFFI.Mesh(options: options) }
    }

    /// The name of the mesh.
    public var name: String { raw.name() }

    /// The id of this process's node in the mesh.
    public var nodeID: String { raw.nodeId() }

    /// Whether the mesh is started and not stopped.
    public var isRunning: Bool { raw.isRunning() }

    /// The counters of this mesh.
    public var stats: MeshStats { MeshStats(raw.stats()) }

    /// Starts the mesh. Starting one that runs does nothing; a stopped one can be started again.
    public func start() async throws {
        try await lifting { try await raw.start() }
    }

    /// Stops the mesh: refuses new calls, lets those in flight finish up to
    /// ``MeshOptions/drainTimeout``, withdraws its registrations, ends its watches and
    /// subscriptions. Stopping one that does not run does nothing.
    ///
    /// Cancelling the task does not keep it from stopping, so that a cancelled task can tidy up.
    public func stop() async throws {
        try await liftingUncancelled { try await raw.stop() }
    }
}

extension Mesh: CustomStringConvertible {
    public var description: String {
        "Mesh(\"\(name)\", \(isRunning ? "running" : "not running"))"
    }
}

/// Creates and starts a mesh, and stops it when the closure is done, however it ends.
///
/// ```swift
/// try await withMesh("shop") { mesh in
///     print(try mesh.discover().map(\.service))
/// }
/// ```
///
/// - Parameters:
///   - name: The name of the mesh, as for ``Mesh/init(_:options:)``.
///   - options: What else it is created with.
///   - isolation: Where the closure runs: where it is written.
///   - body: What is done while the mesh runs.
/// - Returns: What the closure returns.
public func withMesh<Result: Sendable>(
    _ name: String,
    options: MeshOptions = MeshOptions(),
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Mesh) async throws -> Result
) async throws -> Result {
    let mesh = try Mesh(name, options: options)
    let result: Result
    do {
        try await mesh.start()
        result = try await body(mesh)
    } catch {
        // Stopping fails only for a mesh that is broken anyhow: the first error says more.
        try? await mesh.stop()
        throw error
    }
    try await mesh.stop()
    return result
}
