internal import CommyFFI
import Foundation

/// Thrown by a handler: its caller gets ``CommyError/handlerFailed(_:)`` with the same fields.
///
/// ```swift
/// throw try HandlerError("OUT_OF_STOCK", "2 left", details: ["left": 2])
/// ```
///
/// Any other error that a handler does not catch is told the same way, with the name of its type as
/// the code.
public struct HandlerError: Error, Hashable, Sendable {
    /// The application's own code for the failure; at most 128 bytes.
    public let code: String
    /// What happened, for people.
    public let reason: String
    /// The application's own details, as JSON text.
    public let details: String?

    public init(_ code: String, _ reason: String) {
        self.code = code
        self.reason = reason
        details = nil
    }

    /// - Throws: `EncodingError` for details that JSON cannot express.
    public init(_ code: String, _ reason: String, details: some Encodable) throws {
        self.code = code
        self.reason = reason
        self.details = String(decoding: try JSON.encode(details), as: UTF8.self)
    }
}

/// Thrown by a handler that cannot make sense of its request: ``CommyError/invalidArgument(_:)`` to
/// its caller.
public struct BadRequest: Error, Hashable, Sendable {
    /// What is wrong with the request.
    public let reason: String

    public init(_ reason: String) {
        self.reason = reason
    }
}

/// Thrown by an ``Service/otherwise(_:)`` that lacks a method: ``CommyError/unimplemented(_:)`` to
/// its caller.
public struct UnknownMethod: Error, Hashable, Sendable {
    /// Which method it is.
    public let reason: String

    public init(_ reason: String) {
        self.reason = reason
    }
}

/// Thrown for a reply that cannot be sent.
struct Unsendable: Error {
    let reason: String
}

/// What a caller is told of an error that its handler threw.
func failure(for error: any Error) -> CommyFFI.Failure {
    switch error {
    case let error as HandlerError:
        Failure(code: error.code, reason: error.reason, detailsJson: error.details)
    case let error as BadRequest:
        Failure(kind: .badRequest, reason: error.reason)
    case let error as UnknownMethod:
        Failure(kind: .unknownMethod, reason: error.reason)
    case let error as Unsendable:
        Failure(kind: .internal, reason: error.reason)
    case is CancellationError:
        Failure(kind: .internal, reason: "the handler's task was cancelled")
    case let error as CommyError:
        // By the name that languages give it which have a class for each status.
        Failure(code: error.status.typeName, reason: error.reason)
    case let error as any LocalizedError:
        Failure(code: "\(type(of: error))", reason: error.errorDescription ?? "\(error)")
    default:
        Failure(code: "\(type(of: error))", reason: "\(error)")
    }
}
