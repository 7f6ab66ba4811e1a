// A node in a process of its own, which the tests of `remote` and `failure` drive by lines on its
// standard input, and which answers and tells by lines on its standard output. `ready NODE` comes
// first, or `error` and what went wrong.

import Commy
import Foundation

/// Writes a line at once: whoever reads it waits for it.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

var arguments = CommandLine.arguments.dropFirst()
var options = MeshOptions()
let name = arguments.removeFirst()
while let flag = arguments.popFirst() {
    switch flag {
    case "--zone": options.zone = arguments.removeFirst()
    case "--local-only": options.fabric.isLocalOnly = true
    case "--router": options.fabric.mode = .router
    case "--client": options.fabric.mode = .client
    case "--listen": options.fabric.listen.append(arguments.removeFirst())
    case "--connect": options.fabric.connect.append(arguments.removeFirst())
    case "--tls":
        options.fabric.tls = TLSOptions(
            ca: arguments.removeFirst(), certificate: arguments.removeFirst(), key: arguments.removeFirst())
    default: fatalError("what is \(flag)?")
    }
}

let mesh = try Mesh(name, options: options)
do {
    try await mesh.start()
} catch {
    say("error \(error)")
    exit(1)
}
say("ready \(mesh.nodeID)")

var registrations: [String: Registration] = [:]
let lines = AsyncStream<String> { continuation in
    // Not by `readLine`, which holds a lock while it waits that `exit` waits for.
    Thread.detachNewThread {
        var rest = Data()
        while case let data = FileHandle.standardInput.availableData, !data.isEmpty {
            rest += data
            var parts = rest.split(separator: 10, omittingEmptySubsequences: false)
            rest = Data(parts.removeLast())
            for line in parts { continuation.yield(String(decoding: line, as: UTF8.self)) }
        }
        continuation.finish()
    }
}
for await line in lines {
    let words = line.split(separator: " ").map(String.init)
    switch words[0] {
    case "register":
        registrations[words[1]] = try await register(words[1])
    case "withdraw":
        try await registrations.removeValue(forKey: words[1])?.deregister()
    case "call":
        Task {
            do {
                say("answer \(try await mesh.call(words[1], words[2], "hello", returning: String.self))")
            } catch {
                say("failed \(error)")
            }
        }
    case "publish":
        for value in Int(words[2])!..<Int(words[2])! + Int(words[3])! { try await mesh.publish(words[1], value) }
    case "subscribe":
        let events = try await mesh.subscribe(words[1])
        Task {
            for await event in events {
                say("event \(try event.message.decode(as: Int.self)) \(event.publisher) \(event.missed)")
            }
        }
    case "discover":
        say("known \(try mesh.discover(words[1]).count)")
    case "stop":
        try await mesh.stop()
    case "exit":
        // As it is: with a mesh that runs.
        exit(0)
    default: fatalError("what is \(line)?")
    }
    say("done \(words[0])")
}

func register(_ service: String) async throws -> Registration {
    let node = mesh.nodeID
    return try await mesh.register(
        service, version: "1.2.3", tags: ["a"], metadata: ["owner": "sales"], weight: 7
    ) { service in
        service.method("echo") { message, _ in message }
        service.method("who") { node }
        service.method("work") { (milliseconds: Int) in
            try await Task.sleep(for: .milliseconds(milliseconds))
            return node
        }
        service.method("caller") { (_: Int?, context: Context) in
            [context.caller, "\(context.timeLeft > .zero && context.timeLeft <= .seconds(15))"]
        }
        service.method("fail") {
            throw try HandlerError("OUT_OF_STOCK", "none of tea left", details: ["left": 0])
        }
        service.method("hold") {
            say("held")
            defer { say("let go") }
            try await Task.sleep(for: .seconds(3600))
        }
    }
}
