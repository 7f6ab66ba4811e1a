// Closures become the methods of a service, and its registration is in the hands of who made it.

import Commy
import XCTest

private struct Order: Codable, Hashable {
    var id: Int
    var items = ["tea"]
}

final class RegisterTests: MeshTestCase {
    func testEachMethodIsAnsweredByItsClosure() async throws {
        try await withFreshMesh { mesh in
            let told = Box<String>()
            try await mesh.register("orders") { service in
                service.method("create") { (order: Order, context) in [context.method, "\(order.id)"] }
                service.method("double") { (order: Order) in Order(id: 2 * order.id, items: order.items) }
                service.method("count") { 7 }
                service.method("tell") { (text: String, context) in
                    await told.add("\(context.method) \(text)")
                }
                service.method("hear") { (text: String) in
                    await told.add(text)
                    return
                }
                service.method("nothing") {}
                service.method("orders/list-all") { (message: Message, _) in
                    Message(message.payload, contentType: "text/plain", headers: ["seen": message.contentType])
                }
                service.method { (text: String) in "without a name: \(text)" }
            }
            let created: [String] = try await mesh.call("orders", "create", Order(id: 1))
            XCTAssertEqual(created, ["create", "1"])
            let doubled = try await mesh.call("orders", "double", Order(id: 2), returning: Order.self)
            XCTAssertEqual(doubled, Order(id: 4))
            let count: Int = try await mesh.call("orders", "count")
            XCTAssertEqual(count, 7)
            try await mesh.call("orders", "tell", "first")
            try await mesh.call("orders", "hear", "second")
            let values = await told.values
            XCTAssertEqual(values, ["tell first", "second"])
            let nothing: Int? = try await mesh.call("orders", "nothing", 5)
            XCTAssertNil(nothing)
            let listed = try await mesh.call("orders", "orders/list-all", message: Message(Data("x".utf8)))
            XCTAssertEqual(listed.message.contentType, "text/plain")
            XCTAssertEqual(listed.message.headers, ["seen": "application/octet-stream"])
            let unnamed: String = try await mesh.call("orders", "", "hi")
            XCTAssertEqual(unnamed, "without a name: hi")
        }
    }

