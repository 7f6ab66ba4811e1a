// What works within one process works across two, and tells that it does.

import Commy
import Foundation
import XCTest

final class RemoteTests: MeshTestCase {
    func testAnInstanceIsFoundWithAllThatIsKnownOfIt() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name, ["--zone", "eu-1a"], serving: "workers")
            try await know(1, mesh)
            let found = try mesh.discover(
                "workers", version: "^1.2", tags: ["a"], metadata: ["owner": "sales"], zone: "eu-1a")
            XCTAssertEqual(found.map(\.nodeID), [peer.node])
            XCTAssertEqual(found[0].reach, .fabric)
            XCTAssertEqual(found[0].version, "1.2.3")
            XCTAssertEqual(found[0].weight, 7)
            XCTAssertNil(found[0].endpoint)
            XCTAssertEqual(try mesh.activeServiceCount, 1)
        }
    }

    func testTwoProcessesFindEachOtherWithinASecond() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch("workers")
            let peer = try await Peer.start(mesh.name)
            let begun = ContinuousClock.now
            try peer.begins("register workers")
            let change = await changes.next()
            XCTAssertLessThan(begun.duration(to: .now), .seconds(1))
            XCTAssertEqual(change?.instance.nodeID, peer.node)
        }
    }

    func testEveryByteAndAMebibyteArriveAsTheyWereSent() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name, serving: "workers")
            try await know(1, mesh)
            let every = Data(UInt8.min...UInt8.max)
            for payload in [Data(), every, Data((0..<4096).flatMap { _ in every })] {
                let before = mesh.stats
                let echoed: Data = try await mesh.call("workers", "echo", payload)
                XCTAssert(echoed == payload)
                XCTAssertEqual(mesh.stats.bytesSent - before.bytesSent, payload.count)
                XCTAssertEqual(mesh.stats.bytesReceived - before.bytesReceived, payload.count)
            }
            XCTAssertEqual(mesh.stats.peers, 1)
            let values: [String: [Int?]] = try await mesh.call("workers", "echo", ["ä": [1, nil]])
            XCTAssertEqual(values, ["ä": [1, nil]])
            let node: String = try await mesh.call("workers", "who")
            XCTAssertEqual(node, peer.node)
        }
    }

    func testAHandlerLearnsWhoCallsAndWhatIsLeftOfTheDeadline() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name, serving: "workers")
            try await know(1, mesh)
            let seen: [String] = try await mesh.call(
                "workers", "caller", options: CallOptions(timeout: .seconds(15)))
            XCTAssertEqual(seen, [mesh.nodeID, "true"])
            withExtendedLifetime(peer) {}
        }
    }

    func testCallsGoBothWays() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name)
            try await mesh.register("here") { $0.method("greet") { (word: String) in "\(word) to you" } }
            try await peer.knows(1, of: "here")
            try peer.begins("call here greet")
            let answer = try await peer.tells("answer ")
            XCTAssertEqual(answer, "hello to you")
        }
    }

    func testAHandlersErrorBringsItsCodeMessageAndDetails() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name, serving: "workers")
            try await know(1, mesh)
            let told = await assertFails(.handlerFailed) { try await mesh.call("workers", "fail") }
            XCTAssertEqual(told.code, "OUT_OF_STOCK")
            XCTAssertEqual(told.reason, "none of tea left")
            XCTAssertEqual(try told.details(as: [String: Int].self), ["left": 0])
            XCTAssertEqual(told.instanceID, try mesh.discover("workers")[0].id)
            XCTAssertEqual(told.attempts, 1)
            await assertFails(.unimplemented) { try await mesh.call("workers", "nothing") }
            withExtendedLifetime(peer) {}
        }
    }

    func testADeadlineOrACancellationEndsTheWork() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name, serving: "workers")
            try await know(1, mesh)
            await assertFails(.deadlineExceeded) {
                try await mesh.call("workers", "hold", options: CallOptions(timeout: .milliseconds(300)))
            }
            _ = try await peer.tells("held")
            _ = try await peer.tells("let go")
            let call = Task { try await mesh.call("workers", "hold") }
            _ = try await peer.tells("held")
            call.cancel()
            await assertCancelled(call)
            _ = try await peer.tells("let go")
        }
    }

    func testEventsGoBothWaysInOrder() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name)
            let events = try await mesh.subscribe("there")
            try await peer.does("subscribe here")
            try await meet(mesh, peer)
            try await peer.does("publish there 0 200")
            for value in 0..<200 {
                let event = await events.next()
                XCTAssertEqual(try event?.message.decode(), value)
                XCTAssertEqual(event?.publisher, peer.node)
            }
            for value in 0..<200 { try await mesh.publish("here", value) }
            for value in 0..<200 {
                let told = try await peer.tells("event ")
                XCTAssertEqual(told, "\(value) \(mesh.nodeID) 0")
            }
        }
    }

    /// Waits until each is told of the other's events: interest in a topic travels by itself.
    private func meet(_ mesh: Mesh, _ peer: Peer) async throws {
        let begin = try await mesh.subscribe("begin/there")
        let first = Task { await begin.next() }
        let arrived = Box<Event>()
        Task { if let event = await first.value { await arrived.add(event) } }
        while await arrived.values.isEmpty {
            try await peer.does("publish begin/there 0 1")
            try await Task.sleep(for: .milliseconds(20))
        }
        try await peer.does("subscribe begin/here")
        var isTold = false
        while !isTold {
            try await mesh.publish("begin/here", 7)
            isTold = (try? await peer.tells("event 7 ", within: .milliseconds(50))) != nil
        }
        // Those that came late.
        while (try? await peer.tells("event 7 ", within: .milliseconds(300))) != nil {}
    }

    func testWhatASlowSubscriberLosesIsCounted() async throws {
        try await withFreshMesh { mesh in
            let peer = try await Peer.start(mesh.name)
            let events = try await mesh.subscribe("there", capacity: 3)
            try await meet(mesh, peer)
            try await peer.does("publish there 0 10")
            try await eventually("all have arrived") { events.dropped == 7 }
            var missed = 0
            for value in 7..<10 {
                let event = await events.next()
                XCTAssertEqual(try event?.message.decode(), value)
                missed += event?.missed ?? 0
            }
            XCTAssertEqual(missed, 7)
        }
    }

    func testAWatchSeesAnotherRegisterWithdrawAndStop() async throws {
        try await withFreshMesh { mesh in
            let changes = try mesh.watch("workers")
            let peer = try await Peer.start(mesh.name)
            for end in ["withdraw workers", "stop"] {
                try await peer.does("register workers")
                let added = await changes.next()
                XCTAssertEqual(added?.kind, .added)
                try await peer.does(end)
                let removed = await changes.next()
                XCTAssertEqual(removed?.kind, .removed)
                XCTAssertEqual(removed?.instance.nodeID, peer.node)
            }
            try await eventually("the node is gone") { mesh.stats.peers == 0 }
        }
    }

    func testAnInstanceInThisProcessOrZoneIsPreferred() async throws {
        try await withFreshMesh(options: MeshOptions(zone: "near")) { mesh in
            let near = try await Peer.start(mesh.name, ["--zone", "near"], serving: "workers")
            let far = try await Peer.start(mesh.name, ["--zone", "far"], serving: "workers")
            try await know(2, mesh)
            var served = Set<String>()
            for _ in 0..<20 { served.insert(try await mesh.call("workers", "who")) }
            XCTAssertEqual(served, [near.node])
            let anywhere = CallOptions(balance: .roundRobin, zoneFirst: false)
            for _ in 0..<20 { served.insert(try await mesh.call("workers", "who", options: anywhere)) }
            XCTAssertEqual(served, [near.node, far.node])

            try await near.does("register locals")
            let node = mesh.nodeID
            try await mesh.register("locals") { $0.method("who") { node } }
            try await know(2, of: "locals", mesh)
            // Nothing is known of either yet: they are equal.
            let here: String = try await mesh.call("locals", "who")
            XCTAssertEqual(here, node)
        }
    }

    func testMessagesWithinAProcessNeverTouchTheFabric() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("here") { $0.method { (value: Int) in value } }
            let events = try await mesh.subscribe("numbers")
            for number in 0..<20 {
                try await mesh.publish("numbers", number)
                _ = await events.next()
            }
            XCTAssertEqual(mesh.stats.fabricMessages, 0)

            let peer = try await Peer.start(mesh.name, serving: "workers")
            try await know(1, mesh)
            let before = mesh.stats
            for number in 0..<20 { try await mesh.call("here", "", number) }
            let after = mesh.stats
            XCTAssertEqual(after.callsOK - before.callsOK, 20)
            XCTAssertEqual(after.fabricMessages, before.fabricMessages)
            try await mesh.call("workers", "who")
            XCTAssertGreaterThan(mesh.stats.fabricMessages, after.fabricMessages)
            withExtendedLifetime(peer) {}
        }
    }

    func testOnlyMeshesOfOneNameMeet() async throws {
        try await withFreshMesh { mesh in
            let stranger = try await Peer.start("\(mesh.name)-other", serving: "workers")
            let hermit = try await Peer.start(mesh.name, ["--local-only"], serving: "workers")
            let later = try await Peer.start(mesh.name, serving: "later")
            // Who came later is known, so who came earlier would be.
            try await know(1, of: "later", mesh)
            XCTAssertEqual(try mesh.discover().map(\.nodeID), [later.node])
            XCTAssertEqual(mesh.stats.peers, 1)
            withExtendedLifetime((stranger, hermit)) {}
        }
    }

    func testNodesMeetByAddressAndClientsThroughTheirRouter() async throws {
        let address = "tcp/127.0.0.1:\(try freePort())"
        let fabric = FabricOptions(mode: .router, listen: [address])
        try await withDirectory { elsewhere in
            try await withFreshMesh(options: MeshOptions(fabric: fabric)) { mesh in
                let far = try await Peer.start(
                    mesh.name, ["--connect", address], in: elsewhere, serving: "far")
                let client = try await Peer.start(
                    mesh.name, ["--client", "--connect", address], serving: "workers")
                try await know(1, of: "far", mesh)
                try await know(1, mesh)
                let nodes: [String] = [
                    try await mesh.call("far", "who"), try await mesh.call("workers", "who"),
                ]
                XCTAssertEqual(nodes, [far.node, client.node])
            }
        }
    }

    func testCertificatesOfOneAuthorityLetNodesMeet() async throws {
        try await withDirectory { elsewhere in
            let ours = try Authority("ours", in: elsewhere)
            let theirs = try Authority("theirs", in: elsewhere)
            let here = try ours.sign("here")
            let address = "tls/localhost:\(try freePort())"
            let fabric = FabricOptions(listen: [address], tls: here)
            let options = { (tls: TLSOptions) in
                ["--connect", address, "--tls", here.ca, tls.certificate, tls.key]
            }
            try await withFreshMesh(options: MeshOptions(fabric: fabric)) { mesh in
                var peer: Peer? = try await Peer.start(
                    mesh.name, options(try ours.sign("there")), in: elsewhere, serving: "workers")
                try await know(1, mesh)
                let node: String = try await mesh.call("workers", "who")
                XCTAssertEqual(node, peer?.node)
                peer = nil
                try await eventually("it is gone") { mesh.stats.peers == 0 }

                // Another authority's node trusts ours, and is not trusted.
                let stranger = try await Peer.start(
                    mesh.name, options(try theirs.sign("there")), in: elsewhere, serving: "workers")
                for _ in 0..<100 {
                    XCTAssertEqual(mesh.stats.peers, 0)
                    try await Task.sleep(for: .milliseconds(10))
                }
                withExtendedLifetime(stranger) {}
            }
        }
    }
}

/// Signs certificates, by the command openssl.
private struct Authority {
    let folder: URL
    let name: String

    init(_ name: String, in directory: String) throws {
        folder = URL(fileURLWithPath: directory).appending(path: name)
        self.name = name
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=\(name) "
                + "-keyout ca-key.pem -out ca.pem -addext keyUsage=critical,keyCertSign")
    }

    func sign(_ node: String) throws -> TLSOptions {
        let names = """
            subjectAltName=DNS:localhost,IP:127.0.0.1
            extendedKeyUsage=serverAuth,clientAuth
            keyUsage=digitalSignature
            basicConstraints=CA:FALSE

            """
        try names.write(to: folder.appending(path: "names"), atomically: true, encoding: .utf8)
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=\(node) "
                + "-keyout \(node)-key.pem -out \(node).csr")
        try openssl(
            "x509 -req -in \(node).csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 "
                + "-extfile names -out \(node).pem")
        let path = { (file: String) in folder.appending(path: file).path }
        return TLSOptions(ca: path("ca.pem"), certificate: path("\(node).pem"), key: path("\(node)-key.pem"))
    }

    private func openssl(_ arguments: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        XCTAssertEqual(process.terminationStatus, 0, "openssl \(arguments)")
    }
}
