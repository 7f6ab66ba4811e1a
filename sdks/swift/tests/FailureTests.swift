// Processes die, hang, come late and are replaced, and the others are told the truth in time.

import Commy
import Foundation
import XCTest

private let callers = 20

/// A call, and what became of it: the node that answered, or the error.
private struct Outcome {
    var began: ContinuousClock.Instant
    var ended: ContinuousClock.Instant
    var node: String?
    var error: (any Error)?
}

/// Callers that call `workers` one after the other until they are told to stop.
private final class Load: Sendable {
    private let tasks: [Task<[Outcome], Never>]
    private let over: Box<Bool>

    init(_ mesh: Mesh, timeout: Duration = .seconds(15), isIdempotent: Bool = false) {
        let over = Box<Bool>()
        let options = CallOptions(timeout: timeout, isIdempotent: isIdempotent)
        self.over = over
        tasks = (0..<callers).map { _ in
            Task {
                var outcomes: [Outcome] = []
                while await over.values.isEmpty {
                    var outcome = Outcome(began: .now, ended: .now)
                    do {
                        outcome.node = try await mesh.call("workers", "work", 3, options: options)
                    } catch {
                        outcome.error = error
                    }
                    outcome.ended = .now
                    outcomes.append(outcome)
                }
                return outcomes
            }
        }
    }

    func end() async -> [Outcome] {
        await over.add(true)
        var outcomes: [Outcome] = []
        for task in tasks { outcomes += await task.value }
        return outcomes
    }
}

private func someCalls(_ mesh: Mesh) async throws {
    let before = mesh.stats.callsOK
    try await eventually("calls are answered") { mesh.stats.callsOK >= before + 5 * callers }
}

private func replicas(_ mesh: Mesh) async throws -> [Peer] {
    let name = mesh.name
    let peers = try await (0..<3).mapAtOnce { _ in try await Peer.start(name, serving: "workers") }
    try await know(3, mesh)
    return peers
}

/// The time that the machine, busy with others, kept from whoever here was ready to go on: what must
/// happen within some time must happen within that time of ours.
private final class Stolen: @unchecked Sendable {
    private let lock = NSLock()
    private var sum = Duration.zero
    private var isOver = false

    init() {
        let tick = Duration.milliseconds(1)
        Thread.detachNewThread {
            while !self.lock.withLock({ self.isOver }) {
                let began = ContinuousClock.now
                Thread.sleep(forTimeInterval: 0.001)
                self.lock.withLock { self.sum += max(.zero, began.duration(to: .now) - tick) }
            }
        }
    }

    func end() -> Duration {
        lock.withLock {
            isOver = true
            return sum
        }
    }
}

/// When a mesh gives up a node.
private func gone(_ mesh: Mesh, _ node: String) throws -> Task<ContinuousClock.Instant, Never> {
    let changes = try mesh.watch("workers")
    return Task {
        for await change in changes where change.kind == .removed && change.instance.nodeID == node { break }
        return .now
    }
}

final class FailureTests: MeshTestCase {
    func testAKilledReplicaGetsNoMoreCallsAndOnlyThoseOnItFail() async throws {
        try await withFreshMesh { mesh in
            var peers = try await replicas(mesh)
            var fastest = Duration.seconds(60)
            // A machine may be too busy to tell when one dies; it is not each time.
            for _ in 0..<2 {
                let victim = peers.removeFirst()
                let load = Load(mesh)
                let noticed = try gone(mesh, victim.node)
                try await someCalls(mesh)
                let stolen = Stolen()
                let killed = victim.signal(SIGKILL)
                let known = await noticed.value
                fastest = min(fastest, killed.duration(to: known) - stolen.end())
                try await someCalls(mesh)
                let outcomes = await load.end()
                let failed = outcomes.filter { $0.error != nil }
                XCTAssertLessThanOrEqual(failed.count, callers)
                for call in failed {
                    let error = try XCTUnwrap(call.error as? CommyError)
                    XCTAssertEqual(error.status, .unavailable, error.reason)
                    XCTAssertNotNil(error.info.instanceID)
                    XCTAssertLessThanOrEqual(call.began, known)
                }
                XCTAssertFalse(outcomes.contains { $0.node == victim.node && $0.began > known })
            }
            XCTAssertLessThan(fastest, .milliseconds(50))
        }
    }

    func testAHungReplicaGetsNoCallAfterAMomentAndIdempotentCallsSucceedElsewhere() async throws {
        try await withFreshMesh { mesh in
            let peers = try await replicas(mesh)
            var fastest = Duration.seconds(60)
            // As for deaths: a machine may be too busy to tell at once; it is not each time.
            for victim in peers.prefix(2) {
                let once = Load(mesh, timeout: .seconds(4))
                let repeated = Load(mesh, timeout: .seconds(4), isIdempotent: true)
                let noticed = try gone(mesh, victim.node)
                try await someCalls(mesh)
                let stolen = Stolen()
                let stopped = victim.signal(SIGSTOP)
                let known = await noticed.value
                fastest = min(fastest, stopped.duration(to: known) - stolen.end())
                try await someCalls(mesh)
                for call in await once.end() {
                    guard let error = call.error else { continue }
                    let status = try XCTUnwrap(error as? CommyError).status
                    XCTAssert([.unavailable, .deadlineExceeded].contains(status), "\(error)")
                    XCTAssertLessThanOrEqual(call.began, known)
                    XCTAssertLessThan(call.began.duration(to: call.ended), .seconds(5))
                }
                for call in await repeated.end() { XCTAssertNil(call.error) }
                victim.signal(SIGCONT)
                try await know(3, mesh)
            }
            XCTAssertLessThan(fastest, .milliseconds(1500))
        }
    }

