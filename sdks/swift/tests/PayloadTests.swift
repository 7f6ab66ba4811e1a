// Data travels untouched, other values as JSON; what is neither, or too large, is refused.

import Commy
import XCTest

private let mebibyte = 1 << 20

private func bytes(_ count: Int) -> Data {
    let all = Data((0...255).map { UInt8($0) })
    var bytes = Data(capacity: count + all.count)
    while bytes.count < count { bytes.append(all) }
    return bytes.prefix(count)
}

private func echo(_ service: inout Service) {
    service.otherwise { message, _ in message }
}

final class PayloadTests: MeshTestCase {
    func testDataTravelsUntouched() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { service in
                service.method("data") { (data: Data) in data }
                service.method("message") { (message: Message, _) in message }
            }
            for count in [0, 1, 255, 65_536, mebibyte] {
                let data = bytes(count)
                for method in ["data", "message"] {
                    let reply = try await mesh.call("echo", method, message: Message(data))
                    XCTAssertEqual(reply.message.payload, data)
                    XCTAssertEqual(reply.message.contentType, "application/octet-stream")
                }
                let answer: Data = try await mesh.call("echo", "data", data)
                XCTAssertEqual(answer, data)
            }
            let slice = bytes(10)[3..<7]
            let answer: Data = try await mesh.call("echo", "data", slice)
            XCTAssertEqual([UInt8](answer), [3, 4, 5, 6])
        }
    }

    func testJSONTravelsAsItIs() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { service in
                service.method("int") { (value: Int) in value }
                service.method("unsigned") { (value: UInt64) in value }
                service.method("double") { (value: Double) in value }
                service.method("text") { (value: String) in value }
                service.method("flag") { (value: Bool) in value }
                service.method("list") { (value: [[Int?]]) in value }
                service.method("map") { (value: [String: [String]]) in value }
                service.method("date") { (value: Date) in value }
                service.method("optional") { (value: Int?) in value }
            }
            func assertSame<Value: Codable & Equatable>(_ method: String, _ values: [Value]) async throws {
                for value in values {
                    let answer: Value = try await mesh.call("echo", method, value)
                    XCTAssertEqual(answer, value, method)
                }
            }
            try await assertSame("int", [0, -1, .max, .min])
            try await assertSame("unsigned", [UInt64.max])
            try await assertSame("double", [0.1, -1e-300, 1e300])
            try await assertSame("text", ["", "ä€🎉\0\n\"/", "\u{feff}bom"])
            try await assertSame("flag", [true, false])
            try await assertSame("list", [[], [[1, nil], []]])
            try await assertSame("map", [["ä": ["b"], "": []]])
            try await assertSame("date", [Date(timeIntervalSince1970: 1_700_000_000)])
            try await assertSame("optional", [nil, 1])
        }
    }

    func testJSONOnTheWireIsCompactUTF8() throws {
        XCTAssertEqual(
            String(decoding: try Message(encoding: ["ä/": [1, 2]]).payload, as: UTF8.self), #"{"ä/":[1,2]}"#)
        let date = Date(timeIntervalSince1970: 0)
        XCTAssertEqual(
            String(decoding: try Message(encoding: date).payload, as: UTF8.self), #""1970-01-01T00:00:00Z""#)
        XCTAssertEqual(try Message(encoding: 1).contentType, "application/json")
    }

    func testDataIsGivenWhateverItIsAndValuesOnlyFromJSON() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("takes") { service in
                service.method("data") { (data: Data) in data.count }
                service.method("list") { (list: [Int]) in list.count }
            }
            for type in ["application/json", "Application/JSON; charset=utf-8"] {
                let message = Message(Data(" [7] ".utf8), contentType: type)
                let list = try await mesh.call("takes", "list", message: message)
                XCTAssertEqual(try list.message.decode(as: Int.self), 1)
                let data = try await mesh.call("takes", "data", message: message)
                XCTAssertEqual(try data.message.decode(as: Int.self), 5)
            }
            for type in ["text/plain", "application/jsonl", ""] {
                let message = Message(Data("[7]".utf8), contentType: type)
                let info = await assertFails(.invalidArgument) {
                    try await mesh.call("takes", "list", message: message)
                }
                XCTAssertEqual(info.service, "takes")
            }
        }
    }

    func testARequestThatIsNotTheJSONThatItsHandlerTakesIsAnInvalidArgument() async throws {
        try await withFreshMesh { mesh in
            let calls = Box<Int>()
            try await mesh.register("count") { $0.method { (number: Int) in await calls.add(number) } }
            let bad: [Data] = [
                Data(), Data("{".utf8), Data([0xff]), Data("NaN".utf8), Data("1 2".utf8), Data("1.5".utf8),
                Data(#""1""#.utf8), Data("null".utf8), Data(repeating: UInt8(ascii: "["), count: 100_000),
                Data(repeating: UInt8(ascii: "9"), count: 10_000),
            ]
            for payload in bad {
                let message = Message(payload, contentType: "application/json")
                await assertFails(.invalidArgument) { try await mesh.call("count", message: message) }
            }
            let taken = await calls.values
            XCTAssertEqual(taken, [])
            try await mesh.call("count", "", 1)
        }
    }

    func testAReplyThatIsNotTheJSONThatItsCallerTakesIsInternal() async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("broken") { service in
                service.method("syntax") { (_: Message, _) in
                    Message(Data("{".utf8), contentType: "application/json")
                }
                service.method("type") { "text" }
                service.method("bytes") { Data([1]) }
            }
            for method in ["syntax", "type", "bytes"] {
                let info = await assertFails(.internal) {
                    try await mesh.call("broken", method, returning: Int.self)
                }
                XCTAssert(info.reason.contains("cannot be read"), info.reason)
                XCTAssertEqual(info.service, "broken")
                XCTAssertEqual(info.method, method)
                XCTAssertNotNil(info.instanceID)
            }
        }
    }

    func testAValueThatJSONCannotExpressIsRefused() async throws {
        struct Refuses: Codable {
            init() {}
            init(from decoder: any Decoder) throws {}
            func encode(to encoder: any Encoder) throws {
                throw EncodingError.invalidValue(1, .init(codingPath: [], debugDescription: "it will not"))
            }
        }
        try await withFreshMesh { mesh in
            try await mesh.register("wrong") { service in
                service.method("nan") { [1, Double.nan] }
                service.method("refuses") { Refuses() }
            }
            await assertFails(.invalidArgument) { try await mesh.call("wrong", "nan", Double.infinity) }
            await assertFails(.invalidArgument) { try await mesh.publish("topic", Refuses()) }
            for method in ["nan", "refuses"] {
                let info = await assertFails(.internal) { try await mesh.call("wrong", method) }
                XCTAssert(info.reason.contains("cannot be sent"), info.reason)
            }
        }
    }

    func testAPayloadOverTheLimitIsRefusedOnEveryWay() async throws {
        let large = Data(count: 16 * mebibyte)
        try await withFreshMesh { mesh in
            try await mesh.register("echo") { service in
                service.method("large") { Data(count: 16 * mebibyte) }
                echo(&service)
            }
            await assertFails(.resourceExhausted) { try await mesh.call("echo", "", large) }
            await assertFails(.resourceExhausted) { try await mesh.call("echo", "large") }
            await assertFails(.resourceExhausted) { try await mesh.publish("topic", large) }
            let answer: String = try await mesh.call("echo", "", "small")
            XCTAssertEqual(answer, "small")
        }
    }

    func testAPayloadOverTheDefaultLimitPassesWhereTheLimitIsRaised() async throws {
        try await withFreshMesh(options: MeshOptions(maxPayloadBytes: 16 * mebibyte)) { mesh in
            try await mesh.register("echo") { echo(&$0) }
            let large = bytes(16 * mebibyte)
            let answer: Data = try await mesh.call("echo", "", large)
            XCTAssertEqual(answer, large)
            await assertFails(.resourceExhausted) { try await mesh.call("echo", "", bytes(16 * mebibyte + 1)) }
        }
    }
}
