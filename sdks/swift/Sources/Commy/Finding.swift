internal import CommyFFI

extension Mesh {
    /// The instances that match now, ordered by service and id, from local knowledge.
    ///
    /// Every healthy one of every service, unless narrowed.
    ///
    /// - Parameters:
    ///   - service: The name of the service.
    ///   - version: A requirement on the version, in Cargo's syntax, such as `^1.2` or `>=1, <3`.
    ///   - tags: Tags that an instance must all have.
    ///   - metadata: Metadata entries that an instance must all have.
    ///   - health: The health that an instance must have one of.
    ///   - zone: The zone that an instance must be in.
    ///   - region: The region that an instance must be in.
    public func discover(
        _ service: String? = nil,
        version: String? = nil,
        tags: [String] = [],
        metadata: [String: String] = [:],
        health: Set<Health> = [.healthy],
        zone: String? = nil,
        region: String? = nil
    ) throws -> [ServiceInstance] {
        let query = CommyFFI.Query(
            service: service, version: version, tags: tags, metadata: metadata,
            health: health.map(\.lower), zone: zone, region: region)
        return try lifting { try raw.discover(query: query) }.map(ServiceInstance.init)
    }

    /// Watches the instances that match, as ``discover(_:version:tags:metadata:health:zone:region:)``
    /// would find them: first those that match now, as ``Change/Kind/added``, then every change.
    ///
    /// ```swift
    /// for await change in try mesh.watch("orders") {
    ///     print(change.kind, change.instance.id)
    /// }
    /// ```
    public func watch(
        _ service: String? = nil,
        version: String? = nil,
        tags: [String] = [],
        metadata: [String: String] = [:],
        health: Set<Health> = [.healthy],
        zone: String? = nil,
        region: String? = nil
    ) throws -> Watch {
        let query = CommyFFI.Query(
            service: service, version: version, tags: tags, metadata: metadata,
            health: health.map(\.lower), zone: zone, region: region)
        return Watch(try lifting { try raw.watch(query: query) })
    }

    /// How many services have at least one healthy instance.
    public var activeServiceCount: Int {
        get throws { Int(clamping: try lifting { try raw.activeServiceCount() }) }
    }
}

/// A change to the instances that a ``Watch`` sees.
public struct Change: Hashable, Sendable {
    /// What happened to an instance, as seen through a query.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// It began to match the query.
        case added
        /// It still matches, and something about it changed.
        case updated
        /// It is gone, or no longer matches the query.
        case removed
    }

    /// What happened.
    public let kind: Kind
    /// The instance after the change; for ``Kind/removed``, as it was last seen.
    public let instance: ServiceInstance
    /// The revision of this node's service table in which the change was seen.
    public let revision: UInt64

    init(_ change: CommyFFI.Change) {
        kind =
            switch change.kind {
            case .added: .added
            case .updated: .updated
            case .removed: .removed
            }
        instance = ServiceInstance(change.instance)
        revision = change.revision
    }
}

/// The changes to the instances that match a query.
///
/// Iterating ends when the watch is closed, its mesh is stopped, or the task is cancelled. A watch
/// that nothing refers to any more is closed.
public final class Watch: AsyncSequence, Sendable {
    private let raw: CommyFFI.Watch

    init(_ raw: CommyFFI.Watch) {
        self.raw = raw
    }

    /// Waits for the next change; nil when the watch is closed, its mesh stopped, or the task
    /// cancelled. A task that is cancelled takes no change away.
    public func next() async -> Change? {
        await cancellable { await raw.next() }.map(Change.init)
    }

    /// Ends the watch; whoever waits for a change gets nil.
    public func close() {
        raw.close()
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(watch: self)
    }

    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let watch: Watch

        public func next() async -> Change? {
            await watch.next()
        }

        public func next(isolation actor: isolated (any Actor)?) async -> Change? {
            await watch.next()
        }
    }
}
