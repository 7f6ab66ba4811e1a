// Every failure is a CommyError by its status, with what is known of it; the process goes on.

import Commy
import XCTest

private struct Custom: Error, CustomStringConvertible {
    var description = "it broke: ä"
}

private struct Localized: LocalizedError {
    var errorDescription: String? { "it is told" }
}

private enum Plain: Error {
    case empty
}

private struct Left: Codable, Hashable {
    var left = 2
    var of = ["ä"]
}

final class ErrorsTests: MeshTestCase {
    private func withFailing(_ body: (Mesh) async throws -> Void) async throws {
        try await withFreshMesh { mesh in
            try await mesh.register("fails") { service in
                service.method("custom") { throw Custom() }
                service.method("localized") { throw Localized() }
                service.method("plain") { throw Plain.empty }
                service.method("told") { throw try HandlerError("OUT_OF_STOCK", "2 left", details: Left()) }
                service.method("brief") { throw HandlerError("DECLINED", "not today") }
                service.method("bad") { throw BadRequest("an order needs an id") }
                service.method("forwards") { try await mesh.call("nobody") }
                service.method("long") {
                    throw HandlerError(
                        String(repeating: "C", count: 1000), String(repeating: "r", count: 100_000))
                }
                service.method("cancelled") { throw CancellationError() }
                service.method("fine") { "fine" }
            }
            try await body(mesh)
            let fine: String = try await mesh.call("fails", "fine")
            XCTAssertEqual(fine, "fine")
        }
    }

    func testAnErrorThatAHandlerDoesNotCatchIsToldByItsTypeAndText() async throws {
        try await withFailing { mesh in
            let custom = await assertFails(.handlerFailed) { try await mesh.call("fails", "custom") }
            XCTAssertEqual(custom.code, "Custom")
            XCTAssertEqual(custom.reason, "it broke: ä")
            XCTAssertEqual(custom.service, "fails")
            XCTAssertEqual(custom.method, "custom")
            XCTAssertEqual(custom.attempts, 1)
            XCTAssertEqual(custom.instanceID, try mesh.discover("fails")[0].id)
            XCTAssertNil(custom.details)
            let localized = await assertFails(.handlerFailed) { try await mesh.call("fails", "localized") }
            XCTAssertEqual(localized.code, "Localized")
            XCTAssertEqual(localized.reason, "it is told")
            let plain = await assertFails(.handlerFailed) { try await mesh.call("fails", "plain") }
            XCTAssertEqual(plain.code, "Plain")
            XCTAssertEqual(plain.reason, "empty")
        }
    }

    func testAHandlersOwnErrorBringsItsCodeAndDetails() async throws {
        try await withFailing { mesh in
            let told = await assertFails(.handlerFailed) { try await mesh.call("fails", "told") }
            XCTAssertEqual(told.code, "OUT_OF_STOCK")
            XCTAssertEqual(told.reason, "2 left")
            XCTAssertEqual(try told.details(as: Left.self), Left())
            XCTAssertThrowsError(try told.details(as: Int.self))
            let brief = await assertFails(.handlerFailed) { try await mesh.call("fails", "brief") }
            XCTAssertEqual(brief.code, "DECLINED")
            XCTAssertNil(try brief.details(as: Left.self))
        }
    }

    func testAnErrorIsCaughtByItsCaseAndItsCode() async throws {
        try await withFailing { mesh in
            do {
                try await mesh.call("fails", "told")
                XCTFail("it did not fail")
            } catch CommyError.handlerFailed(let info) where info.code == "OUT_OF_STOCK" {
                XCTAssertEqual(info.reason, "2 left")
            }
        }
    }

    func testARequestThatAHandlerCannotUnderstandIsAnInvalidArgument() async throws {
        try await withFailing { mesh in
            let info = await assertFails(.invalidArgument) { try await mesh.call("fails", "bad") }
            XCTAssertEqual(info.reason, "an order needs an id")
        }
    }

    func testAnErrorOfCommyThatAHandlerDoesNotCatchIsToldByItsStatus() async throws {
        try await withFailing { mesh in
            let info = await assertFails(.handlerFailed) { try await mesh.call("fails", "forwards") }
            XCTAssertEqual(info.code, "NotFound")
            XCTAssert(info.reason.contains("nobody"), info.reason)
            XCTAssertEqual(info.service, "fails")
        }
    }

    func testAHandlerThatSaysItWasCancelledIsInternal() async throws {
        try await withFailing { mesh in
            let info = await assertFails(.internal) { try await mesh.call("fails", "cancelled") }
            XCTAssertEqual(info.reason, "the handler's task was cancelled")
        }
    }

    func testAnEndlessCodeDoesNotSilenceTheFailure() async throws {
        try await withFailing { mesh in
            do {
                try await mesh.call("fails", "long")
                XCTFail("it did not fail")
            } catch let error as CommyError {
                XCTAssert([.handlerFailed, .internal].contains(error.status), "\(error)")
            }
        }
    }

    func testDetailsThatJSONCannotExpressAreRefusedWhereTheyAreGiven() {
        XCTAssertThrowsError(try HandlerError("CODE", "reason", details: Double.nan)) { error in
            XCTAssert(error is EncodingError, "\(error)")
        }
    }

    func testStatusesHaveTheNumbersAndNamesOfEveryLanguage() {
        let names = CommyError.Status.allCases.map { "\($0.rawValue) \($0.name)" }
        XCTAssertEqual(
            names,
            [
                "1 CANCELLED", "3 INVALID_ARGUMENT", "4 DEADLINE_EXCEEDED", "5 NOT_FOUND", "6 ALREADY_EXISTS",
                "7 PERMISSION_DENIED", "8 RESOURCE_EXHAUSTED", "9 FAILED_PRECONDITION", "12 UNIMPLEMENTED",
                "13 INTERNAL", "14 UNAVAILABLE", "16 UNAUTHENTICATED", "100 HANDLER_FAILED",
            ])
    }

    func testAnErrorSaysItsStatusAndReason() async throws {
        try await withFreshMesh { mesh in
            do {
                try await mesh.call("nobody")
                XCTFail("it did not fail")
            } catch {
                XCTAssert("\(error)".hasPrefix("NOT_FOUND: "), "\(error)")
                XCTAssertEqual(error.localizedDescription, "\(error)")
            }
        }
    }
}
