internal import CommyFFI

/// How a mesh reaches the processes and hosts beyond its own.
///
/// By default it finds the other processes of its user on this host that use its name, with no port
/// and no configuration.
///
/// ```swift
/// let certificates = TLSOptions(ca: "ca.pem", certificate: "node.pem", key: "node-key.pem")
/// let fabric = FabricOptions(connect: ["tls/mesh.example.org:7447"], tls: certificates)
/// let mesh = try Mesh("shop", options: MeshOptions(fabric: fabric))
/// ```
public struct FabricOptions: Hashable, Sendable {
    /// The mesh keeps to this process: nothing is opened, and nobody is found.
    public static let localOnly = FabricOptions(isLocalOnly: true)

    /// Whether the mesh keeps to this process.
    public var isLocalOnly: Bool
    /// How this node takes part in routing.
    public var mode: FabricMode
    /// Endpoints to listen on for other hosts, such as `tls/0.0.0.0:7447`: `tcp/`, `tls/` or
    /// `quic/`, a host and a port.
    public var listen: [String]
    /// Endpoints of nodes or routers on other hosts to connect to.
    public var connect: [String]
    /// The certificates for `tls/` and `quic/` endpoints, which need them.
    public var tls: TLSOptions?
    /// Whether nodes on the local network are looked for by multicast.
    public var multicast: Bool
    /// Whether plain `tcp/` to other hosts is allowed, where whoever listens reads everything.
    public var allowsInsecure: Bool
    /// Whether large payloads between processes of one host are shared through memory.
    public var sharesMemory: Bool

    public init(
        isLocalOnly: Bool = false,
        mode: FabricMode = .peer,
        listen: [String] = [],
        connect: [String] = [],
        tls: TLSOptions? = nil,
        multicast: Bool = false,
        allowsInsecure: Bool = false,
        sharesMemory: Bool = true
    ) {
        self.isLocalOnly = isLocalOnly
        self.mode = mode
        self.listen = listen
        self.connect = connect
        self.tls = tls
        self.multicast = multicast
        self.allowsInsecure = allowsInsecure
        self.sharesMemory = sharesMemory
    }
}

/// How a node takes part in routing.
public enum FabricMode: Hashable, Sendable, CaseIterable {
    /// It connects to the other nodes directly.
    case peer
    /// It reaches all others through one router, which is in ``FabricOptions/connect``.
    case client
    /// It forwards the messages of others.
    case router

    var lower: CommyFFI.FabricMode {
        switch self {
        case .peer: .peer
        case .client: .client
        case .router: .router
        }
    }
}

/// Where the certificates of a node are: paths of PEM files.
///
/// Both sides of a connection show theirs: a peer without one that the authority signed is refused.
public struct TLSOptions: Hashable, Sendable {
    /// The certificate of the mesh's own authority.
    public var ca: String
    /// This node's certificate.
    public var certificate: String
    /// The private key of this node's certificate.
    public var key: String

    public init(ca: String, certificate: String, key: String) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }

    var lower: CommyFFI.TlsOptions {
        CommyFFI.TlsOptions(ca: ca, certificate: certificate, key: key)
    }
}
