// From the library's threads to Swift's handlers and back: one answer for every request.

internal import CommyFFI
import Synchronization

/// Answers the requests of one registration, each in a task of its own.
///
/// The library calls it on a thread of its own, which must not wait, and lets go of it when the
/// registration is gone.
final class Dispatcher: CommyFFI.Handler {
    private let service: Service
    /// The tasks at work, by the number of their request.
    private let tasks = Mutex<[UInt64: Task<Void, Never>]>([:])

    init(_ service: Service) {
        self.service = service
    }

    func start(invocation: CommyFFI.Invocation, request: CommyFFI.IncomingRequest) {
        let number = request.invocationId
        // Under the lock: the task cannot be over before it is known.
        tasks.withLock { tasks in
            tasks[number] = Task {
                await self.answer(invocation, request)
                self.forget(number)
            }
        }
    }

    func cancel(invocationId: UInt64) {
        tasks.withLock { $0[invocationId] }?.cancel()
    }

    private func forget(_ number: UInt64) {
        tasks.withLock { $0[number] = nil }
    }

    /// Whatever happens to the task, it runs to its end, and so every request gets an answer.
    private func answer(_ invocation: CommyFFI.Invocation, _ request: CommyFFI.IncomingRequest) async {
        guard let method = service.find(request.method) else {
            let names = service.methods.keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            let reason = "\(request.service) has no method \"\(request.method)\"; it has \(names)"
            invocation.fail(failure: Failure(kind: .unknownMethod, reason: reason))
            return
        }
        do {
            let reply = try await method(Message(request.message), Context(request))
            invocation.complete(reply: try reply.lower())
        } catch {
            invocation.fail(failure: failure(for: error))
        }
    }
}
