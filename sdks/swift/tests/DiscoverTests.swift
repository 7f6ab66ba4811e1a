// Instances are found by name, version, tags, metadata, health, zone and region; so are endpoints.

import Commy
import OutsideServer
import XCTest

final class DiscoverTests: MeshTestCase {
    func testAQueryNarrowsByEverythingAtOnce() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register(
                "orders", version: "1.4.0", tags: ["eu", "fast"], metadata: ["tier": "gold"],
                zone: "eu-1a", region: "eu-1"
            ) { _ in }
            try await mesh.register("orders", version: "2.0.0", tags: ["us"], zone: "us-1a", region: "us-1") { _ in }
            try await mesh.register("users") { _ in }

            func names(_ found: [ServiceInstance]) -> [String] {
                found.map { "\($0.service) \($0.version)" }.sorted()
            }
            let old = ["orders 1.4.0"]
            let new = ["orders 2.0.0"]
            XCTAssertEqual(names(try mesh.discover()), old + new + ["users 0.0.0"])
            XCTAssertEqual(names(try mesh.discover("orders", version: "^1.2")), old)
            XCTAssertEqual(names(try mesh.discover(version: ">=2, <3")), new)
            XCTAssertEqual(names(try mesh.discover(tags: ["fast", "eu"])), old)
            XCTAssertEqual(names(try mesh.discover(tags: ["eu", "us"])), [])
            XCTAssertEqual(names(try mesh.discover(metadata: ["tier": "gold"])), old)
            XCTAssertEqual(names(try mesh.discover(zone: "us-1a")), new)
            XCTAssertEqual(names(try mesh.discover(region: "us-1")), new)
            XCTAssertEqual(names(try mesh.discover(health: [.unhealthy])), [])
            XCTAssertEqual(try mesh.discover(health: [.healthy, .draining]).count, 3)
            XCTAssertEqual(names(try mesh.discover("nobody")), [])
            XCTAssertEqual(try mesh.activeServiceCount, 2)
        }
    }

    func testAnswersAreInOrderOfServiceAndID() async throws {
        try await withFreshMesh { mesh in
            for service in ["b", "a", "c", "a", "b"] {
                try await mesh.register(service) { _ in }
            }
            let found = try mesh.discover().map { [$0.service, $0.id] }
            XCTAssertEqual(found.count, 5)
            XCTAssertEqual(found, found.sorted { $0.lexicographicallyPrecedes($1) })
        }
    }

    func testABadQueryIsRefusedByDiscoverAndWatch() async throws {
        try await withFreshMesh { mesh in
            for bad in ["", "has space", "größe"] {
                await assertFails(.invalidArgument) { try mesh.discover(bad) }
                await assertFails(.invalidArgument) { try mesh.watch(bad) }
            }
            await assertFails(.invalidArgument) { try mesh.discover(version: "not a version") }
            await assertFails(.invalidArgument) { try mesh.watch(version: "not a version") }
            await assertFails(.invalidArgument) { try mesh.discover(tags: [""]) }
            await assertFails(.invalidArgument) { try mesh.watch(metadata: ["": ""]) }
        }
    }

    func testAnOutsideServerIsFoundWhileItsProbeSucceeds() async throws {
        let checks: [(String, HealthCheck)] = [
            ("http", .http("/health", interval: .milliseconds(20), fall: 1)),
            ("tcp", .tcp(interval: .milliseconds(20), fall: 2)),
        ]
        for (scheme, check) in checks {
            try await withFreshMesh { mesh in
                let changes = try mesh.watch("legacy")
                let server = try OutsideServer { _, path, _ in (path == "/health" ? 204 : 404, Data()) }
                let address = "\(scheme)://127.0.0.1:\(server.port)"
                try await mesh.advertise("legacy", at: address, check: check, tags: ["outside"])
                let up = await changes.next()
                XCTAssertEqual(up?.kind, .added)
                XCTAssertEqual(up?.instance.health, .healthy)
                let found = try mesh.discover("legacy")
                XCTAssertEqual(found.map(\.endpoint), [address])
                XCTAssertEqual(found.map(\.reach), [.endpoint])
                XCTAssertEqual(found.map(\.tags), [["outside"]])
                let info = await assertFails(.failedPrecondition) { try await mesh.call("legacy") }
                XCTAssert(info.reason.contains(address), info.reason)

                server.stop()
                let down = await changes.next()
                XCTAssertEqual(down?.kind, .removed)
                XCTAssertEqual(try mesh.discover("legacy"), [])
                XCTAssertEqual(try mesh.discover("legacy", health: [.unhealthy]).map(\.health), [.unhealthy])
            }
        }
    }

    func testAProbeOfAPathThatIsMissingDoesNotSucceed() async throws {
        let server = try OutsideServer { _, _, _ in (404, Data()) }
        defer { server.stop() }
        try await withFreshMesh { mesh in
            let changes = try mesh.watch("legacy", health: [.unhealthy])
            let check = HealthCheck.http("/missing", interval: .milliseconds(10), fall: 1)
            try await mesh.advertise("legacy", at: "http://127.0.0.1:\(server.port)", check: check)
            let change = await changes.next()
            XCTAssertEqual(change?.instance.health, .unhealthy)
            XCTAssertEqual(try mesh.discover("legacy"), [])
        }
    }

    func testWithoutACheckAnEndpointIsTakenToBeHealthy() async throws {
        try await withFreshMesh { mesh in
            let registration = try await mesh.advertise("db", at: "tcp://db.example:5432")
            XCTAssertEqual(try mesh.discover("db").map(\.endpoint), ["tcp://db.example:5432"])
            try await registration.setHealth(.unhealthy)
            XCTAssertEqual(try mesh.discover("db"), [])
            try await registration.deregister()
            XCTAssertEqual(try mesh.discover("db", health: Set(Health.allCases)), [])
        }
    }

    func testABadAddressOrCheckIsRefused() async throws {
        try await withFreshMesh { mesh in
            let addresses = ["", "nonsense", "http://", "tcp://127.0.0.1", "http://127.0.0.1:99999"]
            for address in addresses {
                await assertFails(.invalidArgument) { try await mesh.advertise("legacy", at: address) }
            }
            let checks: [HealthCheck] = [
                .http("no-slash"),
                .http("/", interval: .milliseconds(1)),
                .http("/", interval: .seconds(-1)),
                .tcp(timeout: .zero),
                .tcp(timeout: .seconds(61)),
                .tcp(rise: 0),
                .tcp(rise: -1),
                .tcp(fall: 101),
            ]
            for check in checks {
                await assertFails(.invalidArgument) {
                    try await mesh.advertise("legacy", at: "http://127.0.0.1:1", check: check)
                }
            }
            await assertFails(.invalidArgument) {
                try await mesh.advertise("legacy", at: "ftp://127.0.0.1:1", check: .http("/"))
            }
            XCTAssertEqual(mesh.stats.registrations, 0)
        }
    }

    func testDiscoverIsUsableFromAnyThread() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("orders") { _ in }
            let found = await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(returning: Result { try mesh.discover("orders") })
                }
            }
            XCTAssertEqual(try found.get().map(\.service), ["orders"])
        }
    }
}
