// Nodes in processes of their own, as tests drive them: see the program `peer`. And what such tests
// wait for.

import Commy
import Foundation
import OutsideServer
import XCTest

/// A node in a process of its own, killed when nothing refers to it.
final class Peer: @unchecked Sendable {
    /// The id of its node, known once it is started.
    private(set) var node = ""
    private let process = Process()
    private let input = Pipe()
    private let said = Said()

    /// Starts one that serves something. In a run-time directory of its own, it is as far away as on
    /// another host.
    static func start(
        _ mesh: String, _ options: [String] = [], in directory: String? = nil, serving service: String? = nil
    ) async throws -> Peer {
        let peer = try Peer(mesh, options, directory)
        peer.node = try await peer.tells("ready ")
        if let service { try await peer.does("register \(service)") }
        return peer
    }

    private init(_ mesh: String, _ options: [String], _ directory: String?) throws {
        // A peer that was killed takes no commands, which is no reason to die.
        Foundation.signal(SIGPIPE, SIG_IGN)
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appending(path: "peer")
        process.arguments = [mesh] + options
        process.standardInput = input
        process.standardOutput = output
        if let directory {
            process.environment = ProcessInfo.processInfo.environment
                .merging(["XDG_RUNTIME_DIR": directory]) { $1 }
        }
        process.terminationHandler = { [said] in said.end($0.terminationStatus) }
        try process.run()
        Thread.detachNewThread { [said] in
            while case let data = output.fileHandleForReading.availableData, !data.isEmpty {
                said.add(data)
            }
        }
    }

    deinit {
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    /// Gives a command.
    func begins(_ command: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
    }

    /// Gives a command, and waits until it is done.
    func does(_ command: String) async throws {
        try begins(command)
        _ = try await tells("done \(command.prefix { $0 != " " })")
    }

    /// Waits for the next line that begins so, and returns the rest of it.
    func tells(_ beginning: String, within time: Duration = patience) async throws -> String {
        let deadline = ContinuousClock.now + time
        while true {
            if let line = said.take(beginning) { return line }
            guard .now < deadline else { throw NotSaid(line: beginning, instead: said.all) }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Waits until it knows this many instances of a service.
    func knows(_ count: Int, of service: String) async throws {
        let deadline = ContinuousClock.now + patience
        repeat {
            guard .now < deadline else { throw NotSaid(line: "known \(count)", instead: []) }
            try begins("discover \(service)")
        } while try await tells("known ") != "\(count)"
    }

    /// Sends a signal, and returns the moment before.
    @discardableResult
    func signal(_ number: Int32) -> ContinuousClock.Instant {
        let moment = ContinuousClock.now
        kill(process.processIdentifier, number)
        return moment
    }

    /// Tells it to end with a mesh that runs, and returns its status.
    func exits() async throws -> Int32 {
        try begins("exit")
        try await eventually("a process that is told to end ends") { said.status != nil }
        return said.status ?? -1
    }
}

/// The lines of a process that nobody waited for yet, and how it ended.
private final class Said: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    private var rest = Data()
    private var ended: Int32?

    var status: Int32? { lock.withLock { ended } }

    func end(_ status: Int32) {
        lock.withLock { ended = status }
    }

    var all: [String] { lock.withLock { lines } }

    func add(_ data: Data) {
        lock.withLock {
            rest += data
            var parts = rest.split(separator: 10, omittingEmptySubsequences: false)
            rest = Data(parts.removeLast())
            lines += parts.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    func take(_ beginning: String) -> String? {
        lock.withLock {
            lines.firstIndex { $0.hasPrefix(beginning) }
                .map { String(lines.remove(at: $0).dropFirst(beginning.count)) }
        }
    }
}

/// What a process did not say, and what it said.
struct NotSaid: Error {
    var line: String
    var instead: [String]
}

/// How long a test waits for what must happen: machines that build meanwhile are slow.
let patience = Duration.seconds(20)

/// Waits until a mesh knows this many instances of a service.
func know(_ count: Int, of service: String = "workers", _ mesh: Mesh) async throws {
    try await eventually("\(count) of \(service)") { try mesh.discover(service).count == count }
}

/// Runs with a run-time directory whose path is short enough for sockets.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = "/tmp/commy-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
}

/// A port of this host that nobody listens on.
func freePort() throws -> UInt16 {
    let server = try OutsideServer { _, _, _ in (404, Data()) }
    server.stop()
    return server.port
}
