package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineName
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import org.junit.jupiter.params.provider.ValueSource
import java.util.concurrent.Executors
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Lambdas become the methods of a service, and run where it says. */
class RegisterTest {
    @Test
    fun `methods answer by name, and what is not declared is unimplemented`() =
        meshTest { mesh ->
            mesh.service("orders", version = "1.2.3", tags = listOf("eu")) {
                method("create") { order: Order -> Receipt(order.id, total = 9.5) }
                method("orders/list-all") { _: Unit -> listOf(Order(1), Order(2)) }
            }
            assertEquals(Receipt(7, 9.5), mesh.call<Receipt>("orders", "create", Order(7)))
            assertEquals(listOf(Order(1), Order(2)), mesh.call<List<Order>>("orders", "orders/list-all"))
            for (unknown in listOf("delete", "Create", "")) {
                failsWith<CommyException.Unimplemented>("has no method '$unknown'; it has create, orders/list-all") {
                    mesh.call<Unit>("orders", unknown)
                }
            }
            val found = mesh.discover("orders").single()
            assertEquals("1.2.3" to listOf("eu"), found.version to found.tags)
        }

    @Test
    fun `any method answers what is not declared by name`() =
        meshTest { mesh ->
            mesh.service("echo") {
                method("own") { value: String -> "own: $value" }
                anyMethod { value: String -> "$method: $value" }
            }
            assertEquals("own: hi", mesh.call<String>("echo", "own", "hi"))
            assertEquals("other: hi", mesh.call<String>("echo", "other", "hi"))
            assertEquals(": hi", mesh.call<String>("echo", payload = "hi"))
        }

    @Test
    fun `a service that declares nothing, a method twice, or what cannot be sent is refused`() =
        meshTest { mesh ->
            failsWith<CommyException.InvalidArgument>("must declare a method") { mesh.service("bad") { } }
            failsWith<CommyException.InvalidArgument>("the method 'twice' is declared twice") {
                mesh.service("bad") {
                    method("twice") { _: Unit -> }
                    method("twice") { value: Int -> value }
                }
            }
            failsWith<CommyException.InvalidArgument>("any method is declared twice") {
                mesh.service("bad") {
                    anyMethod { _: Unit -> }
                    anyMethod { _: Unit -> }
                }
            }
            failsWith<CommyException.InvalidArgument>("cannot be sent: Serializer for class 'Thread' is not found") {
                mesh.service("bad") { method("takes") { thread: Thread -> thread.name } }
            }
            failsWith<CommyException.InvalidArgument>("cannot be sent: Serializer for class 'Thread' is not found") {
                mesh.service("bad") { method("returns") { _: Unit -> Thread.currentThread() } }
            }
            assertEquals(emptyList<ServiceInstance>(), mesh.discover())
        }

    @Test
    fun `handlers run in the context that their service chose`() {
        val threads = Executors.newSingleThreadExecutor { Thread(it, "mine") }
        try {
            meshTest({ context = CoroutineName("all") }) { mesh ->
                mesh.service("default") { method("where") { _: Unit -> where() } }
                mesh.service(
                    "own",
                    context = threads.asCoroutineDispatcher(),
                ) { method("where") { _: Unit -> where() } }
                mesh.service("io", context = Dispatchers.IO + CoroutineName("named")) {
                    method("where") { _: Unit -> where() }
                }
                val default = mesh.call<List<String>>("default", "where")
                assertEquals("all", default[0])
                assertTrue(default[1].startsWith("DefaultDispatcher-worker")) { default[1] }
                val own = mesh.call<List<String>>("own", "where")
                assertEquals("all", own[0])
                assertTrue(own[1].startsWith("mine")) { own[1] }
                assertEquals("named", mesh.call<List<String>>("io", "where")[0])
            }
        } finally {
            threads.shutdown()
        }
    }

    private suspend fun where() =
        listOf(currentCoroutineContext()[CoroutineName]?.name.orEmpty(), Thread.currentThread().name)

