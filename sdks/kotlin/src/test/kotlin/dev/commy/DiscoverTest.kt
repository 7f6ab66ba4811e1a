package dev.commy

import com.sun.net.httpserver.HttpServer
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.net.InetAddress
import java.net.InetSocketAddress
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/** Instances are found by name, version, tags, metadata, health, zone and region; so are endpoints. */
class DiscoverTest {
    @Test
    fun `a query narrows by everything at once`() =
        meshTest { mesh ->
            mesh.service(
                "orders",
                version = "1.4.0",
                tags = listOf("eu", "fast"),
                metadata = mapOf("tier" to "gold"),
                zone = "eu-1a",
                region = "eu-1",
            ) { anyMethod { _: Unit -> } }
            mesh.service("orders", version = "2.0.0", tags = listOf("us"), zone = "us-1a", region = "us-1") {
                anyMethod { _: Unit -> }
            }
            mesh.echo("users")

            fun List<ServiceInstance>.found() = map { "${it.service} ${it.version}" }.sorted()

            assertEquals(listOf("orders 1.4.0", "orders 2.0.0", "users 0.0.0"), mesh.discover().found())
            assertEquals(listOf("orders 1.4.0"), mesh.discover("orders", version = "^1.2").found())
            assertEquals(listOf("orders 2.0.0"), mesh.discover(version = ">=2, <3").found())
            assertEquals(listOf("orders 1.4.0"), mesh.discover(tags = listOf("fast", "eu")).found())
            assertEquals(emptyList<String>(), mesh.discover(tags = listOf("eu", "us")).found())
            assertEquals(listOf("orders 1.4.0"), mesh.discover(metadata = mapOf("tier" to "gold")).found())
            assertEquals(listOf("orders 2.0.0"), mesh.discover(zone = "us-1a").found())
            assertEquals(listOf("orders 2.0.0"), mesh.discover(region = "us-1").found())
            assertEquals(emptyList<String>(), mesh.discover(health = setOf(Health.UNHEALTHY)).found())
            assertEquals(3, mesh.discover(health = setOf(Health.HEALTHY, Health.DRAINING)).size)
            assertEquals(emptyList<String>(), mesh.discover("nobody").found())
            assertEquals(2, mesh.activeServiceCount())
        }

    @Test
    fun `answers are in order of service and id`() =
        meshTest { mesh ->
            for (service in listOf("b", "a", "c", "a", "b")) mesh.echo(service)
            val found = mesh.discover().map { it.service to it.id }
            assertEquals(found.sortedWith(compareBy({ it.first }, { it.second })), found)
            assertEquals(5, found.size)
        }

    @ParameterizedTest
    @MethodSource("badQueries")
    fun `a bad query is refused by discover and watch`(query: Pair<String, BadQuery>) =
        meshTest { mesh ->
            val (service, version, tags, metadata) = query.second
            failsWith<CommyException.InvalidArgument> { mesh.discover(service, version, tags, metadata) }
            failsWith<CommyException.InvalidArgument> { mesh.watch(service, version, tags, metadata).first() }
            failsWith<CommyException.InvalidArgument> { mesh.openWatch(service, version, tags, metadata) }
        }

    data class BadQuery(
        val service: String? = null,
        val version: String? = null,
        val tags: List<String> = emptyList(),
        val metadata: Map<String, String> = emptyMap(),
    )

    @ParameterizedTest
    @MethodSource("probes")
    fun `an outside server is found while its probe succeeds`(probe: Pair<String, HealthCheck>) =
        meshTest { mesh ->
            mesh.openWatch("legacy").use { changes ->
                val server = Server()
                val address = "${probe.first}://127.0.0.1:${server.port}"
                server.use {
                    mesh.advertise("legacy", address, check = probe.second, tags = listOf("outside"))
                    val change = changes.receive()!!
                    assertEquals(ChangeKind.ADDED to Health.HEALTHY, change.kind to change.instance.health)
                    val found = mesh.discover("legacy").single()
                    assertEquals(address to Reach.ENDPOINT, found.endpoint to found.reach)
                    assertEquals(listOf("outside"), found.tags)
                    failsWith<CommyException.FailedPrecondition>(
                        address,
                    ) { mesh.call<Unit>("legacy", timeout = 1.seconds) }
                }
                assertEquals(ChangeKind.REMOVED, changes.receive()?.kind)
                assertEquals(emptyList<ServiceInstance>(), mesh.discover("legacy"))
                assertEquals(
                    Health.UNHEALTHY,
                    mesh.discover("legacy", health = setOf(Health.UNHEALTHY)).single().health,
                )
            }
        }

