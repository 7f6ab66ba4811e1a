package dev.commy

import dev.commy.ffi.uniffiContinuationHandleMap
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.job
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Cancelling a coroutine that waits for a call reaches the handler, wherever it runs. */
class CancelTest {
    /** The runtime works on nothing any more, on neither side of the call. */
    private suspend fun Mesh.idles() =
        eventually("the runtime works on no call") { stats.requestsInFlight == 0L && stats.callsInFlight == 0L }

    @Test
    fun `a cancelled coroutine cancels the handler, and Rust stops working on the call`() =
        meshTest { mesh ->
            val stuck = Stuck()
            mesh.stuck(stuck)
            val call = launch { mesh.call<Unit>("stuck") }
            stuck.begun.await()
            assertEquals(1 to 1, mesh.stats.run { callsInFlight.toInt() to requestsInFlight.toInt() })
            call.cancelAndJoin()
            stuck.cancelled.await()
            mesh.idles()
            assertEquals(0, uniffiContinuationHandleMap.size)
        }

    @Test
    fun `the coroutine's own cancellation is thrown, not the mesh's`() =
        meshTest { mesh ->
            val stuck = Stuck()
            mesh.stuck(stuck)
            val thrown = CompletableDeferred<Throwable>()
            val call =
                launch {
                    try {
                        mesh.call<Unit>("stuck")
                    } catch (error: Throwable) {
                        thrown.complete(error)
                    }
                }
            stuck.begun.await()
            call.cancel(CancellationException("enough"))
            assertEquals("enough", (thrown.await() as CancellationException).message)
        }

    @Test
    fun `a deadline that passes cancels the handler`() =
        meshTest { mesh ->
            val stuck = Stuck()
            mesh.stuck(stuck)
            failsWith<CommyException.DeadlineExceeded> { mesh.call<Unit>("stuck", timeout = 30.milliseconds) }
            stuck.cancelled.await()
            assertEquals(Duration.ZERO, stuck.begun.await().timeLeft)
            mesh.idles()
        }

    @Test
    fun `withTimeout cancels the handler`() =
        meshTest { mesh ->
            val stuck = Stuck()
            mesh.stuck(stuck)
            failsWith<TimeoutCancellationException> { withTimeout(30.milliseconds) { mesh.call<Unit>("stuck") } }
            stuck.cancelled.await()
            mesh.idles()
        }

    @Test
    fun `a blocking handler is interrupted if it lets itself be`() =
        meshTest { mesh ->
            val begun = CompletableDeferred<Unit>()
            val interrupted = CompletableDeferred<Unit>()
            mesh.service("block", context = Dispatchers.IO) {
                anyMethod { _: Unit ->
                    runInterruptible {
                        begun.complete(Unit)
                        try {
                            CountDownLatch(1).await()
                        } catch (error: InterruptedException) {
                            interrupted.complete(Unit)
                            throw error
                        }
                    }
                }
            }
            val call = launch { mesh.call<Unit>("block") }
            begun.await()
            call.cancelAndJoin()
            interrupted.await()
            mesh.idles()
        }

    @Test
    fun `cancellation passes through a chain of services`() =
        meshTest { mesh ->
            val stuck = Stuck()
            mesh.stuck(stuck, "last")
            mesh.service("middle") { anyMethod { _: Unit -> mesh.call<Unit>("last") } }
            mesh.service("first") { anyMethod { _: Unit -> mesh.call<Unit>("middle") } }
            val call = launch { mesh.call<Unit>("first") }
            stuck.begun.await()
            call.cancel()
            stuck.cancelled.await()
            call.join()
            mesh.idles()
        }

    @Test
    fun `a handler that cancels itself is internal to its caller`() =
        meshTest { mesh ->
            mesh.service("throws") { anyMethod<Unit, Unit> { throw CancellationException("I give up") } }
            mesh.service("awaits") {
                anyMethod { _: Unit ->
                    CompletableDeferred<Unit>()
                        .apply {
                            completeExceptionally(
                                CancellationException("I give up"),
                            )
                        }.await()
                }
            }
            for (service in listOf("throws", "awaits")) {
                failsWith<CommyException.Internal>("the handler's coroutine was cancelled: I give up") {
                    mesh.call<Unit>(service, timeout = 5.seconds)
                }
            }
            mesh.idles()
        }

