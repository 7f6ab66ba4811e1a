package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.io.File
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** A mesh is created, started, stopped, started again, and refuses what it cannot do meanwhile. */
class LifecycleTest {
    @Test
    fun `the version is the workspace's`() {
        val manifest = File("../../Cargo.toml").readText()
        assertEquals(Regex("(?m)^version = \"([^\"]+)\"").find(manifest)?.groupValues?.get(1), Commy.version)
        val pom = File("pom.xml").readText()
        assertEquals(Regex("<version>([^<]+)</version>").find(pom)?.groupValues?.get(1), Commy.version)
    }

    @Test
    fun `creating a mesh starts nothing`() {
        val name = newName()
        val mesh = Mesh(name)
        assertEquals(name, mesh.name)
        assertTrue(mesh.nodeId.isNotEmpty())
        assertFalse(mesh.isRunning)
        assertEquals("Mesh($name, not running)", mesh.toString())
    }

    @Test
    fun `use starts and stops, and returns what its block does`() =
        test {
            val mesh = Mesh(newName())
            val length =
                mesh.use {
                    assertTrue(it.isRunning)
                    it.name.length
                }
            assertEquals(mesh.name.length, length)
            assertFalse(mesh.isRunning)
        }

    @Test
    fun `an exception in the block stops the mesh and is passed on`() =
        test {
            val mesh = Mesh(newName())
            failsWith<NoSuchElementException> { mesh.use { throw NoSuchElementException("mine") } }
            assertFalse(mesh.isRunning)
        }

    @Test
    fun `a cancelled block stops the mesh`() =
        test {
            val mesh = Mesh(newName())
            val running = CompletableDeferred<Unit>()
            val job =
                launch {
                    mesh.use {
                        running.complete(Unit)
                        CompletableDeferred<Unit>().await()
                    }
                }
            running.await()
            job.cancel()
            job.join()
            assertFalse(mesh.isRunning)
        }

    @ParameterizedTest
    @MethodSource("badNames")
    fun `a bad name is refused and told`(name: String) {
        val error = failsWith<CommyException.InvalidArgument> { Mesh(name) }
        assertEquals(Status.INVALID_ARGUMENT, error.status)
        assertTrue(error.reason.length > "invalid".length)
    }

    @Test
    fun `a name that UTF-8 cannot carry is refused`() {
        failsWith<CommyException.InvalidArgument>("'bad\\udcff' has a lone surrogate at 3") { Mesh("bad\udcff") }
    }

    @ParameterizedTest
    @MethodSource("badOptions")
    fun `options that break a rule are refused`(option: Pair<String, MeshBuilder.() -> Unit>) {
        failsWith<CommyException.InvalidArgument> { Mesh(newName(), option.second) }
    }

    @Test
    fun `the façade's defaults are the library's`() {
        val defaults =
            dev.commy.ffi.MeshOptions("name")
        assertEquals(defaults, MeshBuilder().lower("name"))
        assertEquals(dev.commy.ffi.CircuitBreaker(), CircuitBreaker().lower())
        assertEquals(
            dev.commy.ffi.ServiceSpec("name"),
            serviceSpec("name", "0.0.0", emptyList(), emptyMap(), 100, null, null, 1024),
        )
        assertEquals(dev.commy.ffi.Query(), query(null, null, emptyList(), emptyMap(), null, null, null))
        assertEquals(dev.commy.ffi.HealthCheck(dev.commy.ffi.Probe.Tcp), HealthCheck.Tcp().lower())
    }

    @Test
    fun `starting twice, also at once, does nothing`() =
        test {
            val mesh = Mesh(newName()) { service("echo") { anyMethod { message: Message -> message } } }
            List(8) { async { mesh.start() } }.awaitAll()
            mesh.start()
            assertEquals(1, mesh.discover("echo").size)
            mesh.stop()
        }