    @Test
    fun `a probe of a path that is missing does not succeed`() =
        meshTest { mesh ->
            Server().use { server ->
                val check = HealthCheck.Http("/missing", interval = 10.milliseconds, fall = 1)
                mesh.openWatch("legacy", health = setOf(Health.UNHEALTHY)).use { changes ->
                    mesh.advertise("legacy", "http://127.0.0.1:${server.port}", check)
                    assertEquals(Health.UNHEALTHY, changes.receive()?.instance?.health)
                }
                assertEquals(emptyList<ServiceInstance>(), mesh.discover("legacy"))
            }
        }

    @Test
    fun `without a check an endpoint is taken to be healthy`() =
        meshTest { mesh ->
            val registration = mesh.advertise("db", "tcp://db.example:5432", version = "15.0.0")
            val found = mesh.discover("db").single()
            assertEquals("tcp://db.example:5432" to "15.0.0", found.endpoint to found.version)
            assertNull(found.zone)
            registration.setHealth(Health.UNHEALTHY)
            assertEquals(emptyList<ServiceInstance>(), mesh.discover("db"))
            registration.deregister()
            assertEquals(emptyList<ServiceInstance>(), mesh.discover("db", health = Health.entries.toSet()))
        }

    @ParameterizedTest
    @MethodSource("badEndpoints")
    fun `a bad address or check is refused`(endpoint: Pair<String, HealthCheck?>) =
        meshTest { mesh ->
            failsWith<CommyException.InvalidArgument> { mesh.advertise("legacy", endpoint.first, endpoint.second) }
            assertEquals(0, mesh.stats.registrations)
        }

    @Test
    fun `discover waits for nothing, and may be used on any thread`() =
        meshTest { mesh ->
            mesh.echo()
            val found = withContext(Dispatchers.IO) { mesh.discover("echo") }
            assertEquals(listOf("echo"), found.map { it.service })
            var fromThread = emptyList<ServiceInstance>()
            withContext(Dispatchers.IO) { Thread { fromThread = mesh.discover() }.apply { start() }.join() }
            assertEquals(found, fromThread)
        }

    /** An outside HTTP server that is healthy under one path. */
    private class Server : AutoCloseable {
        private val http = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        val port: Int get() = http.address.port

        init {
            http.createContext("/") { exchange ->
                exchange.sendResponseHeaders(if (exchange.requestURI.path == "/health") 204 else 404, -1)
                exchange.close()
            }
            http.start()
        }

        override fun close() = http.stop(0)
    }

    companion object {
        @JvmStatic
        fun badQueries() =
            listOf(
                "no name" to BadQuery(service = ""),
                "a name with a space" to BadQuery(service = "has space"),
                "a name that is no text" to BadQuery(service = "\ud800"),
                "no version" to BadQuery(version = "not a version"),
                "an empty tag" to BadQuery(tags = listOf("")),
                "a key that is no text" to BadQuery(metadata = mapOf("k\udcff" to "v")),
            )

        @JvmStatic
        fun probes() =
            listOf(
                "http" to HealthCheck.Http("/health", interval = 20.milliseconds, fall = 1),
                "tcp" to HealthCheck.Tcp(interval = 20.milliseconds, fall = 2),
            )

        @JvmStatic
        fun badEndpoints() =
            listOf(
                "" to null,
                "nonsense" to null,
                "http://" to null,
                "tcp://127.0.0.1" to null,
                "ftp://127.0.0.1:1" to HealthCheck.Http("/"),
                "http://127.0.0.1:99999" to null,
                "http://\udcff:1" to null,
                "http://127.0.0.1:1" to HealthCheck.Http("no-slash"),
                "http://127.0.0.1:1" to HealthCheck.Http("/\udcff"),
                "http://127.0.0.1:1" to HealthCheck.Http("/", interval = 1.milliseconds),
                "http://127.0.0.1:1" to HealthCheck.Http("/", interval = (-1).seconds),
                "http://127.0.0.1:1" to HealthCheck.Tcp(timeout = Duration.ZERO),
                "http://127.0.0.1:1" to HealthCheck.Tcp(timeout = 61.seconds),
                "http://127.0.0.1:1" to HealthCheck.Tcp(rise = 0),
                "http://127.0.0.1:1" to HealthCheck.Tcp(fall = 101),
            )
    }
}
