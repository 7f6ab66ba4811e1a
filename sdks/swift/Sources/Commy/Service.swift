/// The methods of a service, as ``Mesh/register(_:version:tags:metadata:weight:zone:region:maxInFlight:_:)``
/// is told them.
///
/// A method is an async throwing closure that takes the payload, or the payload and its
/// ``Context``, and returns the reply. `Data` travels untouched, either way; any other value is
/// `Codable` and travels as JSON.
///
/// ```swift
/// try await mesh.register("orders") { service in
///     service.method("create") { (order: Order, context) in
///         guard order.count > 0 else { throw BadRequest("an order counts at least one") }
///         return Receipt(order: order.id, for: context.caller)
///     }
///     service.method("count") { await store.count }
/// }
/// ```
///
/// Each request is answered by a task of its own, which is cancelled when nobody waits for the
/// answer any more. Closures run on Swift's cooperative threads and must not block them.
public struct Service: Sendable {
    /// Answers one request.
    typealias Method = @Sendable (Message, Context) async throws -> Message

    private(set) var methods: [String: Method] = [:]
    private(set) var fallback: Method?
    /// A method that was defined twice, which is one time too many.
    private(set) var duplicate: String?

    init() {}

    /// The closure that answers a method.
    func find(_ method: String) -> Method? {
        methods[method] ?? fallback
    }

    /// Answers a method that takes a payload and its context, and returns a reply.
    public mutating func method<Payload: Decodable, Reply: Encodable>(
        _ name: String = "",
        _ body: @escaping @Sendable (Payload, Context) async throws -> Reply
    ) {
        add(name) { message, context in
            try await reply(body(payload(of: message), context), context)
        }
    }

    /// Answers a method that takes a payload, and returns a reply.
    public mutating func method<Payload: Decodable, Reply: Encodable>(
        _ name: String = "",
        _ body: @escaping @Sendable (Payload) async throws -> Reply
    ) {
        add(name) { message, context in
            try await reply(body(payload(of: message)), context)
        }
    }

    /// Answers a method that takes nothing, and returns a reply.
    public mutating func method<Reply: Encodable>(
        _ name: String = "",
        _ body: @escaping @Sendable () async throws -> Reply
    ) {
        add(name) { _, context in
            try await reply(body(), context)
        }
    }

    /// Answers a method that takes a payload and its context, and returns nothing: JSON's `null`.
    public mutating func method<Payload: Decodable>(
        _ name: String = "",
        _ body: @escaping @Sendable (Payload, Context) async throws -> Void
    ) {
        add(name) { message, context in
            try await body(payload(of: message), context)
            return try reply(Nothing(), context)
        }
    }

    /// Answers a method that takes a payload, and returns nothing: JSON's `null`.
    public mutating func method<Payload: Decodable>(
        _ name: String = "",
        _ body: @escaping @Sendable (Payload) async throws -> Void
    ) {
        add(name) { message, context in
            try await body(payload(of: message))
            return try reply(Nothing(), context)
        }
    }

    /// Answers a method that takes nothing, and returns nothing: JSON's `null`.
    public mutating func method(
        _ name: String = "",
        _ body: @escaping @Sendable () async throws -> Void
    ) {
        add(name) { _, context in
            try await body()
            return try reply(Nothing(), context)
        }
    }

    /// Answers a method with messages, whose content types and headers are the closure's business.
    public mutating func method(
        _ name: String = "",
        _ body: @escaping @Sendable (Message, Context) async throws -> Message
    ) {
        add(name, body)
    }

    /// Answers every method that the service does not name, which ``Context/method`` tells.
    public mutating func otherwise(
        _ body: @escaping @Sendable (Message, Context) async throws -> Message
    ) {
        if fallback != nil {
            duplicate = "otherwise"
        }
        fallback = body
    }

    private mutating func add(_ name: String, _ body: @escaping Method) {
        if methods.updateValue(body, forKey: name) != nil {
            duplicate = name
        }
    }
}

private func payload<Payload: Decodable>(of message: Message) throws -> Payload {
    do {
        return try message.decode()
    } catch let error as CommyError {
        throw BadRequest(error.reason)
    }
}

private func reply(_ value: some Encodable, _ context: Context) throws -> Message {
    do {
        return try Message(encoding: value)
    } catch let error as CommyError {
        throw Unsendable(
            reason: "\(context.service) returned from \"\(context.method)\" what cannot be sent: \(error.reason)")
    }
}