    @Test
    fun `a job in the context does not end the handlers`() =
        meshTest { mesh ->
            val job = Job()
            mesh.service("echo", context = job) { anyMethod { value: String -> value } }
            job.cancel()
            assertEquals("hi", mesh.call<String>("echo", payload = "hi"))
        }

    @Test
    fun `handlers are not let run on the runtime's own threads`() =
        meshTest { mesh ->
            failsWith<CommyException.InvalidArgument>("Dispatchers.Unconfined") {
                mesh.service("bad", context = Dispatchers.Unconfined) { anyMethod { _: Unit -> } }
            }
        }

    @Test
    fun `a dispatcher that is closed makes calls fail, and says so`() =
        meshTest { mesh ->
            val threads = Executors.newSingleThreadExecutor()
            mesh.service("closed", context = threads.asCoroutineDispatcher()) { anyMethod { value: Int -> value } }
            assertEquals(1, mesh.call<Int>("closed", payload = 1))
            threads.shutdown()
            failsWith<CommyException.Internal>(
                "rejected",
            ) { mesh.call<Int>("closed", payload = 2, timeout = 5.seconds) }
            assertEquals(0, mesh.stats.requestsInFlight)
        }

    @Test
    fun `a handler that blocks does not block others`() =
        meshTest { mesh ->
            val begun = CompletableDeferred<Unit>()
            val mayEnd = java.util.concurrent.CountDownLatch(1)
            mesh.service("block", context = Dispatchers.IO) {
                anyMethod { _: Unit ->
                    begun.complete(Unit)
                    mayEnd.await()
                    "done"
                }
            }
            mesh.echo()
            val call = async { mesh.call<String>("block") }
            begun.await()
            assertEquals("fine", mesh.call<String>("echo", payload = "fine"))
            mayEnd.countDown()
            assertEquals("done", call.await())
        }

    @ParameterizedTest
    @MethodSource("badNames")
    fun `a bad service name is refused`(name: String) =
        meshTest { mesh ->
            failsWith<CommyException.InvalidArgument> { mesh.echo(name) }
        }

