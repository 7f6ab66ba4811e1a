internal import CommyFFI
import Foundation

extension Mesh {
    /// Calls a service and waits for its reply.
    ///
    /// `Data` travels untouched, either way; any other value travels as JSON. Cancelling the task
    /// cancels the call, and with it the handler's work.
    ///
    /// ```swift
    /// let receipt = try await mesh.call("orders", "create", order, returning: Receipt.self)
    /// let total: Int = try await mesh.call("adder", "add", [1, 2, 3], options: .init(timeout: .seconds(1)))
    /// ```
    ///
    /// - Parameters:
    ///   - service: The name of the service.
    ///   - method: The method that is asked for: 0 to 128 bytes of ASCII letters, digits, `_`, `-`,
    ///     `.` and `/`.
    ///   - payload: What the handler is given.
    ///   - type: What the reply is decoded as.
    ///   - headers: At most 64 headers for the handler.
    ///   - options: What else the call asks for.
    ///   - isolation: Where the payload is encoded and the reply decoded: where the call is written.
    /// - Throws: ``CommyError``; `CancellationError` if the task is cancelled.
    public func call<Reply: Decodable>(
        _ service: String,
        _ method: String = "",
        _ payload: some Encodable,
        returning type: Reply.Type = Reply.self,
        headers: [String: String] = [:],
        options: CallOptions = CallOptions(),
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Reply {
        let message = try Message(encoding: payload, headers: headers)
        let reply = try await call(service, method, message: message, options: options)
        return try decode(reply, as: type, service, method)
    }

    /// Calls a service with nothing, JSON's `null`, and waits for its reply.
    public func call<Reply: Decodable>(
        _ service: String,
        _ method: String = "",
        returning type: Reply.Type = Reply.self,
        headers: [String: String] = [:],
        options: CallOptions = CallOptions(),
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Reply {
        let message = try Message(encoding: Nothing(), headers: headers)
        let reply = try await call(service, method, message: message, options: options)
        return try decode(reply, as: type, service, method)
    }

    /// Calls a service and waits until it has answered, whatever the reply.
    public func call(
        _ service: String,
        _ method: String = "",
        _ payload: some Encodable,
        headers: [String: String] = [:],
        options: CallOptions = CallOptions(),
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        let message = try Message(encoding: payload, headers: headers)
        _ = try await call(service, method, message: message, options: options)
    }

    /// Calls a service with nothing, and waits until it has answered, whatever the reply.
    public func call(
        _ service: String,
        _ method: String = "",
        headers: [String: String] = [:],
        options: CallOptions = CallOptions(),
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        let message = try Message(encoding: Nothing(), headers: headers)
        _ = try await call(service, method, message: message, options: options)
    }

    /// Calls a service with a message, and returns the reply with all that came along.
    public func call(
        _ service: String,
        _ method: String = "",
        message: Message,
        options: CallOptions = CallOptions()
    ) async throws -> Reply {
        let request = CommyFFI.Request(method: method, message: try message.lower())
        let options = try options.lower()
        return Reply(
            try await lifting {
                try await raw.call(service: service, request: request, options: options)
            })
    }

    private func decode<Value: Decodable>(
        _ reply: Reply,
        as type: Value.Type,
        _ service: String,
        _ method: String
    ) throws -> Value {
        do {
            return try reply.message.decode(as: type)
        } catch let error as CommyError {
            throw CommyError.internal(
                CommyError.Info(
                    reason: "\(service) answered \"\(method)\" with what cannot be read: \(error.reason)",
                    service: service,
                    method: method,
                    instanceID: reply.servedBy,
                    attempts: 1
                ))
        }
    }
}

/// The answer to a call.
public struct Reply: Hashable, Sendable {
    /// The content.
    public var message: Message
    /// The id of the instance that answered.
    public var servedBy: String

    init(_ reply: CommyFFI.Reply) {
        message = Message(reply.message)
        servedBy = reply.servedBy
    }
}

/// What a call asks for beyond its request.
public struct CallOptions: Hashable, Sendable {
    /// How long the call may take; the mesh's ``MeshOptions/callTimeout`` when absent. Zero is
    /// ``CommyError/deadlineExceeded(_:)`` at once, and nothing is sent.
    public var timeout: Duration?
    /// Whether executing the call twice does no harm, so that it may be retried on another instance.
    public var isIdempotent: Bool
    /// The key by which ``Balance/consistentHash`` chooses the instance; at most 1,024 bytes.
    public var routingKey: String?
    /// How this call is balanced; as the mesh says when absent.
    public var balance: Balance?
    /// Whether an instance in this mesh's own zone, when there is one, is preferred over others.
    public var zoneFirst: Bool
    /// A requirement on the version of the instance, in Cargo's syntax, such as `^1.2`.
    public var version: String?
    /// Tags that the instance must all have.
    public var tags: [String]
    /// Metadata entries that the instance must all have.
    public var metadata: [String: String]

    public init(
        timeout: Duration? = nil,
        isIdempotent: Bool = false,
        routingKey: String? = nil,
        balance: Balance? = nil,
        zoneFirst: Bool = true,
        version: String? = nil,
        tags: [String] = [],
        metadata: [String: String] = [:]
    ) {
        self.timeout = timeout
        self.isIdempotent = isIdempotent
        self.routingKey = routingKey
        self.balance = balance
        self.zoneFirst = zoneFirst
        self.version = version
        self.tags = tags
        self.metadata = metadata
    }

    func lower() throws -> CommyFFI.CallOptions {
        try CommyFFI.CallOptions(
            timeoutMs: timeout.map { try milliseconds("timeout", $0) },
            idempotent: isIdempotent,
            routingKey: routingKey,
            balance: balance?.lower,
            zoneFirst: zoneFirst,
            version: version,
            tags: tags,
            metadata: metadata
        )
    }
}

/// JSON's `null`.
struct Nothing: Encodable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}
