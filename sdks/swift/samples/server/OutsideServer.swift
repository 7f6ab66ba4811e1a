// An outside server: HTTP by hand, on the loopback interface, for the shop and for the tests. It
// knows nothing of commy, as no outside server does.

import Dispatch
import Foundation

/// Answers HTTP requests, one a connection, until it is stopped.
public final class OutsideServer: Sendable {
    /// What is answered: a status and a body.
    public typealias Answer = @Sendable (_ method: String, _ path: String, _ body: Data) -> (Int, Data)

    /// The port that it listens on.
    public let port: UInt16
    private let listener: Int32
    private let answer: Answer
    private let running = DispatchGroup()

    /// Listens on a port of the system's choice.
    public init(_ answer: @escaping Answer) throws {
        listener = try Self.listen()
        port = Self.port(of: listener)
        self.answer = answer
        let listener = listener
        running.enter()
        Thread.detachNewThread { [running] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                serve(connection, answer)
            }
            running.leave()
        }
    }

    /// Stops listening, and returns when nothing can connect any more.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        running.wait()
    }

    private static func listen() throws -> Int32 {
        #if os(Linux)
        let stream = Int32(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        let listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
        }
        guard listener >= 0, bound == 0, Foundation.listen(listener, 16) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        return listener
    }

    private static func port(of listener: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}

private func serve(_ connection: Int32, _ answer: OutsideServer.Answer) {
    defer { close(connection) }
    let end = Data("\r\n\r\n".utf8)
    var received = Data()
    var head: Range<Data.Index>?
    var length = 0
    while head == nil || received.count < head!.upperBound + length {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0, received.count < 1 << 20 else { return }
        received.append(contentsOf: buffer[..<count])
        if head == nil, let found = received.range(of: end) {
            head = found
            length = contentLength(received[..<found.lowerBound])
        }
    }
    let words = String(decoding: received.prefix { $0 != 13 }, as: UTF8.self).split(separator: " ")
    guard let head, words.count == 3 else { return }
    let body = received[head.upperBound...]
    let (status, reply) = answer(String(words[0]), String(words[1]), Data(body))
    let lines = "HTTP/1.1 \(status) \r\ncontent-length: \(reply.count)\r\nconnection: close\r\n\r\n"
    let response = Data(lines.utf8) + reply
    _ = response.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
}

private func contentLength(_ head: Data) -> Int {
    String(decoding: head, as: UTF8.self)
        .lowercased()
        .split(separator: "\r\n")
        .compactMap { $0.hasPrefix("content-length:") ? Int($0.dropFirst(15).drop { $0 == " " }) : nil }
        .first ?? 0
}
