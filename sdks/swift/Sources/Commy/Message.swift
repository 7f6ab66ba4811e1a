internal import CommyFFI
import Foundation

/// What a request, a reply or an event carries: bytes, what they are, and headers.
public struct Message: Hashable, Sendable {
    /// The payload, carried untouched.
    public var payload: Data
    /// What the payload is, as a media type; at most 256 bytes.
    public var contentType: String
    /// At most 64 headers, keys of 1 to 64 bytes of ASCII letters, digits, `_`, `-`, `.`, `:`, `=`
    /// and `/`, values of at most 4,096 bytes.
    public var headers: [String: String]

    /// A message that carries bytes.
    public init(
        _ payload: Data,
        contentType: String = MediaType.bytes,
        headers: [String: String] = [:]
    ) {
        self.payload = payload
        self.contentType = contentType
        self.headers = headers
    }

    /// A message that carries a value: `Data` as it is, any other as UTF-8 JSON, with dates by
    /// ISO 8601.
    ///
    /// - Throws: ``CommyError/invalidArgument(_:)`` for a value that JSON cannot express, such as
    ///   a number that is not finite.
    public init(encoding value: some Encodable, headers: [String: String] = [:]) throws {
        if let data = value as? Data {
            self.init(data, headers: headers)
            return
        }
        do {
            self.init(try JSON.encode(value), contentType: MediaType.json, headers: headers)
        } catch {
            throw CommyError.invalidArgument(
                "a payload must be Data or a value that JSON can express: \(JSON.why(error))")
        }
    }

    /// The value that it carries: `Data` as it is, any other from JSON.
    ///
    /// - Throws: ``CommyError/invalidArgument(_:)`` for a payload that is something else.
    public func decode<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        if let data = payload as? Value {
            return data
        }
        guard MediaType.isJSON(contentType) else {
            throw CommyError.invalidArgument(
                "the payload is \(contentType), and a \(type) is read from \(MediaType.json)")
        }
        do {
            return try JSON.decode(type, from: payload)
        } catch {
            throw CommyError.invalidArgument("the payload is no \(type): \(JSON.why(error))")
        }
    }
}

extension Message {
    init(_ message: CommyFFI.Message) {
        self.init(message.payload, contentType: message.contentType, headers: message.headers)
    }

    func lower() throws -> CommyFFI.Message {
        guard payload.count <= payloadBytesMax else {
            throw CommyError.resourceExhausted(
                CommyError.Info(
                    reason: "a payload of \(payload.count) bytes is over the limit of \(payloadBytesMax)"))
        }
        return CommyFFI.Message(payload: payload, contentType: contentType, headers: headers)
    }
}

/// The most that any mesh can be set up to carry; the bindings cannot count beyond 2 GiB.
private let payloadBytesMax = 1 << 30

/// The media types that commy itself tells apart.
public enum MediaType {
    /// What `Data` travels as.
    public static let bytes = "application/octet-stream"
    /// What every other value travels as.
    public static let json = "application/json"

    /// Whether a media type is JSON's, whatever its parameters and case.
    static func isJSON(_ type: String) -> Bool {
        let essence = type.prefix { $0 != ";" }
        return essence.trimmingCharacters(in: .whitespaces).lowercased() == json
    }
}

/// JSON as every language of commy writes it.
enum JSON {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = .withoutEscapingSlashes
        return try encoder.encode(value)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: data)
    }

    /// What is wrong, and where, in one line.
    static func why(_ error: any Error) -> String {
        let context: DecodingError.Context
        switch error {
        case DecodingError.typeMismatch(_, let found), DecodingError.valueNotFound(_, let found),
            DecodingError.keyNotFound(_, let found), DecodingError.dataCorrupted(let found):
            context = found
        case EncodingError.invalidValue(_, let found):
            context = DecodingError.Context(codingPath: found.codingPath, debugDescription: found.debugDescription)
        default:
            return "\(error)"
        }
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }
        return path.isEmpty ? context.debugDescription : "\(path.joined()): \(context.debugDescription)"
    }
}
