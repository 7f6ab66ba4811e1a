internal import CommyFFI

/// An instance of a service, as this node knew it when it answered.
public struct ServiceInstance: Hashable, Sendable, Identifiable {
    /// The id of the instance, unique in the mesh.
    public let id: String
    /// The id of the node that registered it.
    public let nodeID: String
    /// The name of the service.
    public let service: String
    /// The version of the service.
    public let version: String
    /// The tags, in order.
    public let tags: [String]
    /// The metadata.
    public let metadata: [String: String]
    /// The weight.
    public let weight: Int
    /// The zone, if it has one.
    public let zone: String?
    /// The region, if it has one.
    public let region: String?
    /// The health at the time of the answer.
    public let health: Health
    /// The address to dial, for an advertised instance; absent for a hosted one.
    public let endpoint: String?
    /// How this node reaches it.
    public let reach: Reach
    /// The revision of this node's service table at which the instance last changed.
    public let revision: UInt64

    init(_ instance: CommyFFI.ServiceInstance) {
        id = instance.id
        nodeID = instance.nodeId
        service = instance.service
        version = instance.version
        tags = instance.tags
        metadata = instance.metadata
        weight = Int(instance.weight)
        zone = instance.zone
        region = instance.region
        health = Health(instance.health)
        endpoint = instance.endpoint
        reach = Reach(instance.reach)
        revision = instance.revision
    }
}

/// Whether an instance can be called.
public enum Health: Hashable, Sendable, CaseIterable {
    /// Advertised and not probed often enough yet to say.
    case starting
    /// It answers.
    case healthy
    /// Its owner or its probe says that it does not answer.
    case unhealthy
    /// It finishes the calls that it has and takes no new ones.
    case draining

    init(_ health: CommyFFI.Health) {
        self =
            switch health {
            case .starting: .starting
            case .healthy: .healthy
            case .unhealthy: .unhealthy
            case .draining: .draining
            }
    }

    var lower: CommyFFI.Health {
        switch self {
        case .starting: .starting
        case .healthy: .healthy
        case .unhealthy: .unhealthy
        case .draining: .draining
        }
    }
}

/// How this node reaches an instance.
public enum Reach: Hashable, Sendable, CaseIterable {
    /// It is hosted in this process.
    case inProcess
    /// It is hosted by another node of the mesh.
    case fabric
    /// It is advertised: its users dial its endpoint themselves.
    case endpoint

    init(_ reach: CommyFFI.Reach) {
        self =
            switch reach {
            case .inProcess: .inProcess
            case .fabric: .fabric
            case .endpoint: .endpoint
            }
    }
}
