internal import CommyFFI

/// Counters of one mesh since it was created. All but the gauges only rise.
public struct MeshStats: Hashable, Sendable {
    /// Calls made that got a reply.
    public let callsOK: Int
    /// Calls made that failed, by status name, such as `UNAVAILABLE`.
    public let callsFailed: [String: Int]
    /// Gauge: calls made that have no answer yet.
    public let callsInFlight: Int
    /// Requests that handlers of this mesh were given.
    public let requestsHandled: Int
    /// Gauge: requests that handlers of this mesh are at work on.
    public let requestsInFlight: Int
    /// Events published.
    public let eventsPublished: Int
    /// Events put into queues of this mesh's subscriptions.
    public let eventsDelivered: Int
    /// Events that this mesh's subscriptions lost by their overflow policy.
    public let eventsDropped: Int
    /// Gauge: registrations of this mesh.
    public let registrations: Int
    /// Gauge: other nodes of the mesh that are connected.
    public let peers: Int
    /// Messages that went over the fabric, either way; one within this process never does.
    public let fabricMessages: Int
    /// Payload bytes handed to the fabric, by all meshes of this name in this process.
    public let bytesSent: Int
    /// Payload bytes that came from the fabric, for all meshes of this name in this process.
    public let bytesReceived: Int

    init(_ stats: CommyFFI.MeshStats) {
        callsOK = Int(clamping: stats.callsOk)
        callsFailed = stats.callsFailed.mapValues { Int(clamping: $0) }
        callsInFlight = Int(clamping: stats.callsInFlight)
        requestsHandled = Int(clamping: stats.requestsHandled)
        requestsInFlight = Int(clamping: stats.requestsInFlight)
        eventsPublished = Int(clamping: stats.eventsPublished)
        eventsDelivered = Int(clamping: stats.eventsDelivered)
        eventsDropped = Int(clamping: stats.eventsDropped)
        registrations = Int(clamping: stats.registrations)
        peers = Int(clamping: stats.peers)
        fabricMessages = Int(clamping: stats.fabricMessages)
        bytesSent = Int(clamping: stats.bytesSent)
        bytesReceived = Int(clamping: stats.bytesReceived)
    }
}
