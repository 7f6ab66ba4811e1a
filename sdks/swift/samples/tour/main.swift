// The tour: the nine steps that every SDK's tour takes, checked as they are taken.

import Commy
import Foundation

/// Counts the steps, and says what each of them showed.
struct Tour {
    static let steps = 9
    private(set) var taken = 0

    mutating func step(_ title: String, _ shown: Any, _ holds: Bool) {
        guard holds else {
            print("\(taken + 1). \(title): \(shown) is not what was expected")
            exit(1)
        }
        taken += 1
        print("\(taken). \(title): \(shown)")
    }
}

var tour = Tour()

let version = Mesh.libraryVersion
tour.step("library version", version, version.split(separator: ".").count == 3)

let mesh = try Mesh("tour")
tour.step("create a mesh", mesh, mesh.name == "tour")

try await mesh.start()
tour.step("start it", mesh, mesh.isRunning)

tour.step("status", "running as node \(mesh.nodeID)", mesh.isRunning && !mesh.nodeID.isEmpty)

let registrations = [
    try await mesh.register("greeter", version: "1.0.0", tags: ["tour"]) { service in
        service.method("greet") { (name: String) in "hello \(name)" }
    },
    try await mesh.register("adder", version: "1.1.0", tags: ["tour"]) { service in
        service.method("add") { (numbers: [Int]) in numbers.reduce(0, +) }
    },
    try await mesh.register("reverser", version: "2.0.0", tags: ["tour"]) { service in
        service.method("reverse") { (bytes: Data) in Data(bytes.reversed()) }
    },
]
let names = registrations.map(\.instance.service)
tour.step(
    "register three services", names.joined(separator: ", "), names == ["greeter", "adder", "reverser"])

// Others may take this tour on this host right now, and their services are in the same mesh.
let mine = try mesh.discover(tags: ["tour"]).filter { $0.nodeID == mesh.nodeID }
let found = mine.map { "\($0.service) \($0.version)" }
tour.step(
    "find all three", found.joined(separator: ", "),
    found == ["adder 1.1.0", "greeter 1.0.0", "reverser 2.0.0"])

let count = try mesh.activeServiceCount
tour.step("count the active ones", count, count >= 3)

let options = CallOptions(timeout: .seconds(2))
let greeting: String = try await mesh.call("greeter", "greet", "Ann", options: options)
let sum: Int = try await mesh.call("adder", "add", [1, 2, 3], options: options)
let reversed: Data = try await mesh.call("reverser", "reverse", Data("abc".utf8), options: options)
let text = String(decoding: reversed, as: UTF8.self)
tour.step("call each", "\(greeting), \(sum), \(text)", greeting == "hello Ann" && sum == 6 && text == "cba")

for registration in registrations {
    try await registration.deregister()
}
let left = try mesh.discover().filter { $0.nodeID == mesh.nodeID }
try await mesh.stop()
tour.step("clean up", mesh, left.isEmpty && !mesh.isRunning)

print("\(tour.taken)/\(Tour.steps)")
exit(tour.taken == Tour.steps ? 0 : 1)
