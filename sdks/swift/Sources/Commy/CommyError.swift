internal import CommyFFI
import Foundation

/// Why an operation failed, by gRPC's status names.
///
/// ```swift
/// do {
///     try await mesh.call("orders", "create", order)
/// } catch CommyError.handlerFailed(let info) where info.code == "OUT_OF_STOCK" {
///     print(info.reason)
/// } catch let error as CommyError where error.status == .unavailable {
///     print("try again later")
/// }
/// ```
///
/// A task that is cancelled while it waits gets Swift's `CancellationError` instead.
public enum CommyError: Error, Hashable, Sendable {
    /// The operation was cancelled by someone other than the task that waits for it.
    case cancelled(Info)
    /// A value breaks a rule; the same request cannot succeed.
    case invalidArgument(Info)
    /// The deadline passed before there was an answer.
    case deadlineExceeded(Info)
    /// There is no such service, or no instance of it that the call may use.
    case notFound(Info)
    /// What was to be made exists.
    case alreadyExists(Info)
    /// The caller may not do this.
    case permissionDenied(Info)
    /// A bound was reached: a queue, a payload size, calls in flight.
    case resourceExhausted(Info)
    /// The state does not allow it: a mesh that is not running, a call to an advertised service.
    case failedPrecondition(Info)
    /// The service has no such method.
    case unimplemented(Info)
    /// A handler broke its contract, or commy has a defect.
    case `internal`(Info)
    /// No instance can answer now; another try may succeed.
    case unavailable(Info)
    /// The caller's identity is not known.
    case unauthenticated(Info)
    /// The handler itself reported a failure, or threw an error that it did not catch.
    case handlerFailed(Info)

    /// Everything that is known about an error.
    public struct Info: Hashable, Sendable {
        /// What went wrong: the value and the rule that it broke.
        public var reason: String
        /// The service concerned, if one is.
        public var service: String?
        /// The method concerned, if one is.
        public var method: String?
        /// The id of the instance that failed, if one was chosen.
        public var instanceID: String?
        /// How many instances were tried.
        public var attempts: Int
        /// The handler's own code; for an error that it did not catch, the name of its type.
        public var code: String?
        /// The handler's own details, as JSON text.
        public var details: String?

        public init(
            reason: String,
            service: String? = nil,
            method: String? = nil,
            instanceID: String? = nil,
            attempts: Int = 0,
            code: String? = nil,
            details: String? = nil
        ) {
            self.reason = reason
            self.service = service
            self.method = method
            self.instanceID = instanceID
            self.attempts = attempts
            self.code = code
            self.details = details
        }

        /// The handler's own details, decoded; nil if it gave none.
        ///
        /// - Throws: `DecodingError` for details that are something else.
        public func details<Value: Decodable>(as type: Value.Type) throws -> Value? {
            try details.map { try JSON.decode(type, from: Data($0.utf8)) }
        }
    }

    /// What kind of error it is, by the numbers and names that every language shares.
    public enum Status: Int, Sendable, CaseIterable {
        case cancelled = 1
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case unauthenticated = 16
        case handlerFailed = 100

        /// The name, such as `NOT_FOUND`.
        public var name: String {
            "\(self)".reduce(into: "") { name, letter in
                name += letter.isUppercase ? "_\(letter)" : letter.uppercased()
            }
        }

        /// The name as that of a type, such as `NotFound`.
        var typeName: String {
            "\(self)".prefix(1).uppercased() + "\(self)".dropFirst()
        }
    }

    /// What kind of error it is.
    public var status: Status { parts.0 }

    /// Everything that is known about it.
    public var info: Info { parts.1 }

    /// What went wrong: the value and the rule that it broke.
    public var reason: String { info.reason }

    private var parts: (Status, Info) {
        switch self {
        case .cancelled(let info): (.cancelled, info)
        case .invalidArgument(let info): (.invalidArgument, info)
        case .deadlineExceeded(let info): (.deadlineExceeded, info)
        case .notFound(let info): (.notFound, info)
        case .alreadyExists(let info): (.alreadyExists, info)
        case .permissionDenied(let info): (.permissionDenied, info)
        case .resourceExhausted(let info): (.resourceExhausted, info)
        case .failedPrecondition(let info): (.failedPrecondition, info)
        case .unimplemented(let info): (.unimplemented, info)
        case .internal(let info): (.internal, info)
        case .unavailable(let info): (.unavailable, info)
        case .unauthenticated(let info): (.unauthenticated, info)
        case .handlerFailed(let info): (.handlerFailed, info)
        }
    }
}

extension CommyError: CustomStringConvertible, LocalizedError {
    public var description: String { "\(status.name): \(reason)" }
    public var errorDescription: String? { description }
}

extension CommyError {
    static func invalidArgument(_ reason: String) -> Self {
        .invalidArgument(Info(reason: reason))
    }

    init(_ error: CommyFFI.CommyError) {
        self =
            switch error {
            case .Cancelled(let info): .cancelled(Info(info))
            case .InvalidArgument(let info): .invalidArgument(Info(info))
            case .DeadlineExceeded(let info): .deadlineExceeded(Info(info))
            case .NotFound(let info): .notFound(Info(info))
            case .AlreadyExists(let info): .alreadyExists(Info(info))
            case .PermissionDenied(let info): .permissionDenied(Info(info))
            case .ResourceExhausted(let info): .resourceExhausted(Info(info))
            case .FailedPrecondition(let info): .failedPrecondition(Info(info))
            case .Unimplemented(let info): .unimplemented(Info(info))
            case .Internal(let info): .internal(Info(info))
            case .Unavailable(let info): .unavailable(Info(info))
            case .Unauthenticated(let info): .unauthenticated(Info(info))
            case .HandlerFailed(let info): .handlerFailed(Info(info))
            }
    }
}

extension CommyError.Info {
    init(_ info: CommyFFI.ErrorInfo) {
        self.init(
            reason: info.reason,
            service: info.service,
            method: info.method,
            instanceID: info.instanceId,
            attempts: Int(info.attempts),
            code: info.code,
            details: info.detailsJson
        )
    }
}
