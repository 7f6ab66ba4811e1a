// A call reaches one instance that its caller's options allow, and brings back its answer.

import Commy
import XCTest

private func echo(_ service: inout Service) {
    service.otherwise { message, _ in message }
}

final class CallTests: MeshTestCase {
    func testValuesTravelBothWays() async throws {
        struct Value: Codable, Hashable {
            var id = 1
            var items: [String?] = ["ä", nil]
            var share = 1.5
            var isOpen = true
        }
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { echo(&$0) }
            let answer = try await mesh.call("echo", "any", Value(), returning: Value.self)
            XCTAssertEqual(answer, Value())
            let nothing: Value? = try await mesh.call("echo")
            XCTAssertNil(nothing)
        }
    }

    func testHeadersTravelBothWays() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("headers") { service in
                service.method("read") { (message: Message, context) in
                    XCTAssertEqual(message.headers, context.headers)
                    return try Message(
                        encoding: "hi", headers: ["seen": context.headers["trace"] ?? "", "method": context.method])
                }
            }
            let message = try Message(encoding: 1, headers: ["trace": "abc-ü"])
            let reply = try await mesh.call("headers", "read", message: message)
            XCTAssertEqual(try reply.message.decode(as: String.self), "hi")
            XCTAssertEqual(reply.message.headers, ["seen": "abc-ü", "method": "read"])
            XCTAssertEqual(reply.message.contentType, "application/json")
            XCTAssertEqual(reply.servedBy, try mesh.discover("headers")[0].id)
            let short: String = try await mesh.call("headers", "read", 1, headers: ["trace": "abc-ü"])
            XCTAssertEqual(short, "hi")
        }
    }

    func testAHandlerLearnsOfTheCall() async throws {
        try await withFreshMesh { mesh in
            let contexts = Box<Context>()
            try await mesh.register("learn") { service in
                service.method("now") { (_: Int?, context) in
                    await contexts.add(context)
                    return
                }
            }
            try await mesh.call("learn", "now", options: CallOptions(timeout: .seconds(5)))
            let context = await contexts.values[0]
            XCTAssertEqual(context.service, "learn")
            XCTAssertEqual(context.method, "now")
            XCTAssertEqual(context.caller, mesh.nodeID)
            XCTAssertEqual(context.attempt, 1)
            XCTAssertEqual(context.contentType, "application/json")
            XCTAssertGreaterThan(context.timeLeft, .zero)
            XCTAssertLessThanOrEqual(context.timeLeft, .seconds(5))
        }
    }

    func testWithoutATimeoutTheMeshsOwnHolds() async throws {
        try await withFreshMesh(options: MeshOptions(callTimeout: .milliseconds(50))) { mesh in
            try await mesh.register("stuck") { $0.method { try await waitForever() } }
            await assertFails(.deadlineExceeded) { try await mesh.call("stuck") }
        }
    }

    func testATimeoutOfZeroIsExceededAtOnceAndNothingIsSent() async throws {
        try await withFreshMesh { mesh in
            let calls = Box<Int>()
            try await mesh.register("count") { $0.method { await calls.add(1) } }
            await assertFails(.deadlineExceeded) {
                try await mesh.call("count", options: CallOptions(timeout: .zero))
            }
            try await mesh.call("count")
            let values = await calls.values
            XCTAssertEqual(values.count, 1)
        }
    }

    func testAHandlerThatNeverReturnsExceedsTheDeadlineAndItsServiceGoesOn() async throws {
        try await withFreshMesh { mesh in
            let mayEnd = Signal()
            try await mesh.register("hangs") { service in
                service.method("wait") { try await waitForever() }
                service.method("ignore") { await mayEnd.wait() }
                service.method("fine") { "fine" }
            }
            for method in ["wait", "ignore"] {
                let info = await assertFails(.deadlineExceeded) {
                    try await mesh.call("hangs", method, options: CallOptions(timeout: .milliseconds(50)))
                }
                XCTAssertEqual(info.service, "hangs")
                XCTAssertEqual(info.method, method)
                let fine: String = try await mesh.call("hangs", "fine")
                XCTAssertEqual(fine, "fine")
            }
            mayEnd.send()
        }
    }

    func testAnUnknownServiceIsNotFoundAndNamed() async throws {
        try await withFreshMesh { mesh in
            let info = await assertFails(.notFound) { try await mesh.call("nobody", "method") }
            XCTAssert(info.reason.contains("nobody"), info.reason)
            XCTAssertEqual(info.service, "nobody")
            XCTAssertEqual(info.attempts, 0)
        }
    }

    func testARequirementThatNoInstanceMeetsIsNotFound() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register(
                "orders", version: "1.0.0", tags: ["eu"], metadata: ["tier": "gold"], { echo(&$0) })
            try await mesh.call(
                "orders", options: CallOptions(version: "^1", tags: ["eu"], metadata: ["tier": "gold"]))
            let unmet = [
                CallOptions(version: "^2"), CallOptions(tags: ["us"]), CallOptions(metadata: ["tier": "lead"]),
            ]
            for options in unmet {
                await assertFails(.notFound) { try await mesh.call("orders", options: options) }
            }
        }
    }

    func testACallThatBreaksARuleIsRefused() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { echo(&$0) }
            for bad in ["", String(repeating: "s", count: 129), "has space", "größe", "a/b", "a\0b"] {
                await assertFails(.invalidArgument) { try await mesh.call(bad) }
            }
            for bad in [String(repeating: "m", count: 129), "has space", "größe"] {
                await assertFails(.invalidArgument) { try await mesh.call("echo", bad) }
            }
            let many = Dictionary(uniqueKeysWithValues: (0..<65).map { ("key-\($0)", "") })
            for headers in [["": "value"], ["key": String(repeating: "v", count: 4097)], many] {
                await assertFails(.invalidArgument) { try await mesh.call("echo", "m", 1, headers: headers) }
            }
            let typed = Message(Data(), contentType: String(repeating: "c", count: 257))
            await assertFails(.invalidArgument) { try await mesh.call("echo", "m", message: typed) }
            let bad = [
                CallOptions(timeout: .seconds(-1)),
                CallOptions(routingKey: String(repeating: "k", count: 1025)),
                CallOptions(version: "not a version"),
                CallOptions(tags: [""]),
            ]
            for options in bad {
                await assertFails(.invalidArgument) { try await mesh.call("echo", "m", options: options) }
            }
            let answer: Int = try await mesh.call("echo", "m", 1)
            XCTAssertEqual(answer, 1)
        }
    }

    func testRoundRobinTakesEachInTurn() async throws {
        try await withFreshMesh(options: MeshOptions(balance: .roundRobin)) { mesh in
            for _ in 0..<3 { try await mesh.register("echo") { echo(&$0) } }
            var served: [String] = []
            for _ in 0..<6 {
                served.append(try await mesh.call("echo", message: Message(Data())).servedBy)
            }
            XCTAssertEqual(Set(served[..<3]).count, 3)
            XCTAssertEqual(served[..<3], served[3...])
        }
    }

    func testOneRoutingKeyReachesOneInstance() async throws {
        try await withFreshMesh { mesh in
            for _ in 0..<5 { try await mesh.register("echo") { echo(&$0) } }
            func served(_ key: String) async throws -> String {
                let options = CallOptions(routingKey: key, balance: .consistentHash)
                return try await mesh.call("echo", message: Message(Data()), options: options).servedBy
            }
            for key in ["a", "b", "c"] {
                let first = try await served(key)
                for _ in 0..<4 {
                    let again = try await served(key)
                    XCTAssertEqual(again, first)
                }
            }
            var all: Set<String> = []
            for number in 0..<50 { all.insert(try await served("key-\(number)")) }
            XCTAssertGreaterThan(all.count, 1)
        }
    }

    func testAnInstanceInTheMeshsOwnZoneIsPreferred() async throws {
        try await withFreshMesh(options: MeshOptions(zone: "here", balance: .roundRobin)) { mesh in
            let near = try await mesh.register("echo") { echo(&$0) }
            try await mesh.register("echo", zone: "there") { echo(&$0) }
            var served: Set<String> = []
            for _ in 0..<4 {
                let reply = try await mesh.call("echo", message: Message(Data()))
                XCTAssertEqual(reply.servedBy, near.instance.id)
            }
            for _ in 0..<4 {
                let any = CallOptions(zoneFirst: false)
                served.insert(try await mesh.call("echo", message: Message(Data()), options: any).servedBy)
            }
            XCTAssertEqual(served.count, 2)
        }
    }

    func testAnInFlightLimitThatIsReachedRefusesOneMore() async throws {
        try await withFreshMesh { mesh in
            let begun = Signal()
            let mayEnd = Signal()
            try await mesh.register("slow", maxInFlight: 2) { service in
                service.method { (number: Int) in
                    begun.send()
                    await mayEnd.wait()
                    return number
                }
            }
            async let answers = (0..<2).mapAtOnce { try await mesh.call("slow", "", $0, returning: Int.self) }
            for _ in 0..<2 { await begun.wait() }
            let info = await assertFails(.resourceExhausted) { try await mesh.call("slow", "", 3) }
            XCTAssertEqual(info.service, "slow")
            for _ in 0..<2 { mayEnd.send() }
            let values = try await answers
            XCTAssertEqual(values, [0, 1])
            mayEnd.send()
            let last: Int = try await mesh.call("slow", "", 4)
            XCTAssertEqual(last, 4)
        }
    }

    func testACircuitBreakerRefusesCallsToWhatFails() async throws {
        let breaker = CircuitBreaker(minRequests: 2, pause: .seconds(600))
        try await withFreshMesh(options: MeshOptions(breaker: breaker)) { mesh in
            let asked = Box<Int>()
            try await mesh.register("broken") { service in
                service.method {
                    await asked.add(1)
                    return Double.nan
                }
            }
            for _ in 0..<2 {
                await assertFails(.internal) { try await mesh.call("broken") }
            }
            let info = await assertFails(.unavailable) { try await mesh.call("broken") }
            XCTAssert(info.reason.contains("circuit"), info.reason)
            let count = await asked.values.count
            XCTAssertEqual(count, 2)
        }
    }

    func testAHandlerMayCallOn() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("countdown") { service in
                service.method { (number: Int, context) -> [Int] in
                    guard number > 0 else { return [0] }
                    let options = CallOptions(timeout: context.timeLeft)
                    return try await [number] + mesh.call("countdown", "", number - 1, options: options)
                }
            }
            let numbers: [Int] = try await mesh.call("countdown", "", 20)
            XCTAssertEqual(numbers, (0...20).reversed())
        }
    }

    func testCountersTellOfCalls() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { echo(&$0) }
            for _ in 0..<3 { try await mesh.call("echo") }
            await assertFails(.notFound) { try await mesh.call("nobody") }
            try await eventually("all are answered") { mesh.stats.requestsInFlight == 0 }
            let stats = mesh.stats
            XCTAssertEqual(stats.callsOK, 3)
            XCTAssertEqual(stats.callsFailed, ["NOT_FOUND": 1])
            XCTAssertEqual(stats.requestsHandled, 3)
            XCTAssertEqual(stats.callsInFlight, 0)
            XCTAssertEqual(stats.registrations, 1)
            XCTAssertEqual(stats.peers, 0)
            XCTAssertEqual(stats.fabricMessages, 0)
        }
    }
}
