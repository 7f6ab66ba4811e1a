// Calling the raw bindings: their errors become those of this module, and a cancelled task cancels
// what it waits for.

internal import CommyFFI

func lifting<Value>(_ method: () throws -> Value) throws -> Value {
    do {
        return try method()
    } catch {
        throw lift(error)
    }
}

func lifting<Value: Sendable>(_ method: () async throws -> Value) async throws -> Value {
    do {
        return try await cancellable(method)
    } catch {
        throw lift(error)
    }
}

/// For what must be done to its end once it was begun, and is short.
func liftingUncancelled<Value: Sendable>(_ method: () async throws -> Value) async throws -> Value {
    do {
        return try await method()
    } catch {
        throw lift(error)
    }
}

private func lift(_ error: any Error) -> any Error {
    switch error {
    case let error as CommyFFI.CommyError: CommyError(error)
    case is CancellationError: error
    // The bindings and the library do not understand each other.
    default: CommyError.internal(CommyError.Info(reason: "commy failed: \(error)"))
    }
}