    @ParameterizedTest
    @ValueSource(ints = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    fun `a spec that breaks a rule is refused`(number: Int) =
        meshTest { mesh ->
            failsWith<CommyException.InvalidArgument> { badSpecs[number](mesh) }
            assertEquals(emptyList<ServiceInstance>(), mesh.discover())
        }

    private val badSpecs =
        listOf<suspend (Mesh) -> Unit>(
            { it.service("s", version = "one") { anyMethod { _: Unit -> } } },
            { it.service("s", tags = listOf("has space")) { anyMethod { _: Unit -> } } },
            { it.service("s", tags = List(33) { n -> "$n" }) { anyMethod { _: Unit -> } } },
            { it.service("s", tags = listOf("\udcff")) { anyMethod { _: Unit -> } } },
            { it.service("s", metadata = mapOf("key" to "v".repeat(1025))) { anyMethod { _: Unit -> } } },
            { it.service("s", metadata = mapOf("" to "value")) { anyMethod { _: Unit -> } } },
            { it.service("s", weight = 0) { anyMethod { _: Unit -> } } },
            { it.service("s", weight = 1001) { anyMethod { _: Unit -> } } },
            { it.service("s", weight = -1) { anyMethod { _: Unit -> } } },
            { it.service("s", maxInFlight = 0) { anyMethod { _: Unit -> } } },
            { it.service("s", maxInFlight = 65_537) { anyMethod { _: Unit -> } } },
        )

    @Test
    fun `a registration tells of its instance`() =
        meshTest({ zone = "eu-1a" }) { mesh ->
            val registration =
                mesh.service("orders", version = "2.0.0", metadata = mapOf("tier" to "gold"), weight = 7) {
                    anyMethod { _: Unit -> }
                }
            val instance = registration.instance
            assertEquals(listOf("orders", "2.0.0", 7), instance.run { listOf(service, version, weight) })
            assertEquals("eu-1a" to mapOf("tier" to "gold"), instance.zone to instance.metadata)
            assertEquals(mesh.nodeId, instance.nodeId)
            assertEquals(Health.HEALTHY to Reach.IN_PROCESS, instance.health to instance.reach)
            assertEquals(null, instance.endpoint)
            assertEquals(instance, mesh.discover("orders").single())
            assertEquals(listOf(registration), mesh.registrations)
            assertEquals("Registration(orders 2.0.0, healthy, id ${instance.id})", registration.toString())
        }

    @Test
    fun `deregistering withdraws the instance, and twice does nothing`() =
        meshTest { mesh ->
            val registration = mesh.echo()
            assertEquals("hi", mesh.call<String>("echo", payload = "hi"))
            registration.deregister()
            assertEquals(emptyList<ServiceInstance>(), mesh.discover())
            assertEquals(emptyList<Registration>(), mesh.registrations)
            registration.deregister()
            failsWith<CommyException.NotFound> { mesh.call<String>("echo") }
            assertEquals("echo", registration.instance.service)
        }

    @Test
    fun `health that its owner reports decides whether it is called`() =
        meshTest { mesh ->
            val registration = mesh.echo()
            registration.setHealth(Health.UNHEALTHY)
            assertEquals(emptyList<ServiceInstance>(), mesh.discover("echo"))
            assertEquals(Health.UNHEALTHY, mesh.discover("echo", health = setOf(Health.UNHEALTHY)).single().health)
            failsWith<CommyException.Unavailable> { mesh.call<Unit>("echo", timeout = 1.seconds) }
            registration.setHealth(Health.HEALTHY)
            assertEquals(1, mesh.call<Int>("echo", payload = 1))
            for (bad in listOf(Health.DRAINING, Health.STARTING)) {
                failsWith<CommyException.InvalidArgument> { registration.setHealth(bad) }
            }
        }

    @Test
    fun `draining finishes what is in flight and takes nothing new`() =
        meshTest { mesh ->
            val begun = CompletableDeferred<Unit>()
            val mayEnd = CompletableDeferred<Unit>()
            val registration =
                mesh.service("slow") {
                    anyMethod { value: String ->
                        begun.complete(Unit)
                        mayEnd.await()
                        value
                    }
                }
            val call = async { mesh.call<String>("slow", payload = "done") }
            begun.await()
            assertFalse(registration.drain(10.milliseconds))
            assertEquals(Health.DRAINING, registration.instance.health)
            failsWith<CommyException.Unavailable> { mesh.call<Unit>("slow", timeout = 1.seconds) }
            mayEnd.complete(Unit)
            assertEquals("done", call.await())
            assertTrue(registration.drain())
            failsWith<CommyException.InvalidArgument>("at least zero") { registration.drain((-1).seconds) }
        }

    @Test
    fun `a handler may register, call and deregister`() =
        meshTest { mesh ->
            mesh.service("spawn") {
                anyMethod { child: String ->
                    val registration = mesh.echo(child)
                    mesh.call<String>(child, payload = "from the child").also { registration.deregister() }
                }
            }
            assertEquals("from the child", mesh.call<String>("spawn", payload = "child"))
            assertEquals(1, mesh.activeServiceCount())
        }

    @Test
    fun `a registration that was begun is known even if its coroutine is cancelled`() =
        meshTest { mesh ->
            val cancelled = Job().apply { cancel() }
            runCatching { withContext(cancelled) { mesh.echo() } }
            assertEquals(mesh.discover().map { it.id }, mesh.registrations.map { it.instance.id })
            val registered = CompletableDeferred<Registration>()
            val job =
                async {
                    val registration = mesh.echo("second")
                    registered.complete(registration)
                }
            val registration = registered.await()
            job.cancel()
            assertNotEquals(emptyList<ServiceInstance>(), mesh.discover("second"))
            registration.deregister()
        }

    companion object {
        @JvmStatic
        fun badNames() = listOf("", "s".repeat(129), "has space", "größe", "a/b", "\udcff")
    }
}
