// A small shop: it sells, and has its invoices sent by an outside HTTP server that knows nothing of
// commy, which is advertised, probed, found and dialled, and drops out of discovery when it stops.
//
// The program checks what it shows, and ends with exit code 0 only if all of it is as it should be.

import Commy
import Foundation
import OutsideServer

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@main
struct Shop {
    let mesh: Mesh

    static func main() async throws {
        // All of the shop is in this process, which keeps to itself.
        let options = MeshOptions(callTimeout: .seconds(5), fabric: .localOnly)
        try await withMesh("shop", options: options) { mesh in
            let shop = Shop(mesh: mesh)
            try await Inventory().register(in: mesh)
            try await Payments().register(in: mesh)
            try await Orders(mesh: mesh).register()
            check("services", try mesh.activeServiceCount, 3)
            try await shop.sell()
            try await shop.invoice()
            check("messages that left this process", mesh.stats.fabricMessages, 0)
        }
        print("the shop is closed: all as it should be")
    }

    func sell() async throws {
        let events = try await mesh.subscribe("orders/*")
        let sold: Sold = try await mesh.call(
            "orders", "create", Order(item: "tea", count: 3), options: CallOptions(timeout: .seconds(2)))
        check("an order", sold, Sold(id: "order-1", receipt: .init(paid: 12, order: "order-1")))
        check("more cups than there are", try await refused(Order(item: "cup", count: 3)), "OUT_OF_STOCK")
        check("more than the card allows", try await refused(Order(item: "cup", count: 2)), "DECLINED")
        check("an order for nothing", try await refused(Order(item: "moon", count: 1)), "INVALID_ARGUMENT")
        let levels: [String: Int] = try await mesh.call("inventory", "levels")
        check("what is left", levels, ["tea": 7, "cup": 2])

        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<7 {
                group.addTask {
                    try await mesh.call("orders", "create", Order(item: "tea", count: 1), returning: Sold.self).id
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        check("seven at once", ids.count, 7)
        check("one more", try await refused(Order(item: "tea", count: 1)), "OUT_OF_STOCK")

        var told: [Event] = []
        for await event in events {
            told.append(event)
            if told.count == 9 { break }
        }
        check(
            "the first event", "\(told[0].topic) \(try told[0].message.decode(as: Told.self).id)",
            "orders/created order-1")
        check(
            "the second event", "\(told[1].topic) \(try told[1].message.decode(as: Told.self).why ?? "")",
            "orders/declined DECLINED")
        check("the others", Set(told[2...].map(\.topic)), ["orders/created"])
    }

    /// Why an order is refused.
    func refused(_ order: Order) async throws -> String {
        do {
            return "it was not: \(try await mesh.call("orders", "create", order, returning: Sold.self))"
        } catch CommyError.handlerFailed(let info) {
            return info.code ?? ""
        } catch CommyError.invalidArgument {
            return CommyError.Status.invalidArgument.name
        }
    }

    func invoice() async throws {
        let server = try OutsideServer { method, _, body in
            (200, method == "GET" ? Data("up".utf8) : Data("invoice for ".utf8) + body)
        }
        let address = "http://127.0.0.1:\(server.port)"
        let changes = try mesh.watch("invoicing")
        let probe = HealthCheck.http("/health", interval: .milliseconds(50), timeout: .milliseconds(500), fall: 2)
        try await mesh.advertise("invoicing", at: address, check: probe)
        check("the outside server is", await kind(of: changes.next()), "added")
        let endpoint = try mesh.discover("invoicing").first?.endpoint
        check("found at its address", endpoint == address, true)
        check("dialled by us", try await dial(address), "invoice for order-1")
        check("and not through the mesh", try await reasonNotToCall().contains(address), true)
        server.stop()
        check("stopped, it is", await kind(of: changes.next()), "removed")
        check("and found no more", try mesh.discover("invoicing"), [])
    }

    func kind(of change: Change?) -> String {
        change.map { "\($0.kind)" } ?? "watched no more"
    }

    /// Why the mesh does not dial an outside server.
    func reasonNotToCall() async throws -> String {
        do {
            try await mesh.call("invoicing", "create")
            return "it does"
        } catch CommyError.failedPrecondition(let info) {
            return info.reason
        }
    }

    func dial(_ address: String) async throws -> String {
        var request = URLRequest(url: URL(string: "\(address)/invoices")!, timeoutInterval: 5)
        request.httpMethod = "POST"
        request.httpBody = Data("order-1".utf8)
        let (data, _) = try await URLSession.shared.data(for: request)
        return String(decoding: data, as: UTF8.self)
    }
}

func check<Value: Equatable>(_ what: String, _ found: Value, _ expected: Value) {
    guard found == expected else {
        print("\(what): found \(found), expected \(expected)")
        exit(1)
    }
    print("\(what): \(found)")
}
