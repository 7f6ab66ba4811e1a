// Nothing grows: not the process, nor what it holds for the runtime.

import Commy
import XCTest

/// Counts how many of its kind are alive.
private final class Held: Sendable {
    private let count: Count

    init(_ count: Count) {
        self.count = count
        count.add(1)
    }

    deinit {
        count.add(-1)
    }
}

private final class Count: @unchecked Sendable {
    private let lock = NSLock()
    private var number = 0

    func add(_ more: Int) {
        lock.withLock { number += more }
    }

    var value: Int { lock.withLock { number } }
}

/// The memory that this process has in RAM, in KiB, or elsewhere than on Linux its peak.
private func residentKiB() throws -> Int {
    #if os(Linux)
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try XCTUnwrap(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try XCTUnwrap(line.split { !$0.isNumber }.first.flatMap { Int($0) })
    #else
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss / 1024
    #endif
}

final class MemoryTests: MeshTestCase {
    func testAHundredThousandCallsLeaveNoGrowth() async throws {
        try await withFreshMesh { mesh in
            let count = Count()
            try await mesh.register("echo") { service in
                service.method { (data: Data) in
                    let held = Held(count)
                    defer { withExtendedLifetime(held) {} }
                    return data
                }
            }
            let payload = Data("0123456789abcdef".utf8)
            @Sendable func round(_ calls: Int) async throws -> Int {
                let tasks = 64
                _ = try await (0..<tasks).mapAtOnce { _ in
                    for _ in 0..<calls / tasks {
                        let answer: Data = try await mesh.call("echo", "", payload)
                        guard answer == payload else { return XCTFail("\(answer)") }
                    }
                }
                return try residentKiB()
            }
            // The first calls fill caches and the allocator's arenas; growth shows after them.
            let before = try await round(20_032)
            let after = try await round(80_000)
            XCTAssertLessThan(after - before, 3 * 1024, "\(before) KiB grew to \(after) KiB")
            try await eventually("no handler is at work") { count.value == 0 }
            XCTAssertEqual(mesh.stats.callsInFlight, 0)
            XCTAssertEqual(mesh.stats.callsOK, 100_032)
        }
    }

    func testTenThousandRegistrationsLeaveNothingBehind() async throws {
        try await withFreshMesh { mesh in
            let count = Count()
            func round(_ registrations: Int) async throws -> Int {
                for number in 0..<registrations {
                    let held = Held(count)
                    let registration = try await mesh.register("service-\(number % 100)") { service in
                        service.method { withExtendedLifetime(held) { 1 } }
                    }
                    try await registration.deregister()
                }
                return try residentKiB()
            }
            let before = try await round(2_000)
            let after = try await round(8_000)
            XCTAssertLessThan(after - before, 3 * 1024, "\(before) KiB grew to \(after) KiB")
            try await eventually("every handler is let go") { count.value == 0 }
            XCTAssertEqual(mesh.stats.registrations, 0)
        }
    }

    func testTheLessUsualWaysLeaveNoGrowthEither() async throws {
        try await withFreshMesh { mesh in
            let count = Count()
            try await mesh.register("service") { service in
                service.method("fails") {
                    let held = Held(count)
                    defer { withExtendedLifetime(held) {} }
                    throw HandlerError("CODE", "reason")
                }
                service.method("stuck") {
                    let held = Held(count)
                    defer { withExtendedLifetime(held) {} }
                    try await waitForever()
                }
                service.method("data") { (data: Data) in data }
            }
            let large = Data(count: 9 << 20)
            let ways: [(String, () async throws -> Void)] = [
                ("fails", { await assertFails(.handlerFailed) { try await mesh.call("service", "fails") } }),
                (
                    "cancelled",
                    {
                        let call = Task { try await mesh.call("service", "stuck") }
                        await Task.yield()
                        call.cancel()
                        await assertCancelled(call)
                    }
                ),
                (
                    "late",
                    {
                        let options = CallOptions(timeout: .milliseconds(1))
                        await assertFails(.deadlineExceeded) {
                            try await mesh.call("service", "stuck", options: options)
                        }
                    }
                ),
                ("large", { await assertFails(.resourceExhausted) { try await mesh.call("service", "data", large) } }),
                ("unknown", { await assertFails(.notFound) { try await mesh.call("nobody") } }),
                (
                    "subscribe",
                    {
                        let events = try await mesh.subscribe("topic")
                        try await mesh.publish("topic", Data(count: 1000))
                        _ = await events.next()
                    }
                ),
                (
                    "watch",
                    {
                        let changes = try mesh.watch()
                        _ = await changes.next()
                        let waiting = Task { await changes.next() }
                        waiting.cancel()
                        _ = await waiting.value
                    }
                ),
            ]
            for (name, way) in ways {
                let rounds = name == "large" ? 30 : 300
                for _ in 0..<rounds { try await way() }
                let before = try residentKiB()
                for _ in 0..<2 * rounds { try await way() }
                let grown = try residentKiB() - before
                XCTAssertLessThan(grown, 2 * 1024, "\(name) grew by \(grown) KiB")
                try await eventually("nothing is at work") {
                    count.value == 0 && mesh.stats.requestsInFlight == 0
                }
            }
        }
    }

    func testAStoppedMeshIsLetGoWithAllThatItHeld() async throws {
        let count = Count()
        weak var gone: Mesh?
        do {
            let mesh = try Mesh(freshName())
            gone = mesh
            try await mesh.start()
            for number in 0..<10 {
                let held = Held(count)
                try await mesh.register("service-\(number)") { service in
                    // A handler that uses its mesh keeps it, until the mesh is stopped.
                    service.method { withExtendedLifetime(held) { mesh.isRunning } }
                }
            }
            let watch = try mesh.watch()
            let events = try await mesh.subscribe("**")
            XCTAssertEqual(count.value, 10)
            try await mesh.stop()
            withExtendedLifetime((watch, events)) {}
        }
        try await eventually("the mesh and its handlers are let go") { gone == nil && count.value == 0 }
    }
}
