// What the peer does at each command, and what it serves.

import Commy
import Foundation

/// A command with its arguments, of which each has some.
struct Command: Decodable {
    var id: Int
    var `do`: String
    var service: String?
    var method: String?
    var value: JSONValue?
    var timeoutMs: Int?
    var size: Int?
    var version: String?
    var tags: [String]?
    var metadata: [String: String]?
    var topic: String?
}

actor Peer {
    /// How long an instance is waited for.
    static let find = Duration.seconds(10)

    let mesh: Mesh
    private var held: Task<Reply, any Error>?

    init(mesh: Mesh) {
        self.mesh = mesh
    }

    func answer(_ command: Command) async {
        let id = JSONValue.number(Double(command.id))
        do {
            say(["id": id, "ok": try await obey(command)])
        } catch {
            say(["id": id, "error": shown(error)])
        }
    }

    private func obey(_ command: Command) async throws -> JSONValue {
        let service = command.service ?? ""
        let topic = command.topic ?? ""
        let value = command.value ?? .null
        switch command.do {
        case "serve": return try await serve(service, command)
        case "find": return try await find(service)
        case "call":
            let options = CallOptions(timeout: command.timeoutMs.map { .milliseconds($0) })
            return try await mesh.call(service, command.method ?? "", value, options: options)
        case "bytes": return try await bytes(service, command.size ?? 0)
        case "hold":
            held = Task { [mesh] in
                try await mesh.call(service, "hold", message: Message(encoding: JSONValue.null))
            }
        case "cancel": return await cancel()
        case "watch":
            let changes = try mesh.watch(service)
            Task {
                for await change in changes where change.kind != .updated {
                    say(["told": .string("\(change.kind)"), "instance": .string(change.instance.id)])
                }
            }
        case "subscribe":
            let events = try await mesh.subscribe(topic)
            Task {
                for await event in events {
                    say([
                        "told": "event",
                        "topic": .string(event.topic),
                        "value": try event.message.decode(),
                        "publisher": .string(event.publisher),
                    ])
                }
            }
        case "publish": try await mesh.publish(topic, value)
        case "stop": try await mesh.stop()
        default: fatalError("what is \(command.do)?")
        }
        return .null
    }

    private func serve(_ service: String, _ spec: Command) async throws -> JSONValue {
        let registration = try await mesh.register(
            service, version: spec.version ?? "", tags: spec.tags ?? [], metadata: spec.metadata ?? [:]
        ) { service in
            service.method("echo") { (value: JSONValue) in value }
            service.method("bytes") { (payload: Data) in payload }
            service.method("fail") { () async throws -> Void in
                let details: [String: JSONValue] = ["left": .number(0), "of": .array(["tea"])]
                throw try HandlerError("OUT_OF_STOCK", "none of tea left", details: details)
            }
            service.method("hold") {
                say(["told": "held"])
                defer { say(["told": "let go"]) }
                try await Task.sleep(for: .seconds(3600))
            }
        }
        return .string(registration.instance.id)
    }

    private func find(_ service: String) async throws -> JSONValue {
        let changes = try mesh.watch(service)
        let patience = Task {
            try await Task.sleep(for: Self.find)
            changes.close()
        }
        defer { patience.cancel() }
        guard let found = await changes.next()?.instance else {
            throw CommyError.notFound(CommyError.Info(reason: "\(service) is not there"))
        }
        return .object([
            "id": .string(found.id),
            "node": .string(found.nodeID),
            "version": .string(found.version),
            "tags": .array(found.tags.map { .string($0) }),
            "metadata": .object(found.metadata.mapValues { .string($0) }),
        ])
    }

    private func bytes(_ service: String, _ size: Int) async throws -> JSONValue {
        let payload = Data((0..<size).map { UInt8(truncatingIfNeeded: 7 * $0 + $0 / 256) })
        let answer = try await mesh.call(service, "bytes", payload, returning: Data.self)
        return .object(["size": .number(Double(answer.count)), "fnv1a": .string(fnv1a(answer))])
    }

    private func cancel() async -> JSONValue {
        guard let held else { return "no call is held" }
        held.cancel()
        switch await held.result {
        case .failure(is CancellationError): return .null
        case .failure(let error): return shown(error)
        case .success(let reply): return .string("\(reply)")
        }
    }
}

func shown(_ error: any Error) -> JSONValue {
    guard let error = error as? CommyError else { return .object(["status": "", "reason": .string("\(error)")]) }
    var told: [String: JSONValue] = ["status": .string(error.status.name), "reason": .string(error.reason)]
    if let code = error.info.code {
        told["code"] = .string(code)
    }
    if let details = error.info.details {
        told["details"] = (try? JSONDecoder().decode(JSONValue.self, from: Data(details.utf8))) ?? .string(details)
    }
    return .object(told)
}

func fnv1a(_ bytes: Data) -> String {
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
