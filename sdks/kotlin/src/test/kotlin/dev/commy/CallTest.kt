package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.util.concurrent.CountDownLatch
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** A call reaches one instance that its caller's options allow, and brings back its answer. */
class CallTest {
    @Test
    fun `values travel both ways`() =
        meshTest { mesh ->
            mesh.echo()
            val value = Json.parseToJsonElement("""{"id":1,"items":["ä",null,1.5,true]}""")
            assertEquals(value, mesh.call<JsonElement>("echo", "any", value))
            assertEquals(Order(1, listOf("tea")), mesh.call<Order>("echo", "any", Order(1, listOf("tea"))))
            assertEquals(JsonNull, mesh.call<JsonElement>("echo"))
            assertEquals(null, mesh.call<Order?>("echo"))
            mesh.call<Unit>("echo", payload = Order(1))
        }

    @Test
    fun `headers travel both ways`() =
        meshTest { mesh ->
            mesh.service("headers") {
                anyMethod { value: String ->
                    reply(value, mapOf("seen" to headers["trace"].orEmpty(), "method" to method))
                }
            }
            val reply = mesh.request("headers", "read", "hi", headers = mapOf("trace" to "abc-ü"))
            assertEquals("hi", reply.value<String>())
            assertEquals(mapOf("seen" to "abc-ü", "method" to "read"), reply.headers)
            assertEquals("application/json", reply.contentType)
            assertEquals(mesh.discover("headers").single().id, reply.servedBy)
        }

    @Test
    fun `a handler learns of the call`() =
        meshTest { mesh ->
            val learnt = CompletableDeferred<CallContext>()
            mesh.service("learn") { anyMethod { _: Unit -> learnt.complete(this) } }
            mesh.call<Boolean>("learn", "now", timeout = 5.seconds)
            val context = learnt.await()
            assertEquals(listOf("learn", "now", mesh.nodeId), context.run { listOf(service, method, caller) })
            assertEquals(1 to "application/json", context.attempt to context.contentType)
            assertTrue(context.timeLeft in 1.milliseconds..5.seconds) { context.toString() }
            assertTrue(context.deadline <= TimeSource.Monotonic.markNow() + 5.seconds)
            assertTrue(context.toString().startsWith("CallContext(service=learn, method=now, headers={}"))
        }

    @Test
    fun `without a timeout the mesh's own holds`() =
        meshTest({ callTimeout = 50.milliseconds }) { mesh ->
            mesh.stuck(Stuck())
            failsWith<CommyException.DeadlineExceeded> { mesh.call<Unit>("stuck") }
        }

    @Test
    fun `a timeout of zero is exceeded at once, and nothing is sent`() =
        meshTest { mesh ->
            var calls = 0
            mesh.service("count") { anyMethod { _: Unit -> ++calls } }
            failsWith<CommyException.DeadlineExceeded> { mesh.call<Int>("count", timeout = Duration.ZERO) }
            assertEquals(1, mesh.call<Int>("count", timeout = 5.seconds))
        }

    @Test
    fun `a timeout that is no time is refused, and any that is a time is taken`() =
        meshTest { mesh ->
            mesh.echo()
            for (bad in listOf((-1).seconds, (-1).nanoseconds, Duration.INFINITE, -Duration.INFINITE)) {
                failsWith<CommyException.InvalidArgument>(
                    "timeout must be a finite duration of at least zero, not $bad",
                ) {
                    mesh.call<Unit>("echo", timeout = bad)
                }
            }
            failsWith<CommyException.InvalidArgument>("timeout") { mesh.call<Unit>("echo", timeout = 366.days) }
            assertEquals(1, mesh.call<Int>("echo", payload = 1, timeout = 365.days))
            assertEquals(1uL, milliseconds("a short one", 1.microseconds))
            assertEquals(2uL, milliseconds("an odd one", 1_001.microseconds))
        }

