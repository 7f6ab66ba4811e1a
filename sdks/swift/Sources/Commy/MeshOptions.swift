internal import CommyFFI

/// What a mesh is created with, beside its name.
public struct MeshOptions: Hashable, Sendable {
    /// The zone that this node's services are in unless they say otherwise, such as `eu-1a`.
    public var zone: String?
    /// The region that this node's services are in unless they say otherwise, such as `eu-1`.
    public var region: String?
    /// How long a call may take when its options name no timeout; at least a millisecond.
    public var callTimeout: Duration
    /// How long ``Mesh/stop()`` and ``Registration/deregister()`` let calls in flight finish.
    public var drainTimeout: Duration
    /// The largest payload of a request, reply or event, in bytes; at most 1 GiB. A larger one is
    /// ``CommyError/resourceExhausted(_:)``.
    public var maxPayloadBytes: Int
    /// How calls choose among equal instances unless their options say otherwise.
    public var balance: Balance
    /// When calls to a failing instance are refused without being sent; never when absent.
    public var breaker: CircuitBreaker?
    /// How other processes and hosts are reached; those of this host by themselves.
    public var fabric: FabricOptions

    public init(
        zone: String? = nil,
        region: String? = nil,
        callTimeout: Duration = .seconds(30),
        drainTimeout: Duration = .seconds(5),
        maxPayloadBytes: Int = 8 << 20,
        balance: Balance = .leastLoaded,
        breaker: CircuitBreaker? = nil,
        fabric: FabricOptions = FabricOptions()
    ) {
        self.zone = zone
        self.region = region
        self.callTimeout = callTimeout
        self.drainTimeout = drainTimeout
        self.maxPayloadBytes = maxPayloadBytes
        self.balance = balance
        self.breaker = breaker
        self.fabric = fabric
    }

    func lower(name: String) throws -> CommyFFI.MeshOptions {
        try CommyFFI.MeshOptions(
            name: name,
            zone: zone,
            region: region,
            callTimeoutMs: milliseconds("callTimeout", callTimeout),
            drainTimeoutMs: milliseconds("drainTimeout", drainTimeout),
            maxPayloadBytes: whole("maxPayloadBytes", maxPayloadBytes),
            balance: balance.lower,
            breaker: breaker?.lower(),
            localOnly: fabric.isLocalOnly,
            mode: fabric.mode.lower,
            listen: fabric.listen,
            connect: fabric.connect,
            tls: fabric.tls?.lower,
            multicast: fabric.multicast,
            allowInsecure: fabric.allowsInsecure,
            sharedMemory: fabric.sharesMemory
        )
    }
}

/// When calls to a failing instance are refused, as ``CommyError/unavailable(_:)``, without being
/// sent.
///
/// Failures are ``CommyError/unavailable(_:)``, ``CommyError/internal(_:)`` and
/// ``CommyError/deadlineExceeded(_:)``; a handler's own failure is an answer.
public struct CircuitBreaker: Hashable, Sendable {
    /// How many calls a window must hold before their failures count: 1 to 1,000,000.
    public var minRequests: Int
    /// The share of failures in a window that opens the circuit: above 0, at most 1.
    public var failureRatio: Double
    /// The length of a window: a millisecond to an hour.
    public var window: Duration
    /// How long an open circuit refuses calls before it lets one try: a millisecond to an hour.
    public var pause: Duration

    public init(
        minRequests: Int = 20,
        failureRatio: Double = 0.5,
        window: Duration = .seconds(10),
        pause: Duration = .seconds(5)
    ) {
        self.minRequests = minRequests
        self.failureRatio = failureRatio
        self.window = window
        self.pause = pause
    }

    func lower() throws -> CommyFFI.CircuitBreaker {
        try CommyFFI.CircuitBreaker(
            requestsMin: whole("minRequests", minRequests),
            failureRatio: failureRatio,
            windowMs: milliseconds("window", window),
            openMs: milliseconds("pause", pause)
        )
    }
}

/// How a call chooses one of several instances that could answer it.
public enum Balance: Hashable, Sendable, CaseIterable {
    /// Each in turn.
    case roundRobin
    /// At random, in proportion to the instances' weights.
    case weighted
    /// The less loaded of two drawn at random, by calls in flight and a moving average of latency.
    case leastLoaded
    /// Always the same instance for the same routing key, while the set of instances is the same.
    case consistentHash

    var lower: CommyFFI.Balance {
        switch self {
        case .roundRobin: .roundRobin
        case .weighted: .weighted
        case .leastLoaded: .leastLoaded
        case .consistentHash: .consistentHash
        }
    }
}
