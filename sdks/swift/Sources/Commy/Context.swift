internal import CommyFFI

/// What a handler knows of its request beside the payload.
public struct Context: Hashable, Sendable {
    /// The service that was called.
    public let service: String
    /// The method that is asked for.
    public let method: String
    /// The request's headers.
    public let headers: [String: String]
    /// What the payload is, as a media type.
    public let contentType: String
    /// The id of the node that calls.
    public let caller: String
    /// Which attempt of the call this is, from 1.
    public let attempt: Int
    /// When the caller stops waiting.
    public let deadline: ContinuousClock.Instant

    /// How long the caller still waits; never less than zero. Calls that a handler makes on the
    /// caller's behalf take at most this.
    public var timeLeft: Duration {
        max(.zero, deadline - .now)
    }

    init(_ request: CommyFFI.IncomingRequest) {
        service = request.service
        method = request.method
        headers = request.message.headers
        contentType = request.message.contentType
        caller = request.caller
        attempt = Int(request.attempt)
        deadline = .now + duration(milliseconds: request.timeLeftMs)
    }
}
