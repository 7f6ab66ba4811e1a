// What every test needs: a mesh that nobody else is in, a limit on its time, signals between tasks,
// and the status that an operation must fail with.

import Commy
import Foundation
import XCTest

/// A test case whose tests end: whoever waits this long waits for what will never come, and only
/// ending the process tells of it.
class MeshTestCase: XCTestCase {
    private var watchdog: DispatchWorkItem?

    override func setUp() {
        let name = name
        let watchdog = DispatchWorkItem { fatalError("\(name) takes too long") }
        DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: watchdog)
        self.watchdog = watchdog
    }

    override func tearDown() {
        watchdog?.cancel()
    }
}

/// The name of a mesh that no other test uses.
func freshName() -> String {
    "test-\(UUID().uuidString)"
}

/// Runs with a mesh that nobody else is in.
func withFreshMesh(
    options: MeshOptions = MeshOptions(),
    _ body: (Mesh) async throws -> Void
) async throws {
    try await withMesh(freshName(), options: options, body)
}

/// Something that happens, once or several times, and can be waited for.
final class Signal: Sendable {
    private let stream = AsyncStream.makeStream(of: Void.self)

    func send() {
        stream.continuation.yield()
    }

    /// Waits until it has happened as often as it was waited for. Not for tasks that are cancelled.
    func wait() async {
        for await _ in stream.stream { return }
    }
}

/// Values that several tasks put together.
actor Box<Value: Sendable> {
    private(set) var values: [Value] = []

    @discardableResult
    func add(_ value: Value) -> Int {
        values.append(value)
        return values.count
    }
}

/// Waits until the runtime has done what it does on threads of its own.
func eventually(
    _ what: String,
    file: StaticString = #filePath,
    line: UInt = #line,
    _ condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while try !condition() {
        guard .now < deadline else {
            return XCTFail("never: \(what)", file: file, line: line)
        }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Requires that an operation fails with a status, and returns what is known about the error.
@discardableResult
func assertFails<Value>(
    _ status: CommyError.Status,
    file: StaticString = #filePath,
    line: UInt = #line,
    _ operation: () async throws -> Value
) async -> CommyError.Info {
    do {
        let value = try await operation()
        XCTFail("\(value), and not \(status.name)", file: file, line: line)
    } catch let error as CommyError {
        XCTAssertEqual(error.status, status, error.reason, file: file, line: line)
        XCTAssertGreaterThan(error.reason.count, 4, "no reason is told", file: file, line: line)
        return error.info
    } catch {
        XCTFail("\(error), and not \(status.name)", file: file, line: line)
    }
    return CommyError.Info(reason: "")
}

/// Requires that a task ends because it was cancelled.
func assertCancelled<Value>(
    _ task: Task<Value, any Error>,
    file: StaticString = #filePath,
    line: UInt = #line
) async {
    do {
        let value = try await task.value
        XCTFail("\(value), and not cancelled", file: file, line: line)
    } catch {
        XCTAssert(error is CancellationError, "\(error)", file: file, line: line)
    }
}

/// Waits for what does not come, until the task is cancelled, which it tells.
func waitForever(telling cancelled: Signal? = nil) async throws {
    do {
        try await Task.sleep(for: .seconds(86_400))
    } catch {
        cancelled?.send()
        throw error
    }
}

extension Sequence where Element: Sendable {
    /// What a closure makes of each element, all at once, in order.
    func mapAtOnce<Result: Sendable>(
        _ transform: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for (index, element) in enumerated() {
                group.addTask { (index, try await transform(element)) }
            }
            var results: [Int: Result] = [:]
            for try await (index, result) in group {
                results[index] = result
            }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
