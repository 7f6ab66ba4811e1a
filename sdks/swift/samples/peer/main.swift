// The peer of the interop matrix: a node that does what lines on its standard input tell it to, and
// answers by lines on its standard output. docs/interop.md in the repository says which.

import Commy
import Foundation

/// Writes a line at once: whoever reads it waits for it.
func say(_ line: [String: JSONValue]) {
    // What is written is made of texts and finite numbers, which cannot fail to be JSON.
    guard let text = try? JSONEncoder().encode(line) else { fatalError("\(line) is no JSON") }
    FileHandle.standardOutput.write(text + Data("\n".utf8))
}

/// The mesh, which runs; without one there is nothing to do.
func start(_ name: String) async -> Mesh {
    do {
        let mesh = try Mesh(name)
        try await mesh.start()
        return mesh
    } catch {
        say(["failed": .string("\(error)")])
        exit(1)
    }
}

let mesh = await start(CommandLine.arguments[1])
say(["ready": .string(mesh.nodeID)])

let lines = AsyncStream<Data> { continuation in
    // Not by `readLine`, which holds a lock while it waits that `exit` waits for.
    Thread.detachNewThread {
        var rest = Data()
        while case let data = FileHandle.standardInput.availableData, !data.isEmpty {
            rest += data
            var parts = rest.split(separator: 10, omittingEmptySubsequences: false)
            rest = Data(parts.removeLast())
            for line in parts { continuation.yield(Data(line)) }
        }
        continuation.finish()
    }
}

let peer = Peer(mesh: mesh)
let decoder = JSONDecoder()
decoder.keyDecodingStrategy = .convertFromSnakeCase
for await line in lines {
    let command = try decoder.decode(Command.self, from: line)
    if command.do == "stop" {
        await peer.answer(command)
        exit(0)
    }
    Task { await peer.answer(command) }
}
try await mesh.stop()
exit(0)
