// A watch tells of the instances that match: those of now, then every change.

import Commy
import XCTest

private func brief(_ change: Change?) -> String? {
    change.map { "\($0.kind) \($0.instance.service) \($0.instance.health)" }
}

final class WatchTests: MeshTestCase {
    func testFirstWhatMatchesNowThenEveryChange() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("before") { _ in }
            let changes = try mesh.watch(health: Set(Health.allCases))
            var change = await changes.next()
            XCTAssertEqual(brief(change), "added before healthy")
            let registration = try await mesh.register("after") { _ in }
            change = await changes.next()
            XCTAssertEqual(brief(change), "added after healthy")
            try await registration.setHealth(.unhealthy)
            change = await changes.next()
            XCTAssertEqual(brief(change), "updated after unhealthy")
            try await registration.deregister()
            repeat { change = await changes.next() } while change?.kind == .updated
            XCTAssertEqual(change?.kind, .removed)
            XCTAssertEqual(change?.instance.service, "after")
        }
    }

    func testHealthThatNoLongerMatchesIsARemoval() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch("orders")
            let registration = try await mesh.register("orders") { _ in }
            var change = await changes.next()
            XCTAssertEqual(brief(change), "added orders healthy")
            try await registration.setHealth(.unhealthy)
            change = await changes.next()
            XCTAssertEqual(change?.kind, .removed)
            try await registration.setHealth(.healthy)
            change = await changes.next()
            XCTAssertEqual(brief(change), "added orders healthy")
        }
    }

    func testChangesThatNobodyTookInTimeAreToldAsOne() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch(health: Set(Health.allCases))
            let registration = try await mesh.register("orders") { _ in }
            for health in [Health.unhealthy, .healthy, .unhealthy] {
                try await registration.setHealth(health)
            }
            let change = await changes.next()
            XCTAssertEqual(brief(change), "added orders unhealthy")
        }
    }

    func testRevisionsRiseAndIteratingStopsWhereTheLoopDoes() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch()
            for number in 0..<6 {
                try await mesh.register("service-\(number)") { _ in }
            }
            var revisions: [UInt64] = []
            for await change in changes {
                revisions.append(change.revision)
                if revisions.count == 5 { break }
            }
            XCTAssertEqual(revisions, revisions.sorted())
            let next = await changes.next()
            XCTAssertEqual(next?.instance.service, "service-5", "a loop that ends takes nothing away")
        }
    }

    func testAWatchSeesOnlyWhatItsQueryMatches() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch("orders", tags: ["eu"])
            try await mesh.register("orders", tags: ["us"]) { _ in }
            try await mesh.register("users", tags: ["eu"]) { _ in }
            try await mesh.register("orders", tags: ["eu", "fast"]) { _ in }
            let change = await changes.next()
            XCTAssertEqual(change?.instance.tags, ["eu", "fast"])
        }
    }

    func testAClosedWatchEndsForWhoeverWaits() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch()
            async let waiting = changes.next()
            changes.close()
            changes.close()
            let ended = await waiting
            XCTAssertNil(ended)
            for await _ in changes { XCTFail("a change after the end") }
        }
    }

    func testCancellingTheTaskEndsItsLoopAndLeavesTheWatch() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch()
            let seen = Signal()
            try await mesh.register("first") { _ in }
            let task = Task {
                var count = 0
                for await _ in changes {
                    count += 1
                    seen.send()
                }
                return count
            }
            await seen.wait()
            task.cancel()
            let count = await task.value
            XCTAssertEqual(count, 1)
            try await mesh.register("second") { _ in }
            let change = await changes.next()
            XCTAssertEqual(brief(change), "added second healthy")
        }
    }

    func testAWaitThatIsCancelledLosesNoChange() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch()
            var seen: [Change?] = []
            for number in 0..<50 {
                let waiting = Task { await changes.next() }
                for _ in 0..<number % 5 { await Task.yield() }
                try await mesh.register("service-\(number)") { _ in }
                waiting.cancel()
                if let change = await waiting.value { seen.append(change) }
            }
            while seen.count < 50 { seen.append(await changes.next()) }
            XCTAssertEqual(seen.map { $0?.instance.service }, (0..<50).map { "service-\($0)" })
        }
    }

    func testTasksThatShareAWatchGetEachChangeOnce() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch()
            async let seen = (0..<8).mapAtOnce { _ in await changes.next()?.instance.service ?? "nothing" }
            for number in 0..<8 {
                try await mesh.register("service-\(number)") { _ in }
            }
            let services = try await seen.sorted()
            XCTAssertEqual(services, (0..<8).map { "service-\($0)" })
        }
    }
}