    @Test
    fun `stopping twice or before the start does nothing`() =
        test {
            val mesh = Mesh(newName())
            mesh.stop()
            mesh.start()
            List(8) { async { mesh.stop() } }.awaitAll()
            assertFalse(mesh.isRunning)
        }

    @Test
    fun `a stopped mesh starts again with the services declared for it`() =
        test {
            var starts = 0
            val mesh =
                Mesh(newName()) {
                    service("counter", version = "1.0.0") { method("next") { _: Unit -> ++starts } }
                }
            repeat(2) { time ->
                mesh.use {
                    assertEquals(time + 1, it.call<Int>("counter", "next"))
                    assertEquals(listOf("1.0.0"), it.registrations.map { one -> one.instance.version })
                }
                assertEquals(emptyList<Registration>(), mesh.registrations)
            }
        }

    @ParameterizedTest
    @MethodSource("operations")
    fun `nothing works before the start or after the stop`(operation: Pair<String, suspend (Mesh) -> Unit>) =
        test {
            val mesh = Mesh(newName())
            repeat(2) {
                failsWith<CommyException.FailedPrecondition>("running") { operation.second(mesh) }
                mesh.start()
                mesh.stop()
            }
        }

    @Test
    fun `stopping waits for calls in flight`() =
        test {
            val begun = CompletableDeferred<Unit>()
            val mayEnd = CompletableDeferred<Unit>()
            val mesh =
                Mesh(newName()) {
                    service("slow") {
                        anyMethod { value: String ->
                            begun.complete(Unit)
                            mayEnd.await()
                            value
                        }
                    }
                }
            mesh.start()
            val call = async { mesh.call<String>("slow", payload = "done") }
            begun.await()
            val stop = async(start = CoroutineStart.UNDISPATCHED) { mesh.stop() }
            assertFalse(stop.isCompleted)
            eventually("the mesh takes no more calls") { !mesh.isRunning }
            assertFalse(stop.isCompleted)
            mayEnd.complete(Unit)
            assertEquals("done", call.await())
            stop.await()
        }

    @Test
    fun `stopping cancels what outlasts the drain timeout`() =
        test {
            val stuck = Stuck()
            val mesh = Mesh(newName()) { drainTimeout = 50.milliseconds }
            mesh.start()
            mesh.stuck(stuck)
            val call = async { failsWith<CommyException> { mesh.call<Unit>("stuck") } }
            stuck.begun.await()
            mesh.stop()
            assertTrue(call.await().status in setOf(Status.CANCELLED, Status.UNAVAILABLE)) { call.toString() }
            stuck.cancelled.await()
        }

    @Test
    fun `stopping ends watches and subscriptions`() =
        test {
            val mesh = Mesh(newName())
            mesh.start()
            val watch = mesh.openWatch()
            val subscription = mesh.openSubscription("**")
            val waiting = listOf(async { watch.receive() }, async { subscription.receive() })
            val subscribed = CompletableDeferred<Unit>()
            val collecting = async { mesh.subscribe("**") { subscribed.complete(Unit) }.toList() }
            subscribed.await()
            mesh.stop()
            assertEquals(listOf(null, null), waiting.awaitAll())
            assertEquals(emptyList<Event>(), collecting.await())
            assertNull(watch.receive())
            assertEquals(emptyList<Event>(), subscription.asFlow().toList())
        }

    @Test
    fun `a declared service that cannot be registered fails the start`() =
        test {
            val mesh = Mesh(newName()) { service("no good") { anyMethod { message: Message -> message } } }
            failsWith<CommyException.InvalidArgument>("no good") { mesh.start() }
            assertFalse(mesh.isRunning)
            failsWith<CommyException.InvalidArgument>("no good") { mesh.use { } }
        }

    @Test
    fun `a mesh that is let go while it runs harms nobody`() =
        test {
            val name = newName()
            val gone = java.lang.ref.WeakReference(Mesh(name).also { it.start() }.also { it.echo() })
            eventually("the mesh is let go") {
                System.gc()
                gone.get() == null
            }
            Mesh(name).use { successor ->
                successor.echo()
                assertEquals(1, successor.call<Int>("echo", payload = 1, timeout = 5.seconds))
            }
        }