    @ParameterizedTest
    @MethodSource("methods")
    fun `a handler that hangs exceeds the deadline, and its service goes on`(method: String) =
        meshTest { mesh ->
            val mayEnd = CountDownLatch(1)
            mesh.service("hangs", context = Dispatchers.IO) {
                method<Unit, Unit>("suspend") { Stuck().wait(this) }
                method("block") { _: Unit -> mayEnd.await() }
                method("fine") { _: Unit -> "fine" }
            }
            val error =
                failsWith<CommyException.DeadlineExceeded> {
                    mesh.call<Unit>("hangs", method, timeout = 50.milliseconds)
                }
            assertEquals("hangs" to method, error.service to error.method)
            assertEquals("fine", mesh.call<String>("hangs", "fine"))
            mayEnd.countDown()
        }

    @Test
    fun `an unknown service is not found, and named`() =
        meshTest { mesh ->
            val error = failsWith<CommyException.NotFound>("nobody") { mesh.call<Unit>("nobody", "method") }
            assertEquals("nobody" to 0, error.service to error.attempts)
        }

    @Test
    fun `a requirement that no instance meets is not found`() =
        meshTest { mesh ->
            mesh.service("orders", "1.0.0", listOf("eu"), mapOf("tier" to "gold")) { anyMethod { _: Unit -> } }
            mesh.call<Unit>("orders", version = "^1", tags = listOf("eu"), metadata = mapOf("tier" to "gold"))
            failsWith<CommyException.NotFound> { mesh.call<Unit>("orders", version = "^2") }
            failsWith<CommyException.NotFound> { mesh.call<Unit>("orders", tags = listOf("us")) }
            failsWith<CommyException.NotFound> { mesh.call<Unit>("orders", metadata = mapOf("tier" to "lead")) }
        }

    @ParameterizedTest
    @MethodSource("badCalls")
    fun `a call that breaks a rule is refused`(bad: Pair<String, suspend (Mesh) -> Unit>) =
        meshTest { mesh ->
            mesh.echo()
            failsWith<CommyException.InvalidArgument> { bad.second(mesh) }
            assertEquals(1, mesh.call<Int>("echo", "m", 1))
        }

    @Test
    fun `round robin takes each in turn`() =
        meshTest({ balance = Balance.ROUND_ROBIN }) { mesh ->
            repeat(3) { mesh.echo() }
            val served = List(6) { mesh.request("echo").servedBy }
            assertEquals(3, served.take(3).toSet().size)
            assertEquals(served.take(3), served.drop(3))
        }

    @Test
    fun `one routing key reaches one instance`() =
        meshTest { mesh ->
            repeat(5) { mesh.echo() }

            suspend fun served(key: String) =
                mesh.request("echo", routingKey = key, balance = Balance.CONSISTENT_HASH).servedBy

            for (key in listOf("a", "b", "c")) assertEquals(1, List(5) { served(key) }.toSet().size)
            assertTrue(List(50) { served("key-$it") }.toSet().size > 1)
        }

    @Test
    fun `an instance in the mesh's own zone is preferred`() =
        meshTest({
            zone = "here"
            balance = Balance.ROUND_ROBIN
        }) { mesh ->
            val near = mesh.echo()
            mesh.service("echo", zone = "there") { anyMethod { message: Message -> message } }
            repeat(4) { assertEquals(near.instance.id, mesh.request("echo").servedBy) }
            assertEquals(2, List(4) { mesh.request("echo", zoneFirst = false).servedBy }.toSet().size)
        }

    @Test
    fun `an in-flight limit that is reached refuses one more`() =
        meshTest { mesh ->
            val begun = Channel<Int>(2)
            val mayEnd = CompletableDeferred<Unit>()
            mesh.service("slow", maxInFlight = 2) {
                anyMethod { value: Int ->
                    begun.send(value)
                    mayEnd.await()
                    value
                }
            }
            val calls = List(2) { async { mesh.call<Int>("slow", payload = it) } }
            repeat(2) { begun.receive() }
            val error = failsWith<CommyException.ResourceExhausted> { mesh.call<Int>("slow", payload = 3) }
            assertEquals("slow", error.service)
            mayEnd.complete(Unit)
            assertEquals(listOf(0, 1), calls.awaitAll())
            assertEquals(4, mesh.call<Int>("slow", payload = 4))
        }