    func testARollingRestartFailsNoCall() async throws {
        try await withFreshMesh { mesh in
            let peers = try await replicas(mesh)
            let load = Load(mesh)
            var fresh: [Peer] = []
            for old in peers {
                fresh.append(try await Peer.start(mesh.name, serving: "workers"))
                try await know(4, mesh)
                try await someCalls(mesh)
                try await old.does("stop")
                let status = try await old.exits()
                XCTAssertEqual(status, 0)
                try await someCalls(mesh)
            }
            for call in await load.end() { XCTAssertNil(call.error) }
        }
    }

    func testACallWhoseCalleeIsKilledSaysWhatWasTried() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name, serving: "workers")
            try await know(1, mesh)
            let instance = try mesh.discover("workers")[0].id
            let call = Task { try await mesh.call("workers", "hold") }
            _ = try await peer.tells("held")
            peer.signal(SIGKILL)
            let info = await assertFails(.unavailable) { try await call.value }
            XCTAssertEqual(info.instanceID, instance)
            XCTAssertEqual(info.attempts, 1)
            XCTAssertEqual(info.service, "workers")
        }
    }

    func testWhoIsKilledStopsTheWorkThatItAskedFor() async throws {
        let name = freshName()
        let callee = try await Peer.start(name, serving: "workers")
        let caller = try await Peer.start(name)
        try await caller.knows(1, of: "workers")
        try caller.begins("call workers hold")
        _ = try await callee.tells("held")
        caller.signal(SIGKILL)
        _ = try await callee.tells("let go")
    }

    func testOneWhoComesAfterADeathKnowsTheLivingOnly() async throws {
        let name = freshName()
        let dead = try await Peer.start(name, serving: "workers")
        let living = try await Peer.start(name, serving: "workers")
        dead.signal(SIGKILL)
        try await withMesh(name) { mesh in
            try await know(1, mesh)
            let node: String = try await mesh.call("workers", "who")
            XCTAssertEqual(node, living.node)
        }
    }

    func testAStopKeepsItsTimeWhileAnotherHangs() async throws {
        let mesh = try Mesh(freshName(), options: MeshOptions(drainTimeout: .seconds(1)))
        try await mesh.start()
        let peer = try await Peer.start(mesh.name, serving: "workers")
        try await know(1, mesh)
        let call = Task { try await mesh.call("workers", "hold") }
        _ = try await peer.tells("held")
        peer.signal(SIGSTOP)
        let begun = ContinuousClock.now
        try await mesh.stop()
        XCTAssertLessThan(begun.duration(to: .now), .seconds(5))
        let result = await call.result
        XCTAssertThrowsError(try result.get())
    }

    func testAProcessThatEndsWithAMeshThatRunsEndsWell() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name, serving: "workers")
            try await know(1, mesh)
            let call = Task { try await mesh.call("workers", "hold") }
            _ = try await peer.tells("held")
            let status = try await peer.exits()
            XCTAssertEqual(status, 0)
            await assertFails(.unavailable) { try await call.value }
            try await know(0, mesh)
        }
    }

    func testOptionsThatCannotWorkAreRefusedWithTheRule() async throws {
        let nowhere = TLSOptions(ca: "/nowhere/ca.pem", certificate: "/nowhere/n.pem", key: "/nowhere/k.pem")
        let bad: [(FabricOptions, [String])] = [
            (FabricOptions(listen: ["tcp/0.0.0.0:7447"]), ["tcp/0.0.0.0:7447", "loopback"]),
            (FabricOptions(connect: ["tcp/example.org:7447"]), ["example.org", "allow_insecure"]),
            (FabricOptions(listen: ["tls/0.0.0.0:7447"]), ["tls/0.0.0.0:7447", "certificates"]),
            (FabricOptions(connect: ["quic/a.org:1"]), ["quic/a.org:1", "certificates"]),
            (FabricOptions(connect: ["udp/127.0.0.1:1"]), ["udp/127.0.0.1:1", "begins with"]),
            (FabricOptions(connect: ["tcp/127.0.0.1"]), ["tcp/127.0.0.1", "port"]),
            (FabricOptions(mode: .client), ["client", "router to connect to"]),
            (FabricOptions(multicast: true), ["multicast", "listen"]),
            (FabricOptions(tls: nowhere), ["/nowhere/ca.pem"]),
        ]
        for (fabric, words) in bad {
            let info = await assertFails(.invalidArgument) {
                try Mesh(freshName(), options: MeshOptions(fabric: fabric))
            }
            for word in words { XCTAssert(info.reason.contains(word), info.reason) }
        }
    }
}
