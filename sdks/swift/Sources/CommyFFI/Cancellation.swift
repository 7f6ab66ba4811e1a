// Cancelling a Swift task cancels the Rust future that it waits for.
//
// The generated code polls, completes and frees a future, and never cancels one. Each of the C
// functions it calls for that has a Swift function of the same name below; within this module that
// one is found first, so that a future is known from its first poll until it is freed. This file
// knows the life of a future and nothing of what it computes.

import CCommyFFI
import Synchronization

/// Runs one async method of the raw bindings. If the task is cancelled meanwhile, the Rust future
/// is cancelled, too, its work stops, and `CancellationError` is thrown. An answer that was already
/// there is still returned.
public func cancellable<Value: Sendable>(_ method: () async throws -> Value) async throws -> Value {
    let cancellation = Cancellation(endsInError: true)
    do {
        return try await cancellation.guarding(method)
    } catch {
        throw cancellation.wasDelivered ? CancellationError() : error
    }
}

/// Runs one async method that returns an optional and throws no error: as above, but a task that is
/// cancelled gets nothing.
public func cancellable<Value: Sendable>(_ method: () async -> Value?) async -> Value? {
    await Cancellation(endsInError: false).guarding(method)
}

/// The cancellation of one future at most: one that is waited for by one task.
final class Cancellation: Sendable {
    typealias Function = @Sendable (_ future: UInt64) -> Void

    /// The one under which the current task waits for a future.
    @TaskLocal static var current: Cancellation?

    private struct Free {
        let future: UInt64
        let function: Function
    }

    private enum Phase {
        /// No future was polled yet.
        case idle
        case polled(UInt64, cancel: Function)
        /// Rust is being told, by the thread that cancels the task.
        case cancelling(then: Free?)
        /// The future is freed, or was told.
        case over
    }

    private struct State {
        var phase = Phase.idle
        var isCancelled = false
        var wasDelivered = false
    }

    private let endsInError: Bool
    private let state = Mutex(State())

    init(endsInError: Bool) {
        self.endsInError = endsInError
    }

    func guarding<Value: Sendable>(_ method: () async throws -> Value) async rethrows -> Value {
        try await withTaskCancellationHandler {
            try await Cancellation.$current.withValue(self, operation: method)
        } onCancel: {
            cancel()
        }
    }

    /// Whether the future ended because it was cancelled.
    var wasDelivered: Bool {
        state.withLock { $0.wasDelivered }
    }

    /// Called by whoever cancels the task, on any thread.
    func cancel() {
        let polled: (future: UInt64, cancel: Function)? = state.withLock { state in
            state.isCancelled = true
            guard case .polled(let future, let cancel) = state.phase else { return nil }
            state.phase = .cancelling(then: nil)
            return (future, cancel)
        }
        guard let polled else { return }

        // Not under the lock: this resumes the task, which may go on right here.
        polled.cancel(polled.future)

        let free: Free? = state.withLock { state in
            guard case .cancelling(let free) = state.phase else { return nil }
            state.phase = .over
            return free
        }
        if let free {
            free.function(free.future)
        }
    }

    /// Called by the task before each poll.
    func willPoll(_ future: UInt64, cancel: @escaping Function) {
        let isTooLate = state.withLock { state in
            guard case .idle = state.phase else { return false }
            state.phase = state.isCancelled ? .over : .polled(future, cancel: cancel)
            return state.isCancelled
        }
        if isTooLate {
            // Before its first poll: nothing has been sent, and nothing will be.
            cancel(future)
        }
    }

    /// Called by the task when it is done with the future. Cancelling never races freeing: while
    /// another thread tells Rust to cancel, freeing is left to that thread.
    func free(_ future: UInt64, _ function: @escaping Function) {
        let isFree = state.withLock { state in
            guard case .cancelling = state.phase else {
                state.phase = .over
                return true
            }
            state.phase = .cancelling(then: Free(future: future, function: function))
            return false
        }
        if isFree {
            function(future)
        }
    }

    /// Turns Rust's word for a cancelled future, which the generated code does not understand, into
    /// one that it does. Returns whether the method is to return nothing.
    func translate(_ status: UnsafeMutablePointer<RustCallStatus>) -> Bool {
        guard status.pointee.code == statusCancelled else { return false }
        state.withLock { $0.wasDelivered = true }
        guard endsInError else {
            status.pointee.code = statusSuccess
            return true
        }
        let info = ErrorInfo(reason: "the task was cancelled")
        status.pointee.code = statusError
        status.pointee.errorBuf = FfiConverterTypeCommyError_lower(.Cancelled(info: info))
        return false
    }
}

private let statusSuccess: Int8 = 0
private let statusError: Int8 = 1
private let statusCancelled: Int8 = 3
