// Many calls at once, from many tasks, actors and threads.

import Commy
import XCTest

/// What only one actor at a time may touch.
private final class Line: Codable {
    var text: String

    init(_ text: String) {
        self.text = text
    }
}

@MainActor
private final class Screen {
    var lines: [String] = []
    private let line = Line("mine")

    func echo(_ mesh: Mesh) async throws {
        try await mesh.register("echo") { $0.otherwise { message, _ in message } }
        try await mesh.publish("lines", line)
        let answer = try await mesh.call("echo", "", line, returning: Line.self)
        answer.text += line.text
        lines.append(answer.text)
    }

    func show(_ mesh: Mesh) async throws {
        try await mesh.register("screen") { service in
            service.method { (line: String) in
                await MainActor.run { self.lines.append(line) }
                return
            }
        }
        try await mesh.call("screen", "", "first")
        for await change in try mesh.watch("screen") {
            lines.append(change.instance.service)
            return
        }
    }

    func showNames() async throws {
        try await withMesh(freshName()) { mesh in
            MainActor.assertIsolated()
            lines.append("\(try mesh.discover().count) services")
        }
    }
}

final class ConcurrencyTests: MeshTestCase {
    func testAThousandCallsAtOnceEachGetTheirOwnAnswer() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("double") { service in
                service.method { (number: Int) in
                    await Task.yield()
                    return 2 * number
                }
            }
            let answers = try await (0..<1000).mapAtOnce { try await mesh.call("double", "", $0, returning: Int.self) }
            XCTAssertEqual(answers, (0..<1000).map { 2 * $0 })
            XCTAssertEqual(mesh.stats.callsInFlight, 0)
        }
    }

    func testHandlersRunAtOnce() async throws {
        try await withFreshMesh { mesh in
            let arrived = Box<Int>()
            let all = Signal()
            try await mesh.register("meet") { service in
                service.method { (number: Int) in
                    // Answered only when all sixteen are here.
                    if await arrived.add(number) == 16 {
                        for _ in 0..<16 { all.send() }
                    }
                    await all.wait()
                    return number
                }
            }
            let answers = try await (0..<16).mapAtOnce { try await mesh.call("meet", "", $0, returning: Int.self) }
            XCTAssertEqual(answers, Array(0..<16))
        }
    }

    func testActorsUseAMeshFromWhereTheyAre() async throws {
        try await withFreshMesh { mesh in
            let screen = await Screen()
            try await screen.show(mesh)
            let lines = await screen.lines
            XCTAssertEqual(lines, ["first", "screen"])
        }
    }

    func testWhatOneActorOwnsIsEncodedAndDecodedThere() async throws {
        try await withFreshMesh { mesh in
            let screen = await Screen()
            try await screen.echo(mesh)
            let lines = await screen.lines
            XCTAssertEqual(lines, ["minemine"])
        }
    }

    func testAScopeRunsWhereItIsWritten() async throws {
        let screen = await Screen()
        try await screen.showNames()
        let lines = await screen.lines
        XCTAssertEqual(lines, ["0 services"])
    }

    func testACallFromAThreadThatIsNoneOfSwiftsOwn() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { $0.otherwise { message, _ in message } }
            let answer = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    Task {
                        let answer = try? await mesh.call("echo", "", "hi", returning: String.self)
                        continuation.resume(returning: answer)
                    }
                }
            }
            XCTAssertEqual(answer, "hi")
        }
    }

    func testMeshesStartAndStopInNumbers() async throws {
        let name = freshName()
        let answers = try await (0..<20).mapAtOnce { number in
            try await withMesh("\(name)-\(number)") { mesh in
                try await mesh.register("echo") { $0.otherwise { message, _ in message } }
                return try await mesh.call("echo", "", number, returning: Int.self)
            }
        }
        XCTAssertEqual(answers, Array(0..<20))
    }

    func testRegisteringAndDeregisteringAmidCallsFailsNone() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { $0.otherwise { message, _ in message } }
            let churn = Task {
                for _ in 0..<60 {
                    let passing = try await mesh.register("echo") { $0.otherwise { message, _ in message } }
                    await Task.yield()
                    try await passing.deregister()
                }
            }
            var total = 0
            for number in 0..<300 {
                total += try await mesh.call("echo", "", number, returning: Int.self)
            }
            try await churn.value
            XCTAssertEqual(total, (0..<300).reduce(0, +))
            XCTAssertEqual(mesh.stats.registrations, 1)
        }
    }
}
