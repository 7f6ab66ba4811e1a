package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.coroutines.Continuation
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine

/** Many calls at once, from many coroutines and threads, each handler in the context it belongs to. */
class ConcurrencyTest {
    @Test
    fun `a thousand calls at once each get their own answer`() =
        meshTest { mesh ->
            mesh.service("double") {
                anyMethod { value: Int ->
                    yield()
                    2 * value
                }
            }
            val calls = List(1000) { async { mesh.call<Int>("double", payload = it) } }
            assertEquals(List(1000) { 2 * it }, calls.awaitAll())
            assertEquals(0, mesh.stats.requestsInFlight)
        }

    @Test
    fun `a thousand handlers may wait at once`() =
        meshTest { mesh ->
            val begun = Channel<Unit>(Channel.UNLIMITED)
            val mayEnd = CompletableDeferred<Unit>()
            mesh.service("wait") {
                anyMethod { value: Int ->
                    begun.send(Unit)
                    mayEnd.await()
                    value
                }
            }
            val calls = List(1000) { async { mesh.call<Int>("wait", payload = it) } }
            repeat(1000) { begun.receive() }
            assertEquals(1000, mesh.stats.requestsInFlight)
            mayEnd.complete(Unit)
            assertEquals(List(1000) { it }, calls.awaitAll())
        }

    @Test
    fun `blocking handlers run at once, and in no more threads than their dispatcher has`() {
        val threads = Executors.newFixedThreadPool(4)
        try {
            meshTest { mesh ->
                val together = CyclicBarrier(4)
                val seen = ConcurrentHashMap.newKeySet<Thread>()
                mesh.service("meet", context = threads.asCoroutineDispatcher()) {
                    anyMethod { value: Int ->
                        seen += Thread.currentThread()
                        together.await(10, TimeUnit.SECONDS)
                        value
                    }
                }
                val calls = List(8) { async { mesh.call<Int>("meet", payload = it) } }
                assertEquals(List(8) { it }, calls.awaitAll())
                assertEquals(4, seen.size)
            }
        } finally {
            threads.shutdown()
        }
    }

    @Test
    fun `one mesh serves many threads, each with a service of its own`() =
        meshTest { mesh ->
            val ready = CyclicBarrier(4)
            val done = CyclicBarrier(4)
            val expected = (0 until 4).flatMap { other -> List(25) { 100 * other + it } }
            val members =
                List(4) { number ->
                    async(Dispatchers.IO) {
                        val thread = Executors.newSingleThreadExecutor { Thread(it, "member-$number") }
                        try {
                            runBlocking(thread.asCoroutineDispatcher()) {
                                mesh.service("member-$number", context = thread.asCoroutineDispatcher()) {
                                    anyMethod { value: Int ->
                                        yield()
                                        assertTrue(Thread.currentThread().name.startsWith("member-$number"))
                                        100 * number + value
                                    }
                                }
                            }
                            ready.await(10, TimeUnit.SECONDS)
                            val answers =
                                runBlocking(thread.asCoroutineDispatcher()) {
                                    (0 until 4)
                                        .flatMap { other ->
                                            List(25) { async { mesh.call<Int>("member-$other", payload = it) } }
                                        }.awaitAll()
                                }
                            done.await(10, TimeUnit.SECONDS)
                            answers
                        } finally {
                            thread.shutdown()
                        }
                    }
                }
            assertEquals(List(4) { expected }, members.awaitAll())
        }

    @Test
    fun `plain threads may call with runBlocking`() =
        meshTest { mesh ->
            mesh.service("square") { anyMethod { value: Int -> value * value } }
            val answers = ConcurrentHashMap<Int, Int>()
            val threads =
                List(8) { part ->
                    Thread {
                        for (number in part * 25 until (part + 1) * 25) {
                            answers[number] = runBlocking { mesh.call<Int>("square", payload = number) }
                        }
                    }.apply { start() }
                }
            runBlocking(Dispatchers.IO) { threads.forEach { it.join() } }
            assertEquals((0 until 200).associateWith { it * it }, answers)
        }

    @Test
    fun `meshes start and stop in numbers, and their threads go with them`() =
        test {
            suspend fun live(number: Int): Int =
                Mesh(newName()).use { mesh ->
                    mesh.echo()
                    mesh.call<Int>("echo", payload = number)
                }
            assertEquals(List(20) { it }, List(20) { async { live(it) } }.awaitAll())
            val threads = attachedThreads()
            repeat(3) { List(20) { async { live(it) } }.awaitAll() }
            eventually("no more threads are left than before, which were $threads") { attachedThreads() <= threads }
        }

    /** The runtime's threads that became Java's. */
    private fun attachedThreads() = Thread.getAllStackTraces().keys.count { it.name.startsWith("commy") }

    @ParameterizedTest(autoCloseArguments = false)
    @MethodSource("contexts")
    fun `no coroutine goes on in a thread of the runtime's, also without a dispatcher`(context: CoroutineContext) {
        val threads = mutableListOf<String>()
        val mesh = Mesh(newName())

        suspend fun then(operation: suspend () -> Unit) {
            operation()
            threads += Thread.currentThread().name
        }
        val done = CompletableFuture<Unit>()
        suspend {
            then { mesh.start() }
            then { mesh.echo() }
            then { mesh.call<Unit>("echo") }
            val events = mesh.openSubscription("topic")
            then { mesh.publish("topic") }
            then { events.receive() }
            then { mesh.watch().first() }
            then { mesh.registrations.first().deregister() }
            then { mesh.stop() }
        }.startCoroutine(Continuation(context) { done.completeWith(it) })
        done.get(PATIENCE.inWholeSeconds, TimeUnit.SECONDS)
        assertEquals(emptyList<String>(), threads.filter { it.startsWith("commy") })
        assertFalse(mesh.isRunning)
    }

    private fun CompletableFuture<Unit>.completeWith(result: Result<Unit>) {
        result.fold(::complete, ::completeExceptionally)
    }

    @Test
    fun `registering and deregistering amid calls fails none`() =
        meshTest { mesh ->
            val stable = mesh.echo()
            val churning =
                List(2) {
                    launch {
                        repeat(30) {
                            val passing = mesh.echo()
                            yield()
                            passing.deregister()
                        }
                    }
                }
            assertEquals((0 until 150).sum(), (0 until 150).sumOf { mesh.call<Int>("echo", payload = it) })
            churning.forEach { it.join() }
            assertEquals(listOf(stable), mesh.registrations)
        }

    companion object {
        @JvmStatic
        fun contexts() = listOf(EmptyCoroutineContext, Dispatchers.Unconfined, Dispatchers.IO)
    }
}
