import XCTest
final class CallTests: XCTestCase { func testX() {} }
