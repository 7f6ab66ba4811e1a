internal import CommyFFI
import Foundation

extension Mesh {
    /// Publishes an event: `Data` untouched, any other value as JSON.
    ///
    /// ```swift
    /// try await mesh.publish("orders/created", order)
    /// ```
    ///
    /// - Parameters:
    ///   - topic: 1 to 256 bytes of segments joined by `/`, each of ASCII letters, digits, `_`,
    ///     `-`, `.` and `:`.
    ///   - payload: What subscribers receive.
    ///   - headers: At most 64 headers for them.
    ///   - isolation: Where the payload is encoded: where the call is written.
    public func publish(
        _ topic: String,
        _ payload: some Encodable,
        headers: [String: String] = [:],
        isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try await publish(topic, message: try Message(encoding: payload, headers: headers))
    }

    /// Publishes an event whose content type and headers are the message's.
    public func publish(_ topic: String, message: Message) async throws {
        let message = try message.lower()
        try await lifting { try await raw.publish(topic: topic, message: message) }
    }

    /// Subscribes to the topics that match a filter, in which a segment `*` stands for any one
    /// segment and `**` for any number of them, also none.
    ///
    /// ```swift
    /// for await event in try await mesh.subscribe("orders/*") {
    ///     print(event.topic, try event.message.decode(as: Order.self))
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - filter: The filter.
    ///   - capacity: How many events may wait, 1 to 65,536.
    ///   - overflow: What happens to one more.
    public func subscribe(
        _ filter: String,
        capacity: Int = 256,
        overflow: Overflow = .dropOldest
    ) async throws -> Subscription {
        let options = CommyFFI.SubscribeOptions(
            capacity: try whole("capacity", capacity), overflow: overflow.lower)
        return Subscription(
            try await lifting { try await raw.subscribe(filter: filter, options: options) })
    }
}

/// What happens to an event when a subscriber's queue is full.
public enum Overflow: Hashable, Sendable, CaseIterable {
    /// The oldest queued event makes room.
    case dropOldest
    /// The new event is dropped.
    case dropNewest
    /// The publisher waits for room, at most the mesh's ``MeshOptions/callTimeout``.
    case block

    var lower: CommyFFI.Overflow {
        switch self {
        case .dropOldest: .dropOldest
        case .dropNewest: .dropNewest
        case .block: .block
        }
    }
}

/// An event as its subscriber receives it.
public struct Event: Hashable, Sendable {
    /// The topic that it was published on.
    public let topic: String
    /// The content.
    public let message: Message
    /// The id of the node that published it.
    public let publisher: String
    /// The number of the event, rising for each event of one publisher.
    public let sequence: UInt64
    /// How many events this subscription lost, by its own overflow policy, just before this one.
    public let missed: Int

    init(_ event: CommyFFI.Event) {
        topic = event.topic
        message = Message(event.message)
        publisher = event.publisher
        sequence = event.sequence
        missed = Int(clamping: event.missed)
    }
}

/// A queue of events whose topics match a filter.
///
/// Iterating ends when the subscription is closed, its mesh is stopped, or the task is cancelled. A
/// subscription that nothing refers to any more is closed.
public final class Subscription: AsyncSequence, Sendable {
    private let raw: CommyFFI.Subscription

    init(_ raw: CommyFFI.Subscription) {
        self.raw = raw
    }

    /// Waits for the next event; nil when the subscription is closed or its mesh stopped, and all
    /// that was queued has been taken, or when the task is cancelled, which takes no event away.
    public func next() async -> Event? {
        await cancellable { await raw.next() }.map(Event.init)
    }

    /// How many events this subscription has lost by its overflow policy so far.
    public var dropped: Int { Int(clamping: raw.dropped()) }

    /// Ends the subscription; whoever waits for an event gets nil.
    public func close() {
        raw.close()
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(subscription: self)
    }

    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        let subscription: Subscription

        public func next() async -> Event? {
            await subscription.next()
        }

        public func next(isolation actor: isolated (any Actor)?) async -> Event? {
            await subscription.next()
        }
    }
}
