// A mesh is created, started, stopped, started again, and refuses what it cannot do meanwhile.

import XCTest

@testable import Commy

final class LifecycleTests: MeshTestCase {
    func testTheVersionIsTheWorkspaces() throws {
        let root = URL(fileURLWithPath: #filePath).appending(path: "../../../..").standardized
        let manifest = try String(contentsOf: root.appending(path: "Cargo.toml"), encoding: .utf8)
        let lines = manifest.split(separator: "\n").filter { $0.hasPrefix("version = ") }
        XCTAssertEqual(lines, ["version = \"\(Mesh.libraryVersion)\""])
    }

    func testCreatingAMeshStartsNothing() throws {
        let name = freshName()
        let mesh = try Mesh(name)
        XCTAssertEqual(mesh.name, name)
        XCTAssertFalse(mesh.nodeID.isEmpty)
        XCTAssertFalse(mesh.isRunning)
        XCTAssertEqual("\(mesh)", "Mesh(\"\(name)\", not running)")
    }

    func testAScopeStartsAndStops() async throws {
        let kept = try await withMesh(freshName()) { mesh in
            XCTAssert(mesh.isRunning)
            XCTAssertEqual("\(mesh)", "Mesh(\"\(mesh.name)\", running)")
            return mesh
        }
        XCTAssertFalse(kept.isRunning)
    }

    func testAnErrorInAScopeStopsTheMeshAndIsPassedOn() async throws {
        struct Mine: Error {}
        let kept = Box<Mesh>()
        do {
            try await withMesh(freshName()) { mesh in
                await kept.add(mesh)
                throw Mine()
            }
            XCTFail("the error is lost")
        } catch is Mine {}
        let mesh = await kept.values[0]
        XCTAssertFalse(mesh.isRunning)
    }

    func testAScopeInATaskThatIsCancelledStopsTheMesh() async throws {
        let kept = Box<Mesh>()
        let begun = Signal()
        let task = Task {
            try await withMesh(freshName()) { mesh in
                await kept.add(mesh)
                begun.send()
                try await waitForever()
            }
        }
        await begun.wait()
        task.cancel()
        await assertCancelled(task)
        let mesh = await kept.values[0]
        XCTAssertFalse(mesh.isRunning)
    }

    func testABadNameIsRefusedAndNamed() async {
        let bad = [
            "", String(repeating: "n", count: 65), "has space", "größe", ".begins-with-dot",
            "ends-with-dot.", "two..dots", "nul\0", "a/b",
        ]
        for name in bad {
            await assertFails(.invalidArgument) { try Mesh(name) }
        }
    }

    func testOptionsThatBreakARuleAreRefused() async {
        let bad = [
            MeshOptions(callTimeout: .zero),
            MeshOptions(callTimeout: .seconds(-1)),
            MeshOptions(callTimeout: .seconds(Int64.max)),
            MeshOptions(drainTimeout: .milliseconds(-1)),
            MeshOptions(maxPayloadBytes: -1),
            MeshOptions(maxPayloadBytes: 1 << 30 + 1),
            MeshOptions(breaker: CircuitBreaker(minRequests: 0)),
            MeshOptions(breaker: CircuitBreaker(minRequests: -1)),
            MeshOptions(breaker: CircuitBreaker(failureRatio: 0)),
            MeshOptions(breaker: CircuitBreaker(failureRatio: .nan)),
            MeshOptions(breaker: CircuitBreaker(window: .zero)),
            MeshOptions(breaker: CircuitBreaker(pause: .seconds(-1))),
            MeshOptions(zone: ""),
        ]
        for options in bad {
            await assertFails(.invalidArgument) { try Mesh(freshName(), options: options) }
        }
    }

    func testTimesAreRoundedUpToMilliseconds() throws {
        XCTAssertEqual(try milliseconds("time", .zero), 0)
        XCTAssertEqual(try milliseconds("time", .nanoseconds(1)), 1)
        XCTAssertEqual(try milliseconds("time", .microseconds(1_000_001)), 1001)
        XCTAssertEqual(try milliseconds("time", .milliseconds(1500)), 1500)
    }

    func testStartingAndStoppingTwiceDoesNothing() async throws {
        let mesh = try Mesh(freshName())
        try await mesh.stop()
        try await mesh.start()
        try await mesh.register("echo") { $0.otherwise { message, _ in message } }
        try await mesh.start()
        XCTAssertEqual(try mesh.discover("echo").count, 1)
        try await mesh.stop()
        try await mesh.stop()
        XCTAssertFalse(mesh.isRunning)
    }

    func testAStoppedMeshStartsAgainWithNothingRegistered() async throws {
        let mesh = try Mesh(freshName())
        for _ in 0..<2 {
            try await mesh.start()
            XCTAssertEqual(try mesh.discover(), [])
            try await mesh.register("adder") { $0.method { (number: Int) in number + 1 } }
            let answer: Int = try await mesh.call("adder", "", 1)
            XCTAssertEqual(answer, 2)
            try await mesh.stop()
        }
    }

    func testNothingWorksBeforeTheStartOrAfterTheStop() async throws {
        let mesh = try Mesh(freshName())
        for _ in 0..<2 {
            await assertFails(.failedPrecondition) { try await mesh.call("echo") }
            await assertFails(.failedPrecondition) { try await mesh.publish("topic", 1) }
            await assertFails(.failedPrecondition) { try await mesh.subscribe("topic") }
            await assertFails(.failedPrecondition) { try await mesh.register("echo") { _ in } }
            await assertFails(.failedPrecondition) {
                try await mesh.advertise("outside", at: "tcp://127.0.0.1:1")
            }
            await assertFails(.failedPrecondition) { try mesh.discover() }
            await assertFails(.failedPrecondition) { try mesh.watch() }
            await assertFails(.failedPrecondition) { try mesh.activeServiceCount }
            try await mesh.start()
            try await mesh.stop()
        }
    }

    func testStoppingWaitsForCallsInFlight() async throws {
        let mesh = try Mesh(freshName())
        try await mesh.start()
        let begun = Signal()
        let mayEnd = Signal()
        try await mesh.register("slow") { service in
            service.method { (value: String) in
                begun.send()
                await mayEnd.wait()
                return value
            }
        }
        let call = Task { try await mesh.call("slow", "", "done", returning: String.self) }
        await begun.wait()
        let stop = Task { try await mesh.stop() }
        try await eventually("the mesh stops") { !mesh.isRunning }
        mayEnd.send()
        let answer = try await call.value
        XCTAssertEqual(answer, "done")
        try await stop.value
    }

    func testStoppingCancelsWhatOutlastsTheDrainTimeout() async throws {
        let mesh = try Mesh(freshName(), options: MeshOptions(drainTimeout: .milliseconds(50)))
        try await mesh.start()
        let begun = Signal()
        let cancelled = Signal()
        try await mesh.register("stuck") { service in
            service.method {
                begun.send()
                try await waitForever(telling: cancelled)
            }
        }
        let call = Task { try await mesh.call("stuck") }
        await begun.wait()
        try await mesh.stop()
        do {
            try await call.value
            XCTFail("the call was answered")
        } catch let error as CommyError {
            XCTAssert([.cancelled, .unavailable].contains(error.status), "\(error)")
        }
        await cancelled.wait()
    }

    func testStoppingEndsWatchesAndSubscriptions() async throws {
        let mesh = try Mesh(freshName())
        try await mesh.start()
        let watch = try mesh.watch()
        let subscription = try await mesh.subscribe("**")
        async let change = watch.next()
        async let event = subscription.next()
        try await mesh.stop()
        let ended = await (change, event)
        XCTAssertNil(ended.0)
        XCTAssertNil(ended.1)
        for await _ in watch { XCTFail("a change after the stop") }
        for await _ in subscription { XCTFail("an event after the stop") }
    }

    func testATaskThatWasCancelledCanStopItsMesh() async throws {
        let mesh = try Mesh(freshName())
        try await mesh.start()
        let task = Task {
            try? await waitForever()
            XCTAssert(Task.isCancelled)
            try await mesh.stop()
        }
        task.cancel()
        try await task.value
        XCTAssertFalse(mesh.isRunning)
    }

    func testDroppingARunningMeshHarmsNothing() async throws {
        let name = freshName()
        do {
            let mesh = try Mesh(name)
            try await mesh.start()
            try await mesh.register("echo") { $0.otherwise { message, _ in message } }
        }
        try await withMesh(name) { mesh in
            try await mesh.register("echo") { $0.otherwise { message, _ in message } }
            let answer: Int = try await mesh.call("echo", "", 1, options: .init(timeout: .seconds(5)))
            XCTAssertEqual(answer, 1)
        }
    }

    func testTwoMeshesOfDifferentNamesDoNotSeeEachOther() async throws {
        try await withFreshMesh { one in
            try await withFreshMesh { other in
                try await one.register("echo") { $0.otherwise { message, _ in message } }
                XCTAssertEqual(try one.discover("echo").count, 1)
                XCTAssertEqual(try other.discover("echo"), [])
                await assertFails(.notFound) { try await other.call("echo") }
            }
        }
    }

    func testTwoMeshesOfOneNameCallEachOther() async throws {
        let name = freshName()
        try await withMesh(name) { one in
            try await withMesh(name) { other in
                XCTAssertEqual(one.nodeID, other.nodeID, "a process is one node of a mesh")
                let changes = try other.watch("echo")
                try await one.register("echo") { $0.otherwise { message, _ in message } }
                let change = await changes.next()
                XCTAssertEqual(change?.kind, .added)
                let answer: String = try await other.call("echo", "", "hi")
                XCTAssertEqual(answer, "hi")
            }
        }
    }
}
