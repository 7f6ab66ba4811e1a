package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.yield
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.Collections

/** A watch tells of the instances that match: those of now, then every change. */
class WatchTest {
    private fun Change?.brief() = this?.run { "${kind.name} ${instance.service} ${instance.health.name}" }

    @Test
    fun `first what matches now, then every change`() =
        meshTest { mesh ->
            mesh.echo("before")
            mesh.openWatch(health = Health.entries.toSet()).use { changes ->
                assertEquals("ADDED before HEALTHY", changes.receive().brief())
                val registration = mesh.echo("after")
                assertEquals("ADDED after HEALTHY", changes.receive().brief())
                registration.setHealth(Health.UNHEALTHY)
                assertEquals("UPDATED after UNHEALTHY", changes.receive().brief())
                registration.deregister()
                var last = changes.receive()
                while (last?.kind == ChangeKind.UPDATED) last = changes.receive() // It drains on its way out.
                assertEquals(ChangeKind.REMOVED to "after", last?.kind to last?.instance?.service)
            }
        }

    @Test
    fun `a flow tells each collector all of it`() =
        meshTest { mesh ->
            mesh.echo("before")
            val changes = mesh.watch().map { it.brief() }
            repeat(2) { assertEquals("ADDED before HEALTHY", changes.first()) }
            val heard = Channel<String?>()
            val collecting = launch { changes.collect { heard.send(it) } }
            assertEquals("ADDED before HEALTHY", heard.receive())
            val registration = mesh.echo("after")
            assertEquals("ADDED after HEALTHY", heard.receive())
            registration.setHealth(Health.UNHEALTHY)
            assertTrue(heard.receive().orEmpty().startsWith("REMOVED after"))
            collecting.cancelAndJoin()
        }

    @Test
    fun `health that no longer matches is a removal`() =
        meshTest { mesh ->
            mesh.openWatch("orders").use { changes ->
                val registration = mesh.echo("orders")
                assertEquals("ADDED orders HEALTHY", changes.receive().brief())
                registration.setHealth(Health.UNHEALTHY)
                assertEquals(ChangeKind.REMOVED, changes.receive()?.kind)
                registration.setHealth(Health.HEALTHY)
                assertEquals("ADDED orders HEALTHY", changes.receive().brief())
            }
        }

    @Test
    fun `changes that nobody took in time are told as one`() =
        meshTest { mesh ->
            mesh.openWatch(health = Health.entries.toSet()).use { changes ->
                val registration = mesh.echo("orders")
                for (health in listOf(
                    Health.UNHEALTHY,
                    Health.HEALTHY,
                    Health.UNHEALTHY,
                )) {
                    registration.setHealth(health)
                }
                assertEquals("ADDED orders UNHEALTHY", changes.receive().brief())
                registration.deregister()
                assertEquals(ChangeKind.REMOVED, changes.receive()?.kind)
            }
        }

    @Test
    fun `revisions rise`() =
        meshTest { mesh ->
            mesh.openWatch().use { changes ->
                // What is seen at once has one revision; what comes after has a greater one.
                repeat(5) { mesh.echo("service-$it") }
                val revisions = List(5) { changes.receive()!!.revision }
                assertEquals(revisions.sorted(), revisions)
                mesh.echo("later")
                val later = changes.receive()!!.revision
                assertTrue(later > revisions.last()) { "$later comes after $revisions" }
            }
        }

    @Test
    fun `a watch sees only what its query matches`() =
        meshTest { mesh ->
            mesh.openWatch("orders", tags = listOf("eu")).use { changes ->
                mesh.service("orders", tags = listOf("us")) { anyMethod { _: Unit -> } }
                mesh.service("users", tags = listOf("eu")) { anyMethod { _: Unit -> } }
                mesh.service("orders", tags = listOf("eu", "fast")) { anyMethod { _: Unit -> } }
                assertEquals(listOf("eu", "fast"), changes.receive()?.instance?.tags)
            }
        }

    @Test
    fun `a collector that is slow is told of everything, in order`() =
        meshTest { mesh ->
            val begun = CompletableDeferred<Unit>()
            val mayGoOn = CompletableDeferred<Unit>()
            val heard =
                async {
                    mesh
                        .watch()
                        .take(51)
                        .map {
                            begun.complete(Unit)
                            mayGoOn.await()
                            it.instance.service
                        }.toList()
                }
            mesh.echo("first")
            begun.await()
            repeat(50) { mesh.echo("service-$it") }
            mayGoOn.complete(Unit)
            assertEquals(listOf("first") + List(50) { "service-$it" }, heard.await())
        }

    @Test
    fun `a closed watch ends for whoever waits`() =
        meshTest { mesh ->
            val changes = mesh.openWatch()
            val waiting = async(start = CoroutineStart.UNDISPATCHED) { changes.receive() }
            changes.close()
            changes.close()
            assertNull(waiting.await())
            assertNull(changes.receive())
            assertEquals(emptyList<Change>(), changes.asFlow().toList())
        }

    @Test
    fun `a wait that is cancelled loses no change`() =
        meshTest { mesh ->
            mesh.openWatch().use { changes ->
                val seen = Collections.synchronizedList(mutableListOf<String?>())
                repeat(20) { number ->
                    val waiting = launch { seen += changes.receive()?.instance?.service }
                    if (number % 2 == 0) yield()
                    mesh.echo("service-$number")
                    waiting.cancelAndJoin()
                }
                while (seen.size < 20) seen += changes.receive()?.instance?.service
                assertEquals(List(20) { "service-$it" }, seen.toList())
            }
        }

    @Test
    fun `coroutines that share a watch get each change once`() =
        meshTest { mesh ->
            mesh.openWatch().use { changes ->
                val waiting = List(8) { async { changes.receive()?.instance?.service } }
                repeat(8) { mesh.echo("service-$it") }
                assertEquals(List(8) { "service-$it" }, waiting.awaitAll().sortedBy { it })
            }
        }
}
