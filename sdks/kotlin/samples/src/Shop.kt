import com.sun.net.httpserver.HttpServer
import dev.commy.BadRequestException
import dev.commy.ChangeKind
import dev.commy.CommyException
import dev.commy.Event
import dev.commy.HandlerException
import dev.commy.HealthCheck
import dev.commy.Mesh
import dev.commy.ServiceBuilder
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.future.await
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

// The shop: three services that call each other and publish events, and an outside HTTP server that is advertised,
// probed, and drops out of discovery when it is stopped. Without arguments, all of it is in one process and is checked;
// with `warehouse` or `counter`, a part of it is opened, which finds the other in another terminal.

@Serializable
data class Order(
    val item: String,
    val count: Int = 0,
)

@Serializable
data class Payment(
    val amount: Int,
)

@Serializable
data class Receipt(
    val paid: Int,
    val order: String,
)

@Serializable
data class Sold(
    val id: String,
    val receipt: Receipt,
)

@Serializable
data class Left(
    val left: Int,
)

@Serializable
data class Created(
    val id: String,
    val item: String,
    val count: Int,
)

@Serializable
data class Declined(
    val id: String,
    val why: String,
)

@Serializable
data class Invoice(
    val invoice: String,
)

private fun ServiceBuilder.inventory() {
    val stock = mutableMapOf("tea" to 10, "cup" to 2)
    method("reserve") { wanted: Order ->
        synchronized(stock) {
            val left = stock[wanted.item] ?: 0
            if (left < wanted.count) {
                throw HandlerException(
                    "OUT_OF_STOCK",
                    "$left of ${wanted.item} left",
                    buildJsonObject { put("left", left) },
                )
            }
            stock[wanted.item] = left - wanted.count
            Left(left - wanted.count)
        }
    }
    method("release") { wanted: Order ->
        synchronized(stock) { stock.merge(wanted.item, wanted.count, Int::plus) }
        Unit
    }
    method("levels") { _: Unit -> synchronized(stock) { stock.toMap() } }
}

private const val PAYMENT_LIMIT = 100

private fun ServiceBuilder.payments() {
    method("charge") { payment: Payment ->
        if (payment.amount > PAYMENT_LIMIT) {
            throw HandlerException("DECLINED", "${payment.amount} is over the limit of $PAYMENT_LIMIT")
        }
        Receipt(payment.amount, headers.getValue("order-id"))
    }
}

private fun ServiceBuilder.orders(mesh: Mesh) {
    val prices = mapOf("tea" to 4, "cup" to 60)
    val number = AtomicInteger()
    method("create") { order: Order ->
        val price = prices[order.item]
        if (price == null || order.count < 1) {
            throw BadRequestException("an order names an item of ${prices.keys} and a count, not $order")
        }
        val id = "order-${number.incrementAndGet()}"
        // What is left of the caller's time is all that these calls may take.
        try {
            mesh.call<Left>("inventory", "reserve", order, timeout = timeLeft)
        } catch (refused: CommyException.HandlerFailed) {
            // Passed on on purpose: what another service says is not this one's word by itself.
            throw HandlerException(refused.code, refused.reason, refused.details)
        }
        val receipt =
            try {
                val payment = Payment(price * order.count)
                mesh.call<Receipt>("payments", "charge", payment, timeout = timeLeft, headers = mapOf("order-id" to id))
            } catch (declined: CommyException.HandlerFailed) {
                mesh.call<Unit>("inventory", "release", order)
                mesh.publish("orders/declined", Declined(id, declined.code))
                throw HandlerException(declined.code, declined.reason)
            }
        mesh.publish("orders/created", Created(id, order.item, order.count))
        Sold(id, receipt)
    }
}

/** The outside server: a health page, and invoices. */
private class Invoicing : AutoCloseable {
    private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
    val address = "http://127.0.0.1:${server.address.port}"

    init {
        server.createContext("/health") { exchange ->
            exchange.sendResponseHeaders(204, -1)
            exchange.close()
        }
        server.createContext("/invoices") { exchange ->
            val id = exchange.requestBody.readBytes().decodeToString()
            val body = Json.encodeToString(Invoice("invoice for $id")).encodeToByteArray()
            exchange.sendResponseHeaders(200, body.size.toLong())
            exchange.responseBody.use { it.write(body) }
        }
        server.start()
    }

    override fun close() = server.stop(0)
}

private fun <T> expect(
    what: String,
    found: T,
    expected: T,
) {
    check(found == expected) { "$what: found $found, expected $expected" }
    println("$what: $found")
}

/** Why an order is refused. */
private suspend fun Mesh.refused(order: Order): String =
    try {
        "it was not: ${call<Sold>("orders", "create", order)}"
    } catch (error: CommyException.HandlerFailed) {
        error.code
    } catch (error: CommyException.InvalidArgument) {
        error.status.name
    }

