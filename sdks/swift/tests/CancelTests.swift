// Cancelling a task that waits for a call reaches the handler, wherever it runs.

import Commy
import XCTest

/// A service that waits to be cancelled, and tells.
private struct Stuck {
    let begun = Signal()
    let ended = Signal()

    func register(in mesh: Mesh, as name: String = "stuck") async throws {
        try await mesh.register(name) { service in
            service.method {
                begun.send()
                try await waitForever(telling: ended)
            }
        }
    }
}

private func assertIdle(_ mesh: Mesh) async throws {
    try await eventually("Rust works on nothing") {
        mesh.stats.requestsInFlight == 0 && mesh.stats.callsInFlight == 0
    }
}

final class CancelTests: MeshTestCase {
    func testATaskThatIsCancelledCancelsTheHandlerAndRustStopsWorking() async throws {
        try await withFreshMesh { mesh in
            let stuck = Stuck()
            try await stuck.register(in: mesh)
            let call = Task { try await mesh.call("stuck") }
            await stuck.begun.wait()
            XCTAssertEqual(mesh.stats.callsInFlight, 1)
            XCTAssertEqual(mesh.stats.requestsInFlight, 1)
            call.cancel()
            await assertCancelled(call)
            XCTAssertEqual(mesh.stats.callsInFlight, 0)
            await stuck.ended.wait()
            try await assertIdle(mesh)
        }
    }

    func testATaskThatIsCancelledBeforeItCallsSendsNothing() async throws {
        try await withFreshMesh { mesh in
            let stuck = Stuck()
            try await stuck.register(in: mesh)
            let call = Task {
                try? await waitForever()
                try await mesh.call("stuck")
            }
            call.cancel()
            await assertCancelled(call)
            XCTAssertEqual(mesh.stats.requestsHandled, 0)
            XCTAssertEqual(mesh.stats.callsFailed, [:])
        }
    }

    func testADeadlineThatPassesCancelsTheHandler() async throws {
        try await withFreshMesh { mesh in
            let stuck = Stuck()
            try await stuck.register(in: mesh)
            await assertFails(.deadlineExceeded) {
                try await mesh.call("stuck", options: CallOptions(timeout: .milliseconds(30)))
            }
            await stuck.ended.wait()
            try await assertIdle(mesh)
        }
    }

    func testAGroupThatIsCancelledCancelsAllItsCalls() async throws {
        try await withFreshMesh { mesh in
            let stuck = Stuck()
            try await stuck.register(in: mesh)
            await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { try await mesh.call("stuck") } }
                for _ in 0..<10 { await stuck.begun.wait() }
                group.cancelAll()
                for _ in 0..<10 { await stuck.ended.wait() }
            }
            try await assertIdle(mesh)
        }
    }

    func testCancellationPassesThroughAChainOfServices() async throws {
        try await withFreshMesh { mesh in
            let stuck = Stuck()
            try await stuck.register(in: mesh, as: "last")
            try await mesh.register("middle") { $0.method { try await mesh.call("last") } }
            try await mesh.register("first") { $0.method { try await mesh.call("middle") } }
            let call = Task { try await mesh.call("first") }
            await stuck.begun.wait()
            call.cancel()
            await stuck.ended.wait()
            await assertCancelled(call)
            try await assertIdle(mesh)
        }
    }

    func testAHandlerThatCancelsItselfIsInternalToItsCaller() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("gives-up") { service in
                service.method {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await waitForever()
                }
            }
            let info = await assertFails(.internal) { try await mesh.call("gives-up") }
            XCTAssertEqual(info.reason, "the handler's task was cancelled")
        }
    }

    func testAHandlerThatIgnoresItsCancellationHarmsNobody() async throws {
        try await withFreshMesh { mesh in
            let begun = Signal()
            let mayEnd = Signal()
            let ended = Signal()
            try await mesh.register("stubborn") { service in
                service.method {
                    begun.send()
                    await Task { await mayEnd.wait() }.value
                    ended.send()
                    return "late"
                }
            }
            let call = Task { try await mesh.call("stubborn", returning: String.self) }
            await begun.wait()
            call.cancel()
            await assertCancelled(call)
            mayEnd.send()
            await ended.wait()
            mayEnd.send()
            let answer: String = try await mesh.call("stubborn")
            XCTAssertEqual(answer, "late")
            try await assertIdle(mesh)
        }
    }

    func testCallsThatAreCancelledAtEveryMomentLeaveNothingBehind() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("work") { service in
                service.method { (number: Int) in
                    for _ in 0..<3 { await Task.yield() }
                    return number
                }
            }
            for steps in 0..<300 {
                let calls = (0..<4).map { number in
                    Task { try await mesh.call("work", "", number, returning: Int.self) }
                }
                for _ in 0..<steps % 20 { await Task.yield() }
                for call in calls { call.cancel() }
                for (number, call) in calls.enumerated() {
                    switch await call.result {
                    case .success(let answer): XCTAssertEqual(answer, number)
                    case .failure(let error): XCTAssert(error is CancellationError, "\(error)")
                    }
                }
            }
            let answer: Int = try await mesh.call("work", "", 1)
            XCTAssertEqual(answer, 1)
            try await assertIdle(mesh)
        }
    }

    func testTasksThatAreCancelledFromOtherThreadsAreEachCancelledOnce() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("work") { $0.method { (number: Int) in number } }
            _ = try await (0..<8).mapAtOnce { _ in
                for number in 0..<100 {
                    let call = Task { try await mesh.call("work", "", number, returning: Int.self) }
                    let canceller = Task.detached { call.cancel() }
                    _ = await call.result
                    await canceller.value
                }
                return true
            }
            try await assertIdle(mesh)
        }
    }

    func testAPublisherThatWaitsForRoomCanBeCancelled() async throws {
        try await withFreshMesh { mesh in
            let events = try await mesh.subscribe("topic", capacity: 1, overflow: .block)
            try await mesh.publish("topic", 0)
            let publishing = Task { try await mesh.publish("topic", 1) }
            publishing.cancel()
            await assertCancelled(publishing)
            let event = await events.next()
            XCTAssertEqual(try event?.message.decode(as: Int.self), 0)
            try await mesh.publish("topic", 2)
        }
    }

    func testADrainThatIsCancelledLeavesTheCallsInFlight() async throws {
        try await withFreshMesh { mesh in
            let begun = Signal()
            let mayEnd = Signal()
            let registration = try await mesh.register("slow") { service in
                service.method {
                    begun.send()
                    await mayEnd.wait()
                    return "done"
                }
            }
            let call = Task { try await mesh.call("slow", returning: String.self) }
            await begun.wait()
            let drain = Task { try await registration.drain(timeout: .seconds(60)) }
            try await eventually("it drains") { registration.instance.health == .draining }
            drain.cancel()
            await assertCancelled(drain)
            mayEnd.send()
            let answer = try await call.value
            XCTAssertEqual(answer, "done")
        }
    }
}