    @Test
    fun `a circuit that fails too often is opened`() =
        meshTest({ breaker = CircuitBreaker(requestsMin = 3, window = 60.seconds, open = 60.seconds) }) { mesh ->
            mesh.service("broken") { method<Unit, Unit>("m") { throw CancelledByItself() } }
            repeat(3) { failsWith<CommyException.Internal> { mesh.call<Unit>("broken", "m") } }
            failsWith<CommyException.Unavailable> { mesh.call<Unit>("broken", "m", timeout = 1.seconds) }
            assertEquals(3, mesh.stats.requestsHandled)
        }

    private class CancelledByItself : kotlinx.coroutines.CancellationException("by itself")

    @Test
    fun `a handler may call on`() =
        meshTest { mesh ->
            mesh.service("countdown") {
                anyMethod { number: Int ->
                    if (number == 0) {
                        listOf(0)
                    } else {
                        listOf(number) + mesh.call<List<Int>>("countdown", payload = number - 1, timeout = timeLeft)
                    }
                }
            }
            assertEquals((20 downTo 0).toList(), mesh.call<List<Int>>("countdown", payload = 20))
        }

    @Test
    fun `counters tell of calls`() =
        meshTest { mesh ->
            mesh.echo()
            repeat(3) { mesh.call<Unit>("echo") }
            failsWith<CommyException.NotFound> { mesh.call<Unit>("nobody") }
            val stats = mesh.stats
            assertEquals(3, stats.callsOk)
            assertEquals(mapOf(Status.NOT_FOUND to 1L), stats.callsFailed)
            assertEquals(3, stats.requestsHandled)
            assertEquals(listOf(0L, 0L, 1L), stats.run { listOf(callsInFlight, requestsInFlight, registrations) })
            assertEquals(listOf(0L, 0L), stats.run { listOf(peers, fabricMessages) })
        }

    companion object {
        @JvmStatic
        fun methods() = listOf("suspend", "block")

        @JvmStatic
        fun badCalls() =
            listOf<Pair<String, suspend (Mesh) -> Unit>>(
                "no service" to { it.call<Unit>("") },
                "a long service" to { it.call<Unit>("s".repeat(129)) },
                "a service with a space" to { it.call<Unit>("has space") },
                "a service that is not ASCII" to { it.call<Unit>("größe") },
                "a service that is no text" to { it.call<Unit>("\udcff") },
                "a long method" to { it.call<Unit>("echo", "m".repeat(129)) },
                "a method with a space" to { it.call<Unit>("echo", "has space") },
                "a method that is no text" to { it.call<Unit>("echo", "\udcff") },
                "a header without a key" to { it.call<Unit>("echo", headers = mapOf("" to "value")) },
                "a long header" to { it.call<Unit>("echo", headers = mapOf("key" to "v".repeat(4097))) },
                "a header that is no text" to { it.call<Unit>("echo", headers = mapOf("key" to "\udcff")) },
                "too many headers" to { it.call<Unit>("echo", headers = List(65) { n -> "$n" to "" }.toMap()) },
                "a long content type" to { it.call<Unit>("echo", contentType = "c".repeat(257)) },
                "a content type that is no text" to { it.call<Unit>("echo", contentType = "\udcff") },
                "a long routing key" to { it.call<Unit>("echo", routingKey = "k".repeat(1025)) },
                "a routing key that is no text" to { it.call<Unit>("echo", routingKey = "\udcff") },
                "no version" to { it.call<Unit>("echo", version = "not a version") },
                "an empty tag" to { it.call<Unit>("echo", tags = listOf("")) },
            )
    }
}