    @Test
    fun `two meshes of different names do not see each other`() =
        test {
            Mesh(newName()).use { one ->
                Mesh(newName()).use { other ->
                    one.echo()
                    assertEquals(1, one.discover("echo").size)
                    assertEquals(emptyList<ServiceInstance>(), other.discover("echo"))
                    failsWith<CommyException.NotFound> { other.call<Unit>("echo", timeout = 1.seconds) }
                }
            }
        }

    @Test
    fun `two meshes of one name call each other`() =
        test {
            val name = newName()
            Mesh(name).use { one ->
                Mesh(name).use { other ->
                    // A process is one node of a mesh, however often it joins.
                    assertEquals(one.nodeId, other.nodeId)
                    one.echo()
                    assertEquals(ChangeKind.ADDED, other.watch("echo").first().kind)
                    assertEquals("hi", other.call<String>("echo", payload = "hi"))
                }
            }
        }

    @Test
    fun `a process that never stops its mesh ends all the same`() {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val child =
            ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), "dev.commy.LifecycleTest")
                .redirectErrorStream(true)
                .start()
        val said = child.inputStream.bufferedReader().readText()
        assertEquals(0, child.waitFor()) { said }
        assertTrue("called" in said) { said }
    }

    companion object {
        /** The child of the test above: it ends while its mesh runs and a handler is at work. */
        @JvmStatic
        fun main(arguments: Array<String>) {
            val mesh = Mesh(newName())
            test {
                val stuck = Stuck()
                mesh.start()
                mesh.stuck(stuck)
                launch { runCatching { mesh.call<Unit>("stuck") } }
                stuck.begun.await()
                mesh.echo()
                println("called ${mesh.call<String>("echo", payload = arguments.joinToString())}")
                coroutineContext.cancelAll()
            }
        }

        private fun kotlin.coroutines.CoroutineContext.cancelAll() =
            this[kotlinx.coroutines.Job]?.children?.forEach { it.cancel() }

        @JvmStatic
        fun badNames() =
            listOf(
                "",
                "n".repeat(65),
                "has space",
                "größe",
                ".begins",
                "ends.",
                "two..dots",
                "nul\u0000",
                "a/b",
                "\ud800",
            )

        @JvmStatic
        fun badOptions() =
            listOf<Pair<String, MeshBuilder.() -> Unit>>(
                "no call timeout" to { callTimeout = Duration.ZERO },
                "a call timeout below zero" to { callTimeout = (-1).seconds },
                "an endless drain timeout" to { drainTimeout = Duration.INFINITE },
                "fewer bytes than none" to { maxPayloadBytes = -1 },
                "more bytes than there may be" to { maxPayloadBytes = (1L shl 30) + 1 },
                "a zone that is no text" to { zone = "z\udc00" },
                "a region with a space" to { region = "r r" },
                "a breaker that never opens" to { breaker = CircuitBreaker(failureRatio = 1.5) },
                "a breaker of no calls" to { breaker = CircuitBreaker(requestsMin = 0) },
                "a breaker of no time" to { breaker = CircuitBreaker(window = Duration.ZERO) },
                "handlers without threads" to { context = kotlinx.coroutines.Dispatchers.Unconfined },
            )

        @JvmStatic
        fun operations() =
            listOf<Pair<String, suspend (Mesh) -> Unit>>(
                "call" to { it.call<Unit>("echo") },
                "publish" to { it.publish("topic") },
                "subscribe" to { it.subscribe("topic").first() },
                "openSubscription" to { it.openSubscription("topic") },
                "service" to { it.echo() },
                "advertise" to { it.advertise("outside", "tcp://127.0.0.1:1") },
                "discover" to { it.discover() },
                "watch" to { it.watch().first() },
                "openWatch" to { it.openWatch() },
                "activeServiceCount" to { it.activeServiceCount() },
            )
    }
}
