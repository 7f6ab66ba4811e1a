// Events reach every subscription whose filter matches, in order, or are lost as it says.

import Commy
import XCTest

private func taken<Value: Decodable>(
    _ count: Int, from events: Subscription, as type: Value.Type = Value.self
) async throws -> [Value?] {
    var values: [Value?] = []
    for _ in 0..<count {
        values.append(try await events.next()?.message.decode(as: type))
    }
    return values
}

final class PubsubTests: MeshTestCase {
    func testAnEventBringsItsValueHeadersAndOrigin() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("orders/*")
            try await mesh.publish("orders/created", ["id": 1], headers: ["trace": "ä"])
            let next = await events.next()
            let event = try XCTUnwrap(next)
            XCTAssertEqual(event.topic, "orders/created")
            XCTAssertEqual(try event.message.decode(), ["id": 1])
            XCTAssertEqual(event.message.payload, Data(#"{"id":1}"#.utf8))
            XCTAssertEqual(event.message.contentType, "application/json")
            XCTAssertEqual(event.message.headers, ["trace": "ä"])
            XCTAssertEqual(event.publisher, mesh.nodeID)
            XCTAssertEqual(event.missed, 0)
        }
    }

    func testAFilterMatchesBySegments() async throws {
        let filters: [(String, [String])] = [
            ("a", ["a"]),
            ("*", ["a", "b"]),
            ("a/*", ["a/b"]),
            ("*/b", ["a/b"]),
            ("a/**", ["a", "a/b", "a/b/c"]),
            ("**", ["a", "b", "a/b", "a/b/c"]),
            ("**/c", ["a/b/c"]),
        ]
        for (filter, expected) in filters {
            try await withFreshMesh { mesh in
                let events = try await mesh.subscribe(filter)
                for topic in ["a", "b", "a/b", "a/b/c"] { try await mesh.publish(topic, topic) }
                let values = try await taken(expected.count, from: events, as: String.self)
                XCTAssertEqual(values, expected, filter)
            }
        }
    }

    func testEverySubscriptionGetsEveryEventInOrder() async throws {
        try await withFreshMesh { mesh in
            var subscriptions: [Subscription] = []
            for _ in 0..<5 { subscriptions.append(try await mesh.subscribe("numbers")) }
            for number in 0..<100 { try await mesh.publish("numbers", number) }
            for events in subscriptions {
                let values = try await taken(100, from: events, as: Int.self)
                XCTAssertEqual(values, Array(0..<100))
            }
        }
    }

