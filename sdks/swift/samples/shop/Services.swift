// The shop's own services: orders, inventory and payments, which call each other with JSON and tell
// of it in events.

import Commy

struct Order: Codable {
    var item: String
    var count: Int
}

struct Sold: Codable, Equatable {
    struct Receipt: Codable, Equatable {
        var paid: Int
        var order: String
    }

    var id: String
    var receipt: Receipt
}

/// What happened to an order, for whoever listens.
struct Told: Codable {
    var id: String
    var why: String?
}

/// What is on the shelves.
actor Inventory {
    struct Left: Codable {
        var left: Int
    }

    private(set) var levels = ["tea": 10, "cup": 2]

    func reserve(_ order: Order) throws -> Left {
        let left = levels[order.item, default: 0]
        guard left >= order.count else {
            throw try HandlerError("OUT_OF_STOCK", "\(left) of \(order.item) left", details: Left(left: left))
        }
        levels[order.item] = left - order.count
        return Left(left: left - order.count)
    }

    func release(_ order: Order) {
        levels[order.item, default: 0] += order.count
    }

    nonisolated func register(in mesh: Mesh) async throws {
        try await mesh.register("inventory", version: "1.0.0") { service in
            service.method("reserve") { (order: Order) in try await self.reserve(order) }
            service.method("release") { (order: Order) in await self.release(order) }
            service.method("levels") { await self.levels }
        }
    }
}

/// Takes the money.
struct Payments {
    struct Payment: Codable {
        var amount: Int
    }

    let limit = 100

    func register(in mesh: Mesh) async throws {
        let limit = limit
        try await mesh.register("payments", version: "1.0.0") { service in
            service.method("charge") { (payment: Payment, context) in
                guard payment.amount <= limit else {
                    throw HandlerError("DECLINED", "\(payment.amount) is over the limit of \(limit)")
                }
                return Sold.Receipt(paid: payment.amount, order: context.headers["order-id"] ?? "")
            }
        }
    }
}

/// Takes orders, and has the others do the work.
actor Orders {
    private let mesh: Mesh
    private let prices = ["tea": 4, "cup": 60]
    private var count = 0

    init(mesh: Mesh) {
        self.mesh = mesh
    }

    func create(_ order: Order, _ context: Context) async throws -> Sold {
        guard let price = prices[order.item], order.count > 0 else {
            throw BadRequest("an order names an item of \(prices.keys.sorted()) and a count, not \(order)")
        }
        count += 1
        let id = "order-\(count)"
        // What is left of the caller's time is all that these calls may take.
        try await forwarding {
            try await mesh.call("inventory", "reserve", order, options: CallOptions(timeout: context.timeLeft))
        }
        do {
            let payment = Payments.Payment(amount: price * order.count)
            let receipt: Sold.Receipt = try await mesh.call(
                "payments", "charge", payment, headers: ["order-id": id],
                options: CallOptions(timeout: context.timeLeft))
            try await mesh.publish("orders/created", Told(id: id))
            return Sold(id: id, receipt: receipt)
        } catch CommyError.handlerFailed(let declined) {
            try await mesh.call("inventory", "release", order)
            try await mesh.publish("orders/declined", Told(id: id, why: declined.code))
            throw HandlerError(declined.code ?? "", declined.reason)
        }
    }

    /// Tells the caller why another service refused, in that service's own words.
    private func forwarding(_ call: () async throws -> Void) async throws {
        do {
            try await call()
        } catch CommyError.handlerFailed(let refused) {
            throw HandlerError(refused.code ?? "", refused.reason)
        }
    }

    nonisolated func register() async throws {
        try await mesh.register("orders", version: "2.1.0", tags: ["entrance"]) { service in
            service.method("create") { (order: Order, context) in try await self.create(order, context) }
        }
    }
}
