package dev.commy

import dev.commy.ffi.FfiConverterTypeHandler
import dev.commy.ffi.uniffiContinuationHandleMap
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.MethodOrderer
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestMethodOrder
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.lang.ref.WeakReference
import java.util.logging.Level
import java.util.logging.Logger
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes

/** Nothing grows: not the process, nor what it holds for the runtime. */
@TestMethodOrder(MethodOrderer.DisplayName::class)
class MemoryTest {
    private fun handlers() = FfiConverterTypeHandler.handleMap.size

    private suspend fun nothingIsHeld(handlers: Int) {
        eventually("the runtime holds $handlers handlers, not ${handlers()}") { handlers() == handlers }
        eventually("nothing waits for the runtime") { uniffiContinuationHandleMap.size == 0 }
    }

    @Test
    fun `a hundred thousand calls leave no growth`() =
        meshTest(patience = PATIENCE_LOAD) { mesh ->
            mesh.service("echo") { anyMethod { value: ByteArray -> value } }

            suspend fun calls(count: Int) {
                val each = count / TASKS
                List(TASKS) {
                    async {
                        repeat(each) { assertEquals(1, mesh.call<ByteArray>("echo", payload = ByteArray(1)).size) }
                    }
                }.awaitAll()
            }
            Footprint.assertNoGrowth { calls(CALLS / 2) }
            assertEquals(CALLS.toLong(), mesh.stats.callsOk)
            assertEquals(0, mesh.stats.requestsInFlight)
            nothingIsHeld(handlers = 1)
        }

    @Test
    fun `ten thousand registrations leave no growth`() =
        meshTest(patience = PATIENCE_LOAD) { mesh ->
            suspend fun registrations(count: Int) {
                List(TASKS) { async { repeat(count / TASKS) { mesh.echo("passing").deregister() } } }.awaitAll()
            }
            Footprint.assertNoGrowth { registrations(REGISTRATIONS / 2) }
            assertEquals(0, mesh.stats.registrations)
            assertEquals(emptyList<Registration>(), mesh.registrations)
            nothingIsHeld(handlers = 0)
        }

    @ParameterizedTest
    @MethodSource("ways")
    fun `the less usual ways leave no growth either`(way: Pair<String, suspend (Mesh) -> Unit>) {
        val logger = Logger.getLogger("dev.commy")
        logger.level = Level.OFF
        try {
            meshTest({ maxPayloadBytes = 1L shl 12 }, PATIENCE_LOAD) { mesh ->
                mesh.service("service") {
                    method<Unit, Unit>("throws") { error("mine") }
                    method<Unit, Unit>("stuck") { CompletableDeferred<Unit>().await() }
                    method("size") { bytes: ByteArray -> bytes.size }
                }
                Footprint.assertNoGrowth { repeat(1000) { way.second(mesh) } }
                nothingIsHeld(handlers = 1)
            }
        } finally {
            logger.level = null
        }
    }

    @Test
    fun `a deregistered handler is let go`() =
        meshTest { mesh ->
            class Held {
                fun answer() = "held"
            }

            suspend fun register(): Pair<Registration, WeakReference<Held>> {
                val held = Held()
                return mesh.service("held") { anyMethod { _: Unit -> held.answer() } } to WeakReference(held)
            }
            val (registration, gone) = register()
            System.gc()
            assertEquals("held", mesh.call<String>("held"))
            registration.deregister()
            eventually("the handler is let go") {
                System.gc()
                gone.get() == null
            }
        }

    @Test
    fun `a stopped mesh is let go with all that it held`() =
        test {
            nothingIsHeld(handlers = 0)

            suspend fun live(): List<WeakReference<*>> =
                Mesh(newName()).use { mesh ->
                    repeat(10) { mesh.echo("service-$it") }
                    val watch = mesh.openWatch()
                    val events = mesh.openSubscription("**")
                    val waiting = launch { events.receive() }
                    waiting.cancelAndJoin()
                    assertEquals(10, handlers())
                    listOf(WeakReference(mesh), WeakReference(watch), WeakReference(events))
                }
            val gone = live()
            eventually("the mesh is let go") {
                System.gc()
                gone.all { it.get() == null }
            }
            nothingIsHeld(handlers = 0)
        }

    @Test
    fun `a subscription that is forgotten while it is waited for is ended`() =
        meshTest { mesh ->
            suspend fun forgotten(): WeakReference<Subscription> {
                val events = mesh.openSubscription("topic", capacity = 1, overflow = Overflow.BLOCK)
                val waiting = launch { events.receive() }
                waiting.cancelAndJoin()
                return WeakReference(events)
            }
            val gone = List(10) { forgotten() }
            eventually("the subscriptions are let go") {
                System.gc()
                gone.all { it.get() == null }
            }
            nothingIsHeld(handlers = 0)
            // None of them makes the publisher wait.
            repeat(5) { mesh.publish("topic", it) }
        }

    companion object {
        private const val CALLS = 100_000
        private const val REGISTRATIONS = 10_000
        private const val TASKS = 25

        /** Collecting what so many leave takes minutes where others are at work. */
        private val PATIENCE_LOAD = 10.minutes

        @JvmStatic
        fun ways() =
            listOf<Pair<String, suspend (Mesh) -> Unit>>(
                "throws" to { failsWith<CommyException.HandlerFailed> { it.call<Unit>("service", "throws") } },
                "bad request" to
                    {
                        failsWith<CommyException.InvalidArgument> {
                            it.call<Unit>(
                                "service",
                                "stuck",
                                contentType = "\n".repeat(300),
                            )
                        }
                    },
                "cancelled" to
                    {
                        kotlinx.coroutines.coroutineScope {
                            launch {
                                it.call<Unit>(
                                    "service",
                                    "stuck",
                                )
                            }.cancelAndJoin()
                        }
                    },
                "timeout" to
                    {
                        failsWith<CommyException.DeadlineExceeded> {
                            it.call<Unit>(
                                "service",
                                "stuck",
                                timeout = 1.milliseconds,
                            )
                        }
                    },
                "large" to
                    {
                        failsWith<CommyException.ResourceExhausted> {
                            it.call<Int>(
                                "service",
                                "size",
                                ByteArray(1 shl 13),
                            )
                        }
                    },
                "unknown" to { failsWith<CommyException.NotFound> { it.call<Unit>("nobody") } },
                "subscribe" to { mesh -> mesh.subscribe("topic") { mesh.publish("topic", ByteArray(1000)) }.first() },
                "watch" to { it.watch().first() },
                "advertise" to { it.advertise("outside", "tcp://127.0.0.1:1").deregister() },
            )
    }
}