    @Test
    fun `a handler whose job is cancelled is internal to its caller`() =
        meshTest { mesh ->
            mesh.service("gives-up") {
                anyMethod<Unit, Unit> {
                    currentCoroutineContext().job.cancel(CancellationException("I give up"))
                    awaitCancellation()
                }
            }
            failsWith<CommyException.Internal>("the handler's coroutine was cancelled: I give up") {
                mesh.call<Unit>("gives-up", timeout = 5.seconds)
            }
            mesh.idles()
        }

    @Test
    fun `a handler that ignores its cancellation harms nobody`() =
        meshTest { mesh ->
            val begun = CompletableDeferred<Unit>()
            val mayEnd = CompletableDeferred<Unit>()
            val ended = CompletableDeferred<Unit>()
            mesh.service("stubborn") {
                anyMethod { _: Unit ->
                    withContext(NonCancellable) {
                        begun.complete(Unit)
                        mayEnd.await()
                        ended.complete(Unit)
                        "late"
                    }
                }
            }
            val call = launch { mesh.call<String>("stubborn") }
            begun.await()
            call.cancelAndJoin()
            mesh.idles()
            mayEnd.complete(Unit)
            ended.await()
            assertEquals("late", mesh.call<String>("stubborn"))
        }

    @Test
    fun `a handler that was cancelled before it began never runs`() =
        meshTest { mesh ->
            val begun = CompletableDeferred<Unit>()
            val mayEnd = CountDownLatch(1)
            val ran = mutableListOf<String>()
            mesh.service("block", context = Dispatchers.IO.limitedParallelism(1)) {
                anyMethod { value: String ->
                    ran += value
                    begun.complete(Unit)
                    mayEnd.await()
                }
            }
            val first = async { mesh.call<Unit>("block", payload = "first") }
            begun.await()
            failsWith<CommyException.DeadlineExceeded> {
                mesh.call<Unit>("block", payload = "second", timeout = 20.milliseconds)
            }
            eventually("only the first is worked on") { mesh.stats.requestsInFlight == 1L }
            mayEnd.countDown()
            first.await()
            mesh.call<Unit>("block", payload = "third")
            assertEquals(listOf("first", "third"), ran)
        }

    @Test
    fun `calls cancelled at every moment leave nothing behind`() =
        meshTest { mesh ->
            val running = AtomicInteger()
            mesh.service("work") {
                anyMethod { value: Int ->
                    running.incrementAndGet()
                    try {
                        repeat(3) { yield() }
                        value
                    } finally {
                        running.decrementAndGet()
                    }
                }
            }
            repeat(100) { round ->
                val calls = List(4) { launch { mesh.call<Int>("work", payload = it) } }
                repeat(round % 20) { yield() }
                if (round % 2 == 0) Thread.onSpinWait()
                calls.forEach { it.cancel() }
                calls.joinAll()
            }
            assertEquals(1, mesh.call<Int>("work", payload = 1))
            mesh.idles()
            eventually("no handler runs") { running.get() == 0 }
            assertEquals(0, uniffiContinuationHandleMap.size)
        }

    @Test
    fun `a subscription or watch whose collector is cancelled is ended`() =
        meshTest { mesh ->
            val subscribed = CompletableDeferred<Unit>()
            val collecting =
                launch {
                    mesh
                        .subscribe("topic", capacity = 1, overflow = Overflow.BLOCK) {
                            subscribed.complete(Unit)
                        }.collect { awaitCancellation() }
                }
            subscribed.await()
            collecting.cancelAndJoin()
            // If it were not ended, the second event would find its queue full, and wait.
            repeat(3) { withTimeout(5.seconds) { mesh.publish("topic", it) } }
            assertEquals(0, mesh.stats.eventsDropped)
        }

    @Test
    fun `a mesh whose start is cancelled can be started`() =
        test {
            val mesh = Mesh(newName())
            repeat(20) { round ->
                val starting = launch { mesh.start() }
                repeat(round % 4) { yield() }
                starting.cancelAndJoin()
                mesh.start()
                assertTrue(mesh.isRunning)
                val stopping = launch { mesh.stop() }
                repeat(round % 4) { yield() }
                stopping.cancelAndJoin()
                mesh.stop()
                assertFalse(mesh.isRunning)
            }
        }
}