    func testSequenceNumbersRise() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("**")
            for topic in ["a", "b", "a"] { try await mesh.publish(topic, 1) }
            var sequences: [UInt64] = []
            for await event in events {
                sequences.append(event.sequence)
                if sequences.count == 3 { break }
            }
            XCTAssertEqual(sequences, Set(sequences).sorted())
        }
    }

    func testAFullQueueLosesWhatItsPolicySaysAndTells() async throws {
        let policies: [(Overflow, [Int], [Int])] = [
            (.dropOldest, [2, 3, 4], [2, 0, 0]), (.dropNewest, [0, 1, 2], [0, 0, 0]),
        ]
        for (overflow, kept, missed) in policies {
            try await withFreshMesh { mesh in
                let events = try await mesh.subscribe("numbers", capacity: 3, overflow: overflow)
                for number in 0..<5 { try await mesh.publish("numbers", number) }
                for (number, lost) in zip(kept, missed) {
                    let event = await events.next()
                    XCTAssertEqual(try event?.message.decode(as: Int.self), number)
                    XCTAssertEqual(event?.missed, lost)
                }
                XCTAssertEqual(events.dropped, 2)
                XCTAssertEqual(mesh.stats.eventsDropped, 2)
                try await mesh.publish("numbers", 5)
                let last = await events.next()
                XCTAssertEqual(last?.missed, 2 - missed.reduce(0, +))
            }
        }
    }

    func testAFullQueueThatBlocksMakesItsPublisherWait() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("numbers", capacity: 1, overflow: .block)
            let published = Box<Int>()
            let publishing = Task {
                for number in 0..<20 {
                    try await mesh.publish("numbers", number)
                    await published.add(number)
                }
            }
            for number in 0..<20 {
                let ahead = await published.values.count - number
                // One in the queue, and one that was let in when the last one left.
                XCTAssertLessThanOrEqual(ahead, 2)
                let values = try await taken(1, from: events, as: Int.self)
                XCTAssertEqual(values, [number])
            }
            try await publishing.value
            XCTAssertEqual(events.dropped, 0)
        }
    }

    func testAClosedSubscriptionTakesNothingMore() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("topic")
            events.close()
            events.close()
            try await mesh.publish("topic", 1)
            let event = await events.next()
            XCTAssertNil(event)
            XCTAssertEqual(mesh.stats.eventsDelivered, 0)
        }
    }

    func testAClosedSubscriptionEndsForWhoeverWaits() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("topic")
            let seen = Signal()
            let task = Task {
                var count = 0
                for await _ in events {
                    count += 1
                    seen.send()
                }
                return count
            }
            try await mesh.publish("topic", 1)
            await seen.wait()
            events.close()
            let count = await task.value
            XCTAssertEqual(count, 1)
        }
    }

    func testASubscriptionThatNothingRefersToIsClosed() async throws {
        try await withFreshMesh { mesh in
            var count = 0
            try await mesh.publish("topic", 0)
            let task = Task {
                for await _ in try await mesh.subscribe("topic") { return }
            }
            repeat {
                count += 1
                try await mesh.publish("topic", count)
            } while mesh.stats.eventsDelivered == 0
            try await task.value
            let delivered = mesh.stats.eventsDelivered
            try await mesh.publish("topic", count)
            XCTAssertEqual(mesh.stats.eventsDelivered, delivered)
        }
    }

    func testCancellingTheTaskEndsItsLoopAndLeavesTheSubscription() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("topic")
            let seen = Signal()
            let task = Task {
                for await _ in events { seen.send() }
            }
            try await mesh.publish("topic", 0)
            await seen.wait()
            task.cancel()
            await task.value
            try await mesh.publish("topic", 1)
            let values = try await taken(1, from: events, as: Int.self)
            XCTAssertEqual(values, [1])
        }
    }

    func testAWaitThatIsCancelledLosesNoEvent() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("numbers")
            var seen: [Int?] = []
            for number in 0..<200 {
                let waiting = Task { await events.next() }
                for _ in 0..<number % 5 { await Task.yield() }
                try await mesh.publish("numbers", number)
                for _ in 0..<number % 7 { await Task.yield() }
                waiting.cancel()
                if let event = await waiting.value { seen.append(try event.message.decode()) }
            }
            seen += try await taken(200 - seen.count, from: events)
            XCTAssertEqual(seen, Array(0..<200))
        }
    }

    func testAnEventThatIsNotTheJSONItSaysDoesNotEndTheSubscription() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("topic")
            try await mesh.publish("topic", message: Message(Data("{".utf8), contentType: "application/json"))
            try await mesh.publish("topic", Data([0, 255]))
            let broken = await events.next()
            await assertFails(.invalidArgument) { try broken?.message.decode(as: Int.self) }
            let values = try await taken(1, from: events, as: Data.self)
            XCTAssertEqual(values, [Data([0, 255])])
        }
    }

    func testWhatBreaksARuleIsRefused() async throws {
        try await withFreshMesh { mesh in
            let long = String(repeating: "t", count: 257)
            for bad in ["", long, "/a", "a/", "a//b", "has space", "größe", "a/*", "**", "a\0"] {
                await assertFails(.invalidArgument) { try await mesh.publish(bad, 1) }
            }
            for bad in ["", long, "/a", "a//b", "a*", "***", "größe"] {
                await assertFails(.invalidArgument) { try await mesh.subscribe(bad) }
            }
            for capacity in [0, -1, 65_537, Int.max] {
                await assertFails(.invalidArgument) { try await mesh.subscribe("topic", capacity: capacity) }
            }
        }
    }

    func testPublishingToNobodySucceedsAndIsCounted() async throws {
        try await withFreshMesh { mesh in
            try await mesh.publish("topic", 1)
            let events = try await mesh.subscribe("topic")
            try await mesh.publish("topic", 2)
            let values = try await taken(1, from: events, as: Int.self)
            XCTAssertEqual(values, [2])
            let stats = mesh.stats
            XCTAssertEqual(stats.eventsPublished, 2)
            XCTAssertEqual(stats.eventsDelivered, 1)
            XCTAssertEqual(stats.eventsDropped, 0)
        }
    }
}