private suspend fun sell(mesh: Mesh) {
    mesh.openSubscription("orders/*").use { events ->
        val sold = mesh.call<Sold>("orders", "create", Order("tea", 3), timeout = 2.seconds)
        expect("an order", sold, Sold("order-1", Receipt(12, "order-1")))
        expect("more cups than there are", mesh.refused(Order("cup", 3)), "OUT_OF_STOCK")
        expect("more than the card allows", mesh.refused(Order("cup", 2)), "DECLINED")
        expect("an order for nothing", mesh.refused(Order("moon")), "INVALID_ARGUMENT")
        expect("what is left", mesh.call<Map<String, Int>>("inventory", "levels"), mapOf("tea" to 7, "cup" to 2))

        val many =
            coroutineScope { List(7) { async { mesh.call<Sold>("orders", "create", Order("tea", 1)) } }.awaitAll() }
        expect("seven at once", many.distinctBy { it.id }.size, 7)
        expect("one more", mesh.refused(Order("tea", 1)), "OUT_OF_STOCK")

        val told = List(9) { events.receive() as Event }
        expect("the first event", told[0].topic to told[0].value<Created>().id, "orders/created" to "order-1")
        expect("the second event", told[1].topic to told[1].value<Declined>().why, "orders/declined" to "DECLINED")
        expect("the others", told.drop(2).map { it.topic }.toSet(), setOf("orders/created"))
    }
}

private suspend fun invoice(mesh: Mesh) {
    mesh.openWatch("invoicing").use { changes ->
        Invoicing().use { server ->
            val check = HealthCheck.Http("/health", interval = 50.milliseconds, timeout = 500.milliseconds, fall = 2)
            mesh.advertise("invoicing", server.address, check)
            expect("the outside server is", changes.receive()?.kind, ChangeKind.ADDED)
            val endpoint = mesh.discover("invoicing").single().endpoint
            expect("found at its address", endpoint, server.address)
            expect("dialled by us", dial("$endpoint/invoices", "order-1"), Invoice("invoice for order-1"))
            try {
                mesh.call<Unit>("invoicing", "create")
            } catch (error: CommyException.FailedPrecondition) {
                expect("and not through the mesh", server.address in error.reason, true)
            }
        }
        expect("stopped, it is", changes.receive()?.kind, ChangeKind.REMOVED)
        expect("and found no more", mesh.discover("invoicing"), emptyList())
    }
}

private suspend fun dial(
    endpoint: String,
    body: String,
): Invoice {
    val request = HttpRequest.newBuilder(URI(endpoint)).POST(HttpRequest.BodyPublishers.ofString(body)).build()
    return Json.decodeFromString(
        HttpClient
            .newHttpClient()
            .sendAsync(request, BodyHandlers.ofString())
            .await()
            .body(),
    )
}

/** All of the shop in one process, which keeps to itself. */
private suspend fun whole() {
    Mesh("shop") { localOnly = true }.use { mesh ->
        Part.entries.forEach { mesh.serve(it) }
        expect("services", mesh.activeServiceCount(), 3L)
        sell(mesh)
        invoice(mesh)
        expect("messages that left this process", mesh.stats.fabricMessages, 0L)
    }
    println("the shop is closed: all as it should be")
}

/** The parts of the shop for two terminals, and the service of the other that each of them looks for. */
private enum class Part(
    val needs: String,
) {
    WAREHOUSE("orders"),
    COUNTER("inventory"),
    ;

    val other get() = entries.single { it != this }

    override fun toString() = name.lowercase()
}

/** Registers the services of a part of the shop. */
private suspend fun Mesh.serve(part: Part) {
    val mesh = this
    when (part) {
        Part.WAREHOUSE -> {
            service("inventory", version = "1.0.0") { inventory() }
        }

        Part.COUNTER -> {
            service("payments", version = "1.0.0") { payments() }
            service("orders", version = "2.1.0", tags = listOf("entrance")) { orders(mesh) }
        }
    }
}

/** Opens a part of the shop, which finds the other wherever it runs, until Ctrl-C. */
private suspend fun open(part: Part) {
    val opened = TimeSource.Monotonic.markNow()
    val other = part.other
    Mesh("shop").use { mesh ->
        // The counter sells once it knows of a warehouse.
        if (part == Part.WAREHOUSE) mesh.serve(part)
        println("the $part is open as node ${mesh.nodeId.take(8)}, and looks for the $other (Ctrl-C closes it)")
        mesh.watch(part.needs).collect { change ->
            val where = "node ${change.instance.nodeId.take(8)}"
            if (change.kind == ChangeKind.REMOVED) println("the $other on $where is closed")
            if (change.kind == ChangeKind.ADDED) {
                println("found the $other on $where, ${opened.elapsedNow()} after opening")
                println(mesh.greet(other))
                if (mesh.registrations.isEmpty()) mesh.serve(part)
            }
        }
    }
}

/** Calls the other part, and says what it answered. */
private suspend fun Mesh.greet(other: Part): String =
    try {
        when (other) {
            Part.WAREHOUSE -> "in the warehouse there are ${call<Map<String, Int>>("inventory", "levels")}"
            Part.COUNTER -> "sold by the counter: ${call<Sold>("orders", "create", Order("tea", 1))}"
        }
    } catch (error: CommyException) {
        // It may close just now, or have nothing left.
        "the $other does not serve: ${error.status}, ${error.reason}"
    }

suspend fun main(arguments: Array<String>) {
    val name = arguments.firstOrNull() ?: "whole"
    if (name == "whole") return whole()
    val part = Part.entries.find { it.toString() == name }
    open(requireNotNull(part) { "the parts of the shop are ${Part.entries}, not $name" })
}