    func testAMethodThatNobodyAnswersIsUnimplementedAndTheOthersAreNamed() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("orders") { service in
                service.method("create") {}
                service.method("cancel") {}
            }
            let info = await assertFails(.unimplemented) { try await mesh.call("orders", "destroy") }
            XCTAssertEqual(info.reason, "orders has no method \"destroy\"; it has \"cancel\", \"create\"")
            XCTAssertEqual(info.service, "orders")
        }
    }

    func testEveryOtherMethodIsAnsweredByOtherwise() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { service in
                service.method("named") { "named" }
                service.otherwise { message, context in
                    guard context.method != "lost" else { throw UnknownMethod("lost is lost") }
                    return try Message(encoding: "\(context.method): \(message.decode(as: String.self))")
                }
            }
            let named: String = try await mesh.call("echo", "named")
            XCTAssertEqual(named, "named")
            let other: String = try await mesh.call("echo", "any", "hi")
            XCTAssertEqual(other, "any: hi")
            let info = await assertFails(.unimplemented) { try await mesh.call("echo", "lost", "hi") }
            XCTAssertEqual(info.reason, "lost is lost")
        }
    }

    func testAMethodThatIsDefinedTwiceIsRefused() async throws {
        try await withFreshMesh { mesh in
            let info = await assertFails(.invalidArgument) {
                try await mesh.register("orders") { service in
                    service.method("create") { 1 }
                    service.method("create") { 2 }
                }
            }
            XCTAssertEqual(info.reason, "the method \"create\" of orders is defined twice")
            await assertFails(.invalidArgument) {
                try await mesh.register("orders") { service in
                    service.otherwise { message, _ in message }
                    service.otherwise { message, _ in message }
                }
            }
            XCTAssertEqual(try mesh.discover(), [])
        }
    }

    func testAnErrorWhileTheMethodsAreNamedRegistersNothing() async throws {
        struct Mine: Error {}
        try await withFreshMesh { mesh in
            do {
                try await mesh.register("orders") { _ in throw Mine() }
                XCTFail("the error is lost")
            } catch is Mine {}
            XCTAssertEqual(mesh.stats.registrations, 0)
        }
    }

    func testASpecThatBreaksARuleIsRefused() async throws {
        try await withFreshMesh { mesh in
            for bad in ["", String(repeating: "s", count: 129), "has space", "größe", "a/b", "a\0b"] {
                await assertFails(.invalidArgument) { try await mesh.register(bad) { _ in } }
            }
            await assertFails(.invalidArgument) { try await mesh.register("s", version: "one") { _ in } }
            await assertFails(.invalidArgument) { try await mesh.register("s", tags: [""]) { _ in } }
            await assertFails(.invalidArgument) {
                try await mesh.register("s", tags: (0..<33).map { "tag-\($0)" }) { _ in }
            }
            await assertFails(.invalidArgument) { try await mesh.register("s", metadata: ["": "v"]) { _ in } }
            for weight in [0, -1, 1001, Int.max] {
                await assertFails(.invalidArgument) { try await mesh.register("s", weight: weight) { _ in } }
            }
            for limit in [0, -1, 65_537, Int.max] {
                await assertFails(.invalidArgument) {
                    try await mesh.register("s", maxInFlight: limit) { _ in }
                }
            }
            await assertFails(.invalidArgument) { try await mesh.register("s", zone: "") { _ in } }
            XCTAssertEqual(mesh.stats.registrations, 0)
        }
    }

    func testARegistrationTellsItsInstance() async throws {
        try await withFreshMesh(options: MeshOptions(zone: "eu-1a", region: "eu-1")) { mesh in
            let registration = try await mesh.register(
                "orders", version: "2.0.0", tags: ["b", "a"], metadata: ["tier": "gold"], weight: 7
            ) { _ in }
            let instance = registration.instance
            XCTAssertEqual(try mesh.discover("orders"), [instance])
            XCTAssertEqual(instance.nodeID, mesh.nodeID)
            XCTAssertEqual(instance.version, "2.0.0")
            XCTAssertEqual(instance.tags, ["a", "b"])
            XCTAssertEqual(instance.metadata, ["tier": "gold"])
            XCTAssertEqual(instance.weight, 7)
            XCTAssertEqual(instance.zone, "eu-1a")
            XCTAssertEqual(instance.region, "eu-1")
            XCTAssertEqual(instance.health, .healthy)
            XCTAssertNil(instance.endpoint)
            XCTAssertEqual(instance.reach, .inProcess)
            XCTAssertEqual("\(registration)", "Registration(orders 2.0.0, healthy, id \(instance.id))")
        }
    }

    func testDeregisteringWithdrawsTheInstanceAndTwiceDoesNothing() async throws {
        try await withFreshMesh { mesh in
            let registration = try await mesh.register("orders") { $0.method { 1 } }
            try await mesh.call("orders")
            try await registration.deregister()
            try await registration.deregister()
            XCTAssertEqual(try mesh.discover(), [])
            await assertFails(.notFound) { try await mesh.call("orders") }
        }
    }

    func testATaskThatWasCancelledCanDeregister() async throws {
        try await withFreshMesh { mesh in
            let registration = try await mesh.register("orders") { $0.method { 1 } }
            let task = Task {
                try? await waitForever()
                try await registration.deregister()
            }
            task.cancel()
            try await task.value
            XCTAssertEqual(mesh.stats.registrations, 0)
        }
    }

    func testHealthThatItsOwnerReportsDecidesWhetherItIsCalled() async throws {
        try await withFreshMesh { mesh in
            let registration = try await mesh.register("orders") { $0.method { "fine" } }
            try await registration.setHealth(.unhealthy)
            XCTAssertEqual(try mesh.discover("orders"), [])
            XCTAssertEqual(try mesh.discover("orders", health: [.unhealthy]).map(\.health), [.unhealthy])
            await assertFails(.unavailable) { try await mesh.call("orders") }
            try await registration.setHealth(.healthy)
            let answer: String = try await mesh.call("orders")
            XCTAssertEqual(answer, "fine")
            for bad in [Health.draining, .starting] {
                await assertFails(.invalidArgument) { try await registration.setHealth(bad) }
            }
        }
    }

    func testDrainingFinishesWhatIsInFlightAndTakesNothingNew() async throws {
        try await withFreshMesh { mesh in
            let begun = Signal()
            let mayEnd = Signal()
            let registration = try await mesh.register("slow") { service in
                service.method { (value: String) in
                    begun.send()
                    await mayEnd.wait()
                    return value
                }
            }
            let call = Task { try await mesh.call("slow", "", "done", returning: String.self) }
            await begun.wait()
            let wasEmpty = try await registration.drain(timeout: .milliseconds(10))
            XCTAssertFalse(wasEmpty)
            XCTAssertEqual(registration.instance.health, .draining)
            await assertFails(.unavailable) { try await mesh.call("slow", "", "new") }
            mayEnd.send()
            let answer = try await call.value
            XCTAssertEqual(answer, "done")
            let isEmpty = try await registration.drain()
            XCTAssert(isEmpty)
            await assertFails(.invalidArgument) { try await registration.drain(timeout: .seconds(-1)) }
        }
    }

    func testAHandlerMayRegisterAndDeregister() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("spawn") { service in
                service.method { (child: String) in
                    let registration = try await mesh.register(child) { $0.method { "from the \(child)" } }
                    let answer: String = try await mesh.call(child)
                    try await registration.deregister()
                    return answer
                }
            }
            let answer: String = try await mesh.call("spawn", "", "child")
            XCTAssertEqual(answer, "from the child")
            XCTAssertEqual(mesh.stats.registrations, 1)
        }
    }
}
