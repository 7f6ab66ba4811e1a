// The façade's defaults are written where Swift programmers see them, and are the library's.

import CommyFFI
import XCTest

@testable import Commy

extension LifecycleTests {
    func testTheFacadesDefaultsAreTheLibrarys() throws {
        XCTAssertEqual(try Commy.MeshOptions().lower(name: "n"), CommyFFI.MeshOptions(name: "n"))
        XCTAssertEqual(try Commy.CircuitBreaker().lower(), CommyFFI.CircuitBreaker())
        XCTAssertEqual(try Commy.CallOptions().lower(), CommyFFI.CallOptions())
        XCTAssertEqual(try Commy.HealthCheck(.tcp).lower(), CommyFFI.HealthCheck(probe: .tcp))
    }
}
